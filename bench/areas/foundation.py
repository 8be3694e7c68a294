"""From an empty machine to a trained surrogate answering in a control loop: is each step good and fast enough?"""

import os
import re
import shutil

from bench.scoreboard import ROOT, Failed, Figure, NotMeasured, say, seconds_of
from bench.trained import card, surrogate, worst_error

# --- trained surrogates -----------------------------------------------------------------------------------------------


def training_seconds(name):
    return lambda run: card(run, name)["training_seconds"]


def enthalpy_closure(run):
    balance = card(run, "kiln_axial").get("balance")
    if balance is None:
        raise NotMeasured("residua info --json gives no balance")
    return 100 * balance["gap"]


# --- fit to a published breakthrough curve ----------------------------------------------------------------------------


def tritium_fits(run):
    """RMSE of the fits that `residua fit` prints, by what was fitted: the surrogate first."""
    table = run.shared / "data/leach/vg1974_tritium_glendale.csv"
    if not table.exists():
        raise NotMeasured("needs the published data: see RESIDUA_SHARED in docs/development.md")
    printed = run.residua("fit", surrogate(run, "tritium_column"), "--table", table, "--columns", "time=c0", "flux=c1", "--pulse",
                          "3.102", "--reference", "--at", "depth=1")
    fits = re.findall(r"^(\S.*?)\s+RMSE (\S+)\s+(.*)$", printed, re.MULTILINE)
    if not fits or fits[0][0] != "surrogate":
        raise Failed("residua fit: no RMSE of the surrogate in its output")
    return fits


def tritium_rmse(run):
    (_, rmse, params), *others = run.once("tritium", lambda: tritium_fits(run))
    return float(rmse), "; ".join([params, *(f"{name}: {error}" for name, error, _ in others)])


# --- control loop -----------------------------------------------------------------------------------------------------


def control_loop_program(run):
    """The example, built as a stranger would: from the installed package alone."""
    if not (run.build / "surrogates/libresidua_surrogate.so").exists():
        raise NotMeasured("needs the inference library: build the target residua_surrogate")
    place = run.runs / "installed"
    shutil.rmtree(place, ignore_errors=True)
    cmake = run.cached("CMAKE_COMMAND")
    for component in ("residua", "residua-dev"):
        run.call(cmake, "--install", run.build, "--prefix", place / "prefix", "--component", component)
    run.call(cmake, "-S", ROOT / "examples", "-B", place / "build", "-G", run.cached("CMAKE_GENERATOR"),
             f"-DCMAKE_MAKE_PROGRAM={run.cached('CMAKE_MAKE_PROGRAM')}", "-DCMAKE_BUILD_TYPE=Release",
             f"-DCMAKE_PREFIX_PATH={place / 'prefix'}")
    run.call(cmake, "--build", place / "build")
    return place / "build/control_loop"


def control_loop(run, name):
    """Rows of the table that the loop prints, by call: calls, p50 us, p99 us, ok, outside, not finite."""
    program = run.once("control_loop", lambda: control_loop_program(run))
    printed = run.once(f"control_loop {name}", lambda: run.call(program, surrogate(run, name), run.runs / f"{name}.csv"))
    rows = {call: [float(x) for x in numbers.split()]
            for call, numbers in re.findall(r"^(predict|jacobian) +([\d. ]+)$", printed, re.MULTILINE)}
    if set(rows) != {"predict", "jacobian"}:
        raise Failed("control_loop: no table of calls in its output")
    return rows


def loop_steps(name):
    def measure(run):
        calls, _, _, ok, outside, not_finite = control_loop(run, name)["predict"]
        if not_finite:
            raise Failed(f"{not_finite:g} of {calls:g} predictions are not finite")
        return calls, f"{ok:g} inside the envelope, {outside:g} outside"

    return measure


def loop_latency(name, call):
    def measure(run):
        calls, p50, p99, *_ = control_loop(run, name)[call]
        return p99, f"p50 {p50:g}, {calls:g} calls"

    return measure


# --- warm rebuild -----------------------------------------------------------------------------------------------------


def rebuild_seconds(source):
    """Time to build everything again after one source file was touched, without the compiler cache."""

    def measure(run):
        if not (run.build / "build.ninja").exists():
            raise NotMeasured("needs a build folder made with Ninja")
        ninja = run.cached("CMAKE_MAKE_PROGRAM")
        run.call(ninja, "-C", run.build)  # whatever else is out of date is not this file's cost
        say(f"rebuilding after {source}")
        os.utime(ROOT / source)
        return seconds_of(lambda: run.call(ninja, "-C", run.build, env={**os.environ, "CCACHE_DISABLE": "1"}))

    return measure


