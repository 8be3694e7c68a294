"""scripts/gpu_check in one file, for a machine with a GPU that builds nothing: programs stripped, with the libraries that such a
machine may lack, laid out as in a checkout with its build folder."""

import io
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

from bench.scoreboard import BUNDLED_CODE, ROOT, describe_code

FOLDER = "residua-gpu-check"  # into which it unpacks
LIMIT = 64 << 20  # bytes
PROGRAMS = ("bench/residua_cuda_bench", "tests/residua_kernels_gpu_test", "tests/surrogates/residua_surrogates_gpu_test")
TEXTS = ("scripts/gpu_check", "bench/*.py", "bench/areas/cuda.py", "bench/peers/*.py", "tests/structure/kernel_resources.py",
         "docs/benchmarks.md")
# The C library is every machine's own; the driver's libraries are opened at run time.
SYSTEM = re.compile(r"(linux-vdso|ld-linux\S*|lib(c|m|mvec|dl|rt|pthread))\.so")
NEEDED = re.compile(r"^\s+(\S+) => (/\S+)", re.MULTILINE)


class Unbundled(Exception):
    """The bundle cannot be made: says why."""


def programs(build):
    found = []
    for pattern in PROGRAMS:
        matching = sorted(build.glob(pattern))
        if not matching:
            targets = " ".join(pathlib.Path(program).name for program in PROGRAMS)
            raise Unbundled(f"{build}: expected {pattern}, found none: build the targets {targets}")
        found += matching
    return found


def libraries(program):
    """The shared libraries, by name, that a program needs besides the system's."""
    said = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    if missing := re.search(r"^\s+(\S+) => not found", said, re.MULTILINE):
        raise Unbundled(f"{program.name} needs {missing[1]}, which is not there")
    return {name: pathlib.Path(path) for name, path in NEEDED.findall(said) if not SYSTEM.match(name)}


def stripped(program, folder):
    target = folder / program.name
    subprocess.run(["strip", "-o", target, program], check=True)
    return target


def contents(build, scratch):
    """(file, its path in the bundle) for all that goes into it."""
    needed = {}
    for program in programs(build):
        yield stripped(program, scratch), f"build/{program.relative_to(build)}"
        needed |= libraries(program)
    for name, path in sorted(needed.items()):
        yield path, f"build/lib/{name}"  # where the programs look, beside their own folders (RPATH)
    for log in sorted((build / "kernels/cuda").rglob("*.ptxas")):
        yield log, f"build/{log.relative_to(build)}"
    for pattern in TEXTS:
        for path in sorted(ROOT.glob(pattern)):
            yield path, str(path.relative_to(ROOT))


def write(build, target):
    """Makes the bundle, and returns its bytes. Throws Unbundled, and leaves no file, if it would be too large."""
    build, target = build.resolve(), pathlib.Path(target)
    for tool in ("ldd", "strip"):
        if not shutil.which(tool):
            raise Unbundled(f"needs {tool}, which is not there")
    with tempfile.TemporaryDirectory() as scratch:
        part = target.with_name(target.name + ".part")
        try:
            with tarfile.open(part, "w:gz", dereference=True) as archive:
                for path, name in contents(build, pathlib.Path(scratch)):
                    archive.add(path, f"{FOLDER}/{name}", filter=of_nobody)
                add_text(archive, BUNDLED_CODE.name, f"{describe_code() or ''}\n")
            size = part.stat().st_size
            if size >= LIMIT:
                raise Unbundled(f"{target.name}: expected less than {LIMIT / 2**20:.0f} MiB, found {size / 2**20:.1f} MiB")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return size


def of_nobody(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def add_text(archive, name, text):
    entry = tarfile.TarInfo(f"{FOLDER}/{name}")
    entry.size = len(text)
    archive.addfile(entry, io.BytesIO(text.encode()))
