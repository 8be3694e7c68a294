#!/usr/bin/env python3
"""Registers and spills of the CUDA kernels that go through a network, from what ptxas said when they were built (cmake/ptxas_log).

usage: kernel_resources.py FOLDER

Prints, as Markdown, the most that kernels of each kind take. Fails if a kernel that training spends its time in spills (one
with a gradient, or of Gauss-Newton), if another one spills more bytes than LIMIT, or if there is nothing to read.
"""

import collections
import pathlib
import re
import subprocess
import sys

# Bytes that kernels without a gradient may spill, which run now and then.
LIMIT = 16

ENTRY = re.compile(r"Compiling entry function '(\S+)' for")
SPILLS = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")
FUSED = re.compile(r"fused_kernel<(.*)>\(")
GAUSS_NEWTON = re.compile(r"(gauss_newton_kernel<.*>|gram_kernel)\(")


def kernels(folder):
    """(mangled name, registers, spilled bytes) of every kernel that a log in the folder tells of."""
    for log in sorted(pathlib.Path(folder).rglob("*.ptxas")):
        name, spilled = None, 0
        for line in log.read_text().splitlines():
            if found := ENTRY.search(line):
                name, spilled = found[1], 0
            elif found := SPILLS.search(line):
                spilled = int(found[1]) + int(found[2])
            elif name and (found := USED.search(line)):
                yield name, int(found[1]), spilled
                name = None


def demangled(names):
    return subprocess.run(["c++filt"], input="\n".join(names), check=True, capture_output=True, text=True).stdout.splitlines()


def gauss_newton(folder):
    """The Gauss-Newton kernels: [(registers, spilled bytes, which)]."""
    found = list(kernels(folder))
    return [(registers, spilled, re.sub(r"residua::(\w+::)*", "", match[1]))
            for (_, registers, spilled), name in zip(found, demangled([name for name, _, _ in found]))
            if (match := GAUSS_NEWTON.search(name))]


def fused(folder):
    """The fused kernels by kind: (arithmetic, scalar, with gradient) -> [(registers, spilled bytes, physics and term)]."""
    found = list(kernels(folder))
    kinds = collections.defaultdict(list)
    for (_, registers, spilled), name in zip(found, demangled([name for name, _, _ in found])):
        if match := FUSED.search(name):
            what, scalar, gradient, arithmetic = re.sub(r"residua::(\w+::)*", "", match[1]).rsplit(", ", 3)
            kinds[arithmetic, scalar, gradient == "true"].append((registers, spilled, what))
    return kinds


def table(kinds):
    """Lines of Markdown."""
    lines = ["| multiplies | scalar | gradient | kernels | registers, most | of them spill | bytes, most | which |",
             "|---|---|---|---|---|---|---|---|"]
    for (arithmetic, scalar, gradient), of_kind in sorted(kinds.items()):
        worst = max(of_kind, key=lambda kernel: kernel[1])
        lines.append(f"| {arithmetic} | {scalar} | {'yes' if gradient else 'no'} | {len(of_kind)} | {max(k[0] for k in of_kind)} | "
                     f"{sum(k[1] > 0 for k in of_kind)} | {worst[1]} | {worst[2] if worst[1] else ''} |")
    return lines


def main():
    kinds = fused(sys.argv[1])
    if not kinds:
        sys.exit(f"{sys.argv[1]}: no fused kernel in any *.ptxas file: expected a build with CUDA")
    print("\n".join(table(kinds)))
    broken = [f"{which} ({', '.join(map(str, kind))}) spills {spilled} bytes: expected at most {0 if kind[2] else LIMIT}"
              for kind, of_kind in kinds.items() for _, spilled, which in of_kind if spilled > (0 if kind[2] else LIMIT)]
    broken += [f"{which} spills {spilled} bytes: expected none" for _, spilled, which in gauss_newton(sys.argv[1]) if spilled]
    sys.exit("\n".join(broken) or 0)


if __name__ == "__main__":
    main()
