#!/usr/bin/env python3
"""Shows that bugs in the index arithmetic of the CUDA kernels are found on a machine without a GPU: puts one bug at a time
into a copy of kernels/cuda, and requires that the host twins of the kernels (seeded_bugs_twin.cpp) find it.

usage: seeded_bugs.py ROOT [--compiler CXX]
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# File of kernels/cuda; what stands there, exactly once; what stands there instead; what is wrong with that.
BUGS = [
    ("layer_by_threads.hpp", "const int row = lane / 4 + 8 * (warp / 4)", "const int row = lane / 4 + 4 * (warp / 4)",
     "weight gradients: warps overlap in their rows"),
    ("layer_by_threads.hpp", "gradient[(o + kSide * p) * fan_in + i + kSide * q] += sum[p][q]",
     "gradient[(o + kSide * p) * fan_in + i + kSide * p] += sum[p][q]", "weight gradients: a sum goes to another column"),
    ("tile_pass.hpp", "input_panel(l)[f * kStride + k * kTilePoints + lane] = a[k]",
     "input_panel(l)[f * kColumns + k * kTilePoints + lane] = a[k]", "the way back: a panel's stride without its padding"),
    ("tile_pass.hpp", "const S* tape = (l == 0 ? taped_input(f) : taped(l - 1, f)) + lane",
     "const S* tape = (l == 0 ? taped_input(f) : taped(l, f)) + lane", "the way back: the tape of the layer above"),
    ("tile_pass.hpp", "sum += z_bar[o * kStride + p]", "sum += z_bar[o * kStride + kTilePoints + p]",
     "bias gradients: another channel than the value"),
    ("layer_by_threads.hpp", "const S weight = column[r][o * fan_in]", "const S weight = column[0][o * fan_in]",
     "adjoints: all features of a thread take the weights of its first"),
    ("tile_pass.hpp", "first_ += std::int64_t(args_.plan.blocks) * kTilePoints",
     "first_ += std::int64_t(args_.plan.blocks + 1) * kTilePoints", "tiles: some are left out"),
    ("tile_pass.hpp", "return point(thread) < args_.range().last", "return point(thread) <= args_.range().last",
     "tiles: the last one counts a point too many"),
    ("fused_tile.hpp", "sum += double(partial[r * columns + c])", "sum += double(partial[c * rows + r])",
     "sums of blocks: rows for columns"),
    ("fused_tile.hpp", "for (int s = 0; s < slices; ++s) sum += storage[s * kLanes + thread]",
     "for (int s = 1; s < slices; ++s) sum += storage[s * kLanes + thread]", "sums of blocks: the first slice is left out"),
    ("layer_by_warps.hpp", "gradient[(o + row) * fan_in + feature] += sums[block]",
     "gradient[(o + row) * fan_out + feature - block] += sums[block]", "weight gradients by warps: shifted by the block"),
    ("mma.hpp", "c_row(int lane, int k) { return lane / 4 + 8 * (k / 2); }",
     "c_row(int lane, int k) { return lane / 4 + 8 * (k % 2); }", "fragments of floats: halves of the result swapped"),
    ("warp_product.hpp", "right(first + Step::b_depth(lane, k), column, Step::b_column(lane, k))",
     "right(first + Step::b_depth(lane, k), column, Step::b_depth(lane, k))", "warp product: depth for column"),
    ("group_product.hpp", "part.offset(d, group * kGroupColumns)", "part.offset(d, 0)",
     "warp groups: the second takes the columns of the first"),
    ("layer_by_groups.hpp", "const int row = o + half * kLines + line;\n            if (row < fan_out",
     "const int row = o + 2 * line + half;\n            if (row < fan_out", "weight gradients by groups: rows in another order"),
    ("group_product.hpp", "SharedOperand part{staged + half * kHalf", "SharedOperand part{staged",
     "warp groups: upper halves in the place of the lower ones"),
    ("residual_point.hpp", "args.jet_bar[k * args.points.n + i] = jet_bar[k]",
     "args.jet_bar[i * At::kJetRows + k] = jet_bar[k]", "residual: points for rows"),
    ("sampler.hpp", "Philox::at(std::uint64_t(clock->step * n + i), pair, seed)", "Philox::at(std::uint64_t(i), pair, seed)",
     "sampler: every batch draws the same points"),
    ("sampler.hpp", "unit_interval(x.word[2], x.word[3])", "unit_interval(x.word[0], x.word[1])", "sampler: two coordinates from the same words"),
]


class Workshop:
    """A folder where the twin is compiled against copies of kernels/cuda."""

    def __init__(self, root, folder, compiler):
        self.root, self.folder = root, folder
        self.command = [compiler, "-std=c++20", "-O0"]
        # Whatever does not depend on kernels/cuda is read once.
        self.common = folder / "common.hpp"
        self.common.write_text('#include "tests/kernels/problem.hpp"\n')
        self.run([*self.command, "-I", root, "-x", "c++-header", self.common, "-o", f"{self.common}.gch"])

    @staticmethod
    def run(command, expected=(0,)):
        done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)
        if done.returncode not in expected:
            sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def findings(self, name, bug=None):
        """What the twin finds wrong with a copy; nothing if it is right. A bug may also end the twin."""
        copy = self.folder / name
        shutil.copytree(self.root / "kernels/cuda", copy / "kernels/cuda")
        if bug:
            seed(copy / "kernels/cuda", *bug)
        twin = copy / "twin"
        self.run([*self.command, "-I", copy, "-I", self.root, "-include", self.common,
                  self.root / "tests/kernels/seeded_bugs_twin.cpp", "-o", twin])
        try:
            done = subprocess.run([twin], check=False, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            return ["does not end"]
        return done.stdout.splitlines() or [f"ended with {done.returncode}"] if done.returncode else []


def seed(folder, file, right, wrong):
    text = (folder / file).read_text()
    if text.count(right) != 1:
        sys.exit(f"seeded_bugs: kernels/cuda/{file}: expected '{right}' once, found {text.count(right)}: write the bug anew")
    (folder / file).write_text(text.replace(right, wrong))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ", 1)[1])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--compiler", default="c++")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        workshop = Workshop(args.root.resolve(), pathlib.Path(folder), args.compiler)
        sound = pool.submit(workshop.findings, "sound")
        seeded = [pool.submit(workshop.findings, f"bug{k}", bug[:3]) for k, bug in enumerate(BUGS)]
        if found := sound.result():
            sys.exit(f"the twin fails without a bug: {found[0]}")
        missed = []
        for (file, _, _, what), future in zip(BUGS, seeded):
            found = future.result()
            print(f"{'found ' if found else 'MISSED'}  {file}: {what}{f' -> {found[0]}' if found else ''}")
            missed += [] if found else [what]
    sys.exit(f"{len(missed)} of {len(BUGS)} bugs were not found" if missed else 0)


if __name__ == "__main__":
    main()
