#!/usr/bin/env python3
"""Runs the commands of docs that a new user is told to type, in an empty folder, as they stand.

usage: walk_through_test.py RESIDUA DOCUMENT...

Commands are the lines of fenced `sh` blocks behind a comment <!-- walk-through -->. Only one thing is different: run files that
`residua new` has written get fewer steps, points and cases, so that minutes become seconds.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"<!-- walk-through -->\n+```sh\n(.*?)```", re.DOTALL)
SHORTER = ((r"width = \d+", "width = 8"), (r"steps = \d+", "steps = 30"), (r"points = \d+", "points = 100"), (r"\A", "validation_cases = 8\n"))


def commands_in(document):
    """Whole commands of the blocks: lines that end in a backslash go on, comments and empty lines are left out."""
    for block in BLOCK.findall(document.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield line


def shorten(folder):
    for file in folder.glob("*.toml"):
        text = file.read_text()
        for pattern, replacement in SHORTER:
            text = re.sub(pattern, replacement, text)
        file.write_text(text)


def run(residua, document, folder):
    environment = {**os.environ, "PATH": f"{residua.parent}:{os.environ['PATH']}"}
    count = 0
    for command in commands_in(document):
        done = subprocess.run(["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{document.name}: {command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
        if command.startswith("residua new"):
            shorten(folder)
        count += 1
    if count == 0:
        sys.exit(f"{document.name}: expected commands behind <!-- walk-through -->, found none")
    print(f"{document.name}: {count} commands")


def main():
    residua = pathlib.Path(sys.argv[1]).resolve()
    for document in sys.argv[2:]:
        with tempfile.TemporaryDirectory() as folder:
            run(residua, pathlib.Path(document), pathlib.Path(folder))


if __name__ == "__main__":
    main()
