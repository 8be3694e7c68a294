#!/usr/bin/env python3
"""A bundle of scripts/gpu_check from a built folder, unpacked elsewhere: its programs start with the libraries in it.

usage: gpu_bundle_test.py BUILD
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True

from bench import bundle  # noqa: E402  (after the path)

# What shows that a program of that name has started.
STARTS = {"residua_cuda_bench": ("--help", "report"), "residua_kernels_gpu_test": ("--gtest_list_tests", "CudaDevice"),
          "residua_surrogates_gpu_test": ("--gtest_list_tests", "DeviceSurrogate")}


def call(*words):
    done = subprocess.run([str(word) for word in words], check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def main():
    with tempfile.TemporaryDirectory() as scratch:
        archive = pathlib.Path(scratch, "check.tar.gz")
        size = bundle.write(pathlib.Path(sys.argv[1]), archive)
        shutil.unpack_archive(archive, scratch)
        root = pathlib.Path(scratch, bundle.FOLDER)
        print(f"{size / 2**20:.1f} MiB")
        programs = sorted(root / "build" / name for name in bundle.PROGRAMS)
        assert programs == sorted(path for path in root.glob("build/**/residua_*") if not path.suffix), "other programs than expected"
        for program in programs:
            option, expected = STARTS[program.name]
            status, said = call(program, option)
            assert status == 0 and expected in said, f"{program.name}: {said}"
            from_bundle = {path.name for path in (root / "build/lib").iterdir()}
            for name, path in bundle.libraries(program).items():
                assert name in from_bundle and path.is_relative_to(root), f"{program.name} takes {name} from {path}"
        if not os.path.exists("/dev/nvidiactl"):
            status, said = call(root / "scripts/gpu_check")
            assert status == 3 and said.count("\n") == 1, said


if __name__ == "__main__":
    main()