# --- throughput -------------------------------------------------------------------------------------------------------

THREADS = len(os.sched_getaffinity(0))


def case(run, name, group):
    found = run.cases(f"^{group}/").get(name)
    if not found:
        raise NotMeasured(f"residua_bench has no case {name}")
    if found.get("error_occurred"):
        raise Failed(found["error_message"])
    return found


def fused_rate(name):
    def measure(run):
        found = case(run, name, "fused")
        return found["items_per_second"] / 1e6, f"{found['flops'] / 1e9:.0f} GFLOP/s, {100 * found['peak_share']:.0f} % of FMA peak"

    return measure


def fma_peak(name):
    return lambda run: case(run, name, "fma_peak")["flops"] / 1e9


def residual_rate(name):
    def measure(run):
        found = case(run, name, "residual")
        return found["items_per_second"] / 1e6, f"{found['bytes_per_second'] / 1e9:.1f} GB/s"

    return measure


def point_latency(name):
    def measure(run):
        found = case(run, name, "inference")
        return found["p99_ns"] / 1e3, f"p50 {found['p50_ns'] / 1e3:.2f}, p99.9 {found['p99.9_ns'] / 1e3:.2f}"

    return measure


def batch_cost(name):
    return lambda run: 1e9 / case(run, name, "inference")["items_per_second"]


SHAPES = [("heat_rod", "32x4"), ("heat_rod", "64x4"), ("heat_rod", "128x4"), ("leach_column", "48x4"), ("kiln_wall", "32x3")]
SURROGATES = ("leach_column", "kiln_wall")
PRECISIONS = ("float32", "float64")

FIGURES = [
    *(figure for name in SURROGATES for figure in (
        Figure(f"{name}/training", "s", training_seconds(name), at_most=240),
        Figure(f"{name}/median_error", "rel.L2", worst_error(name, "median"), at_most=1e-2),
        Figure(f"{name}/worst_error", "rel.L2", worst_error(name, "worst"), at_most=4e-2),
        Figure(f"{name}/default_error", "rel.L2", worst_error(name, "default"), at_most=3e-3))),
    Figure("tritium_column/tritium_rmse", "C/C0", tritium_rmse, at_most=0.017),
    Figure("kiln_axial/training", "s", training_seconds("kiln_axial"), at_most=600),
    Figure("kiln_axial/default_error", "rel.L2", worst_error("kiln_axial", "default"), at_most=1e-2),
    Figure("kiln_axial/enthalpy_closure", "%", enthalpy_closure, at_most=1),
    *(figure for name in SURROGATES for figure in (
        Figure(f"control_loop/{name}/steps", "steps", loop_steps(name), at_least=1000),
        Figure(f"control_loop/{name}/predict_p99", "us", loop_latency(name, "predict")),
        Figure(f"control_loop/{name}/jacobian_p99", "us", loop_latency(name, "jacobian")))),
    *(Figure(f"rebuild/{source}", "s", rebuild_seconds(source), at_most=60)
      for source in ("kernels/catalog.cpp", "kernels/fused.cpp", "pinn/problem.cpp", "pinn/trainer.cpp")),
    Figure("rebuild/kernels/physics/heat.hpp", "s", rebuild_seconds("kernels/physics/heat.hpp")),
    *(Figure(name, "GFLOP/s", fma_peak(name))
      for name in (f"fma_peak/{precision}/threads:{threads}" for precision in PRECISIONS for threads in sorted({1, THREADS}))),
    *(Figure(name, "Mpoints/s", fused_rate(name))
      for name in (f"fused/{physics}/{shape}/{precision}/threads:{threads}" for physics, shape in SHAPES
                   for precision in PRECISIONS for threads in sorted({1, THREADS}))),
    *(Figure(name, "Mpoints/s", residual_rate(name))
      for name in (f"residual/{name}/float32/points:{points}" for name in ("heat_rod", *SURROGATES)
                   for points in (4096, 1048576))),
    *(Figure(name, "us", point_latency(name))
      for name in (f"inference/one_point/{physics}/{shape}/{precision}" for physics, shape in SHAPES[3:]
                   for precision in PRECISIONS)),
    *(Figure(name, "ns/point", batch_cost(name))
      for name in (f"inference/batch/{physics}/{shape}/{precision}/points:4096" for physics, shape in SHAPES[3:]
                   for precision in PRECISIONS)),
]
