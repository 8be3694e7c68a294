#!/usr/bin/env python3
"""Checks the #include lines of a source tree against the direction in which its folders may use each other.

usage: check_includes.py [ROOT]     (exit 1 and one line per offence, or nothing)
"""

import pathlib
import re
import sys

# What each folder may include from this repository: folders, or prefixes of files in them.
ALLOWED = {
    "kernels": ("kernels/",),
    "datasets": ("datasets/", "kernels/"),
    "surrogates": ("surrogates/", "kernels/", "datasets/h5", "datasets/atomic_file", "datasets/open_file"),
    "pinn": ("pinn/", "surrogates/", "datasets/", "kernels/"),
}
# These may include anything from here, and nothing above includes them.
USERS = ("bench", "examples", "tests")
# Libraries which belong to one side only: the folders which may include headers that match.
LIBRARIES = {
    "LibTorch": (re.compile(r"(torch|ATen|c10|caffe2)/"), {"pinn", *USERS}),
    "HDF5": (re.compile(r"hdf5(_hl)?\.h$|H5\w*\.h$"), {"datasets", "surrogates", *USERS}),
    "SUNDIALS": (re.compile(r"(sundials|cvodes?|idas?|kinsol|arkode|nvector|sun\w+)/"), {"datasets", *USERS}),
    "Eigen": (re.compile(r"(Eigen|unsupported/Eigen)/"), {"datasets", "surrogates", "pinn", *USERS}),
}

HEADERS = {".hpp", ".h", ".cuh"}
SOURCES = HEADERS | {".cpp", ".cc", ".c", ".cu", ".inc", ".ipp"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def offences_in(path, folder, text):
    """Yields (line number or None, what is wrong) for one file of a top-level folder."""
    if path.suffix in HEADERS and not re.search(r"^#pragma once\s*$", text, re.MULTILINE):
        yield None, "a header without #pragma once"
    own_folders = (*ALLOWED, *USERS)
    for match in INCLUDE.finditer(text):
        name = match[1] or match[2]
        line = text.count("\n", 0, match.start()) + 1
        target = name.split("/")[0] if "/" in name else None
        if name.startswith(("./", "../")) or (match[1] and target not in own_folders and (path.parent / name).exists()):
            yield line, f'"{name}": includes are written from the repository root'
        if match[2] and target in own_folders:
            yield line, f'<{name}>: a header of this repository is included in quotes'
        if target in own_folders and folder in ALLOWED and not name.startswith(ALLOWED[folder]):
            yield line, f"{folder} may not include {name}"
        for library, (pattern, users) in LIBRARIES.items():
            if pattern.match(name) and folder not in users:
                yield line, f"{folder} may not include {library} ({name})"
            elif library == "LibTorch" and pattern.match(name) and path.suffix in {".cu", ".cuh"}:
                yield line, f"a CUDA source may not include LibTorch ({name})"


def offences(root):
    for folder in (*ALLOWED, *USERS):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SOURCES and path.is_file():
                for line, what in offences_in(path, folder, path.read_text(encoding="utf-8")):
                    yield f"{path.relative_to(root)}{f':{line}' if line else ''}: {what}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    if not any((root / folder).is_dir() for folder in ALLOWED):
        sys.exit(f"{root}: holds none of the folders {', '.join(ALLOWED)}")
    found = list(offences(root))
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
