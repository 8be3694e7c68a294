#!/usr/bin/env python3
"""Every run file of the ablation is one that residua train takes; rows have names of their own.

usage: ablation_test.py RESIDUA
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True

from bench import ablation  # noqa: E402  (after the path)


def complaint(program, row, path):
    path.write_text(row.run_file())
    done = subprocess.run([program, "train", path, "--dry-run"], capture_output=True, text=True, check=False)
    return f"{row.name}: {done.stderr.strip()}" if done.returncode else None


def main():
    names = [row.name for row in ablation.ROWS]
    found = [f"{name}: more than one row" for name in sorted(set(names)) if names.count(name) > 1]
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        paths = [pathlib.Path(folder) / f"{n}.toml" for n in range(len(names))]
        found += filter(None, pool.map(lambda row, path: complaint(sys.argv[1], row, path), ablation.ROWS, paths))
    sys.exit("\n".join(found) or None)


if __name__ == "__main__":
    main()
