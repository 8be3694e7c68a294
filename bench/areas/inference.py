"""A surrogate in a control loop: how long one answer takes, and its derivatives, against other inference libraries.

The network has 8 inputs and four layers of 64 neurons with tanh, in single precision, on one thread. Ours is transport_2d's: to
the network of the others it adds units, the guard of the envelope and the transform, and it has one output where they have three.
"""

import json
import os
import pathlib
import statistics
import subprocess

from bench.scoreboard import PEERS_PYTHON, ROOT, Failed, Figure, NotMeasured, say

STEM = "transport_2d/64x4/float32"
SEVERAL_OUTPUTS = "leach_column/48x4/float32"  # 3 outputs, 6 inputs
ROUNDS = 5
POINTS = 65536


def case(run, what, suffix="", stem=STEM):
    """One case of residua_bench, measured anew at every call, since its peers take turns with it."""
    name = f"inference/{what}/{stem}{suffix}"
    printed = run.call(run.program("bench/residua_bench", "residua_bench"), "--benchmark_format=json",
                       f"--benchmark_filter=^{name}(/iterations|/real_time|$)")
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


def over_rtneural(percentile):
    """One prediction's latency over RTNeural's, both at this percentile."""

    def measure(run):
        program = run.once("rtneural", lambda: rtneural(run))
        place = ["p50", "p99", "p99.9"].index(percentile)
        return in_turn(lambda: case(run, "one_point")[percentile + "_ns"],
                       lambda: float(run.call(program).split()[place]), "RTNeural", "ns")

    return measure


RUNTIMES = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "libtorch": "LibTorch"}


def runtime_nanoseconds(run, runtime, points, calls):
    """The median call of another tool's runtime."""
    if not run.peers:
        raise NotMeasured(f"needs {RUNTIMES[runtime]}: scripts/bench inference --peers")
    printed = run.call(PEERS_PYTHON, ROOT / "bench/peers/network_peer.py", runtime, points, calls,
                       env={**os.environ, "PYTHONPATH": str(run.peers)})
    return float(printed)


def batch_over(runtime):
    return lambda run: in_turn(lambda: 1e9 / case(run, "batch", f"/points:{POINTS}")["items_per_second"],
                               lambda: runtime_nanoseconds(run, runtime, POINTS, 10) / POINTS, RUNTIMES[runtime], "ns/point")


def one_point_over(runtime):
    return lambda run: in_turn(lambda: case(run, "one_point")["p50_ns"],
                               lambda: runtime_nanoseconds(run, runtime, 1, 20000), f"{RUNTIMES[runtime]} from Python", "ns")


# --- our own ----------------------------------------------------------------------------------------------------------


def latency(what):
    def measure(run):
        found = case(run, what)
        return found["p50_ns"] / 1e3, f"p99 {found['p99_ns'] / 1e3:.2f}, p99.9 {found['p99.9_ns'] / 1e3:.2f}"

    return measure


def over_prediction(what, stem=STEM):
    return lambda run: in_turn(lambda: case(run, what, stem=stem)["p50_ns"],
                               lambda: case(run, "one_point", stem=stem)["p50_ns"], "predict", "ns")


def batch_over_single(run):
    return in_turn(lambda: 1e9 / case(run, "batch", f"/points:{POINTS}")["items_per_second"],
                   lambda: case(run, "one_point")["p50_ns"], "one point", "ns")


def two_threads(run):
    suffix = f"/points:{POINTS}"
    return in_turn(lambda: case(run, "batch_on_two_threads", suffix)["items_per_second"],
                   lambda: case(run, "batch", suffix)["items_per_second"], "one thread", "points/s")


def load_milliseconds(container):
    return lambda run: case(run, f"load_{container}")["real_time"]


def soak(run):
    """So many predictions; the value is how many there were, once memory stayed and answers were the same."""
    run.runs.mkdir(parents=True, exist_ok=True)
    file = run.runs / "soak.h5"
    run.call(run.program("tests/surrogates/residua_make_random_surrogate", "residua_make_random_surrogate"),
             "transport_2d", file)
    said = run.call(run.program("tests/surrogates/residua_soak", "residua_soak"), file, 10**8).strip()
    return float(said.split()[0]), said


def library_megabytes(run, name):
    library = run.program(f"surrogates/lib{name}.so", name)
    stripped = run.runs / "stripped.so"
    run.runs.mkdir(parents=True, exist_ok=True)
    run.call("strip", "-o", stripped, library)
    found = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    needed = [line.split("[")[1].split("]")[0].split(".so")[0] for line in found.splitlines() if "NEEDED" in line]
    return stripped.stat().st_size / 1e6, f"{run.cached('RESIDUA_ISAS')}; needs {', '.join(needed)}"


FIGURES = [
    Figure("inference/one_point", "us", latency("one_point")),
    Figure("inference/one_point/over_rtneural", "x", over_rtneural("p50"), at_most=0.6),
    Figure("inference/one_point/p99.9_over_rtneural", "x", over_rtneural("p99.9"), at_most=1),
    *(Figure(f"inference/one_point/over_{runtime}", "x", one_point_over(runtime)) for runtime in RUNTIMES),
    Figure("inference/batch/over_onnxruntime", "x", batch_over("onnxruntime"), at_most=0.45),
    *(Figure(f"inference/batch/over_{runtime}", "x", batch_over(runtime)) for runtime in ("openvino", "libtorch")),
    Figure("inference/batch/over_one_point", "x", batch_over_single),
    Figure("inference/batch/two_threads", "x", two_threads, at_least=1.9),
    Figure("inference/jacobian/over_one_point", "x", over_prediction("jacobian"), at_most=4),
    Figure("inference/jacobian_3x6/over_one_point", "x", over_prediction("jacobian", SEVERAL_OUTPUTS), at_most=4),
    Figure("inference/vjp/over_one_point", "x", over_prediction("vjp"), at_most=3),
    Figure("inference/hvp/over_one_point", "x", over_prediction("hvp"), at_most=6),
    Figure("inference/load_hdf5", "ms", load_milliseconds("hdf5"), at_most=5),
    Figure("inference/load_compact", "ms", load_milliseconds("compact"), at_most=5),
    Figure("inference/soak", "predictions", soak, at_least=1e8),
    Figure("inference/library", "MB", lambda run: library_megabytes(run, "residua_surrogate")),
    Figure("inference/library_compact", "MB", lambda run: library_megabytes(run, "residua_surrogate_compact"), at_most=2),
]
