"""A surrogate in a control loop: how long one answer takes, and its derivatives, against other inference libraries.

The network has 8 inputs and four layers of 64 neurons with tanh, in single precision, on one thread. Ours is transport_2d's: to
the network of the others it adds units, the guard of the envelope and the transform, and it has one output where they have three.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

from bench.scoreboard import ROOT, Failed, Figure, NotMeasured, say

STEM = "transport_2d/64x4/float32"
ROUNDS = 5
POINTS = 65536


def case(run, what, suffix=""):
    """One case of residua_bench, measured anew at every call, since its peers take turns with it."""
    name = f"inference/{what}/{STEM}{suffix}"
    printed = run.call(run.program("bench/residua_bench", "residua_bench"), "--benchmark_format=json",
                       f"--benchmark_filter=^{name}(/iterations|$)")
    found = json.loads(printed)["benchmarks"]
    if not found:
        raise NotMeasured(f"residua_bench has no case {name}")
    if found[0].get("error_occurred"):
        raise Failed(found[0]["error_message"])
    return found[0]


def in_turn(ours, theirs, name, unit):
    """The median ratio of rounds in which both have their turn, and a note with both medians."""
    rounds = [(ours(), theirs()) for _ in range(ROUNDS)]
    mine, other = (statistics.median(values) for values in zip(*rounds))
    return statistics.median(a / b for a, b in rounds), f"{mine:.4g} {unit}, {name} {other:.4g} {unit}"


# --- peers ------------------------------------------------------------------------------------------------------------


def rtneural(run):
    """The program that times RTNeural, compiled for this machine as its users compile it."""
    source = os.environ.get("RESIDUA_RTNEURAL")
    if not source or not (pathlib.Path(source) / "RTNeural/RTNeural.h").exists():
        raise NotMeasured("needs RTNeural: RESIDUA_RTNEURAL=FOLDER with a copy of github.com/jatinchowdhury18/RTNeural")
    program = run.runs / "rtneural_peer"
    run.runs.mkdir(parents=True, exist_ok=True)
    say("compiling RTNeural's network")
    run.call(run.cached("CMAKE_CXX_COMPILER"), "-std=c++17", "-O3", "-march=native", "-DNDEBUG", "-DRTNEURAL_USE_EIGEN=1",
             "-DRTNEURAL_DEFAULT_ALIGNMENT=32", f"-I{source}", "-isystem", "/usr/include/eigen3",
             ROOT / "bench/peers/rtneural_peer.cpp", "-o", program)
    return program


def over_rtneural(run):
    program = run.once("rtneural", lambda: rtneural(run))
    return in_turn(lambda: case(run, "one_point")["p50_ns"], lambda: float(run.call(program).split()[0]), "RTNeural", "ns")


def over_onnxruntime(run):
    if not run.peers:
        raise NotMeasured("needs ONNX Runtime: scripts/bench inference --peers")

    def theirs():
        return float(run.call(sys.executable, ROOT / "bench/peers/onnxruntime_peer.py", POINTS,
                              env={**os.environ, "PYTHONPATH": str(run.peers)}))

    return in_turn(lambda: 1e9 / case(run, "batch", f"/points:{POINTS}")["items_per_second"], theirs, "ONNX Runtime",
                   "ns/point")


# --- our own ----------------------------------------------------------------------------------------------------------


def latency(what):
    def measure(run):
        found = case(run, what)
        return found["p50_ns"] / 1e3, f"p99 {found['p99_ns'] / 1e3:.2f}, p99.9 {found['p99.9_ns'] / 1e3:.2f}"

    return measure


def over_prediction(what):
    return lambda run: in_turn(lambda: case(run, what)["p50_ns"], lambda: case(run, "one_point")["p50_ns"], "predict", "ns")


def batch_over_single(run):
    return in_turn(lambda: 1e9 / case(run, "batch", f"/points:{POINTS}")["items_per_second"],
                   lambda: case(run, "one_point")["p50_ns"], "one point", "ns")


def load_milliseconds(run):
    return case(run, "load_signed")["real_time"]


def library_megabytes(run):
    library = run.program("surrogates/libresidua_surrogate.so", "residua_surrogate")
    stripped = run.runs / "stripped.so"
    run.runs.mkdir(parents=True, exist_ok=True)
    run.call("strip", "-o", stripped, library)
    found = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    needed = [line.split("[")[1].split("]")[0].split(".so")[0] for line in found.splitlines() if "NEEDED" in line]
    return stripped.stat().st_size / 1e6, f"{run.cached('RESIDUA_ISAS')}; needs {', '.join(needed)}"


FIGURES = [
    Figure("inference/one_point", "us", latency("one_point")),
    Figure("inference/one_point/over_rtneural", "x", over_rtneural, at_most=0.6),
    Figure("inference/batch/over_onnxruntime", "x", over_onnxruntime, at_most=0.45),
    Figure("inference/batch/over_one_point", "x", batch_over_single),
    Figure("inference/jacobian/over_one_point", "x", over_prediction("jacobian"), at_most=4),
    Figure("inference/vjp/over_one_point", "x", over_prediction("vjp"), at_most=3),
    Figure("inference/hvp/over_one_point", "x", over_prediction("hvp"), at_most=6),
    Figure("inference/load_signed", "ms", load_milliseconds, at_most=5),
    Figure("inference/library", "MB", library_megabytes, at_most=2),
]
