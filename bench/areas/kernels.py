"""The fused pass against its peers: PyTorch, JAX and DeepXDE computing the same loss and gradient (bench/peers/)."""

import contextlib
import dataclasses
import os
import statistics

from bench.peers import report
from bench.peers.contest import CALM, OURS, Broken, Case, contest, memory, start_ours
from bench.scoreboard import Failed, Figure, NotMeasured, say

NESTED = "torch_nested"
FEW_PEERS = ("torch_nested", "torch_nested_compiled", "torch_jets_compiled", "jax_nested")
WITH_TRANSFORM = ("torch_nested", "torch_nested_compiled")
PRECISIONS = ("float32", "float64")

# Width: asked over nested autograd, over the fastest peer, and of the FMA peak in per cent.
ASKED = {32: (8, 4.5, 45), 64: (7, 3.7, 65), 128: (4.5, 3.2, 75), 256: (3, 2.1, 80)}
WIDTHS = {(width, precision): Case("heat", width, 3, precision) for precision in PRECISIONS for width in ASKED}
EQUATIONS = [Case("transport_2d", 64, 4), Case("kdv", 64, 4),
             Case("leach_column", 64, 4, outputs=2, design=True, peers=WITH_TRANSFORM),
             Case("kiln_wall", 64, 4, design=True, peers=WITH_TRANSFORM)]
BATCHES = [Case("heat", 64, 3, points=points, peers=FEW_PEERS) for points in (256, 512, 1024, 2048)]
HEAT = WIDTHS[64, "float32"]
BUSY = 0.2  # share of the processors; where others take more, ratios to peers mean nothing
MANY = 1 << 20  # points
NESTED_NEEDS = 14 << 30  # bytes of free memory, for that many points


# --- turn by turn -----------------------------------------------------------------------------------------------------


def outcome_of(run, case):
    return run.once(f"contest {case.name}", lambda: contest(run, case))


def with_peers(run, case):
    if not run.peers:
        raise NotMeasured("needs its peers: scripts/bench kernels --peers")
    return outcome_of(run, case)


def compared(outcome, peer):
    if peer in outcome.absent:
        raise Failed(f"{peer}: {outcome.absent[peer]}")
    if outcome.disturbed > BUSY:
        raise NotMeasured(f"the machine is busy: other programs took {100 * outcome.disturbed:.0f} % of the processors")
    note = f"{outcome.milliseconds(OURS):.4g} ms, {peer} {outcome.milliseconds(peer):.4g} ms"
    if outcome.disturbed > CALM:
        note += f", other programs took {100 * outcome.disturbed:.0f} % of the processors"
    return outcome.ratio(peer), note


def over_nested(case):
    return lambda run: compared(with_peers(run, case), NESTED)


def over_fastest(case):
    def measure(run):
        outcome = with_peers(run, case)
        peers = [name for name in outcome.seconds if name != OURS]
        if not peers:
            raise Failed("none of the peers works")
        return compared(outcome, min(peers, key=outcome.ratio))

    return measure


def peak_share(case):
    def measure(run):
        outcome = outcome_of(run, case)
        return (100 * outcome.peak_share(case.useful_flop),
                f"{case.channels} channels, {outcome.milliseconds(OURS):.4g} ms, "
                f"peak {statistics.median(outcome.peaks) / 1e9:.0f} GFLOP/s")

    return measure


# --- memory and many points -------------------------------------------------------------------------------------------


def memory_of(run, name, points):
    case = dataclasses.replace(HEAT, points=points)
    return run.once(f"memory {name} {points}", lambda: memory(run, case, name))


def memory_over_nested(run):
    if not run.peers:
        raise NotMeasured("needs its peers: scripts/bench kernels --peers")
    ours, (nested, how) = memory_of(run, OURS, MANY), nested_memory(run)
    return 100 * ours / nested, f"{ours / 2**20:.2f} MiB, {NESTED} {nested / 2**30:.2f} GiB{how}"


def nested_memory(run):
    """Directly where the machine has it to spare; else by a line through two smaller numbers of points, both so large
    that the allocator returns every array to the system."""
    if os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > NESTED_NEEDS:
        return memory_of(run, NESTED, MANY), ""
    half, whole = memory_of(run, NESTED, MANY // 8), memory_of(run, NESTED, MANY // 4)
    return (whole + (whole - half) / (MANY // 8) * (MANY - MANY // 4),
            f" by a line through {half / 2**30:.2f} at {MANY // 8} points and {whole / 2**30:.2f} at {MANY // 4}")


def memory_growth(run):
    few, many = memory_of(run, OURS, HEAT.points), memory_of(run, OURS, MANY)
    return (many - few) / 2**20, f"{few / 2**20:.2f} MiB at {HEAT.points} points, {many / 2**20:.2f} at {MANY}"


def linear_cost(run):
    """The largest difference between the times per point of 1e5, 1e6 and 1e7 points, taken in turn."""
    cases = [dataclasses.replace(HEAT, points=points) for points in (10**5, 10**6, 10**7)]
    say("cost per point up to 1e7 points")
    started = []
    try:
        for case in cases:
            started.append(start_ours(run, case))
            started[-1].seconds(1)
        rounds = [[min(process.seconds(2)) / case.points for case, process in zip(cases, started)] for _ in range(3)]
    except Broken as why:
        raise Failed(str(why)) from why
    finally:
        for process in started:
            process.stop()
    costs = [statistics.median(column) for column in zip(*rounds)]
    return 100 * (max(costs) / min(costs) - 1), ", ".join(f"{1e9 * cost:.0f}" for cost in costs) + " ns per point"


def normal_equations(run):
    found = run.cases("normal_equations/")["normal_equations/heat/21x4/threads:2"]
    if "error_message" in found:
        raise Failed(found["error_message"])
    return 100 * found["peak_share"], f"{found['real_time']:.4g} ms, {found['flops'] / 1e9:.0f} GFLOP/s"


# --- figures ----------------------------------------------------------------------------------------------------------


def heat_figures(width, precision, case):
    nested, fastest, share = ASKED[width]
    if precision == "float64":  # the same ratios within a tenth
        nested, fastest, share = 0.9 * nested, 0.9 * fastest, None
    return (Figure(f"{case.name}/over_nested", "x", over_nested(case), at_least=nested),
            Figure(f"{case.name}/over_fastest_peer", "x", over_fastest(case), at_least=fastest),
            Figure(f"{case.name}/peak_share", "%", peak_share(case), at_least=share))


FIGURES = [
    *(figure for (width, precision), case in WIDTHS.items() for figure in heat_figures(width, precision, case)),
    *(figure for case in EQUATIONS for figure in (
        Figure(f"{case.name}/over_nested", "x", over_nested(case), at_least=5),
        Figure(f"{case.name}/over_fastest_peer", "x", over_fastest(case)),
        Figure(f"{case.name}/peak_share", "%", peak_share(case)))),
    *(figure for case in BATCHES for figure in (
        Figure(f"{case.name}/over_nested", "x", over_nested(case), at_least=6),
        Figure(f"{case.name}/over_fastest_peer", "x", over_fastest(case)),
        Figure(f"{case.name}/peak_share", "%", peak_share(case)))),
    Figure(f"{HEAT.name}/memory_over_nested", "%", memory_over_nested, at_most=5),
    Figure(f"{HEAT.name}/memory_growth", "MiB", memory_growth, at_most=1),
    Figure(f"{HEAT.name}/linear_cost", "%", linear_cost, at_most=10),
    Figure("normal_equations/10000x1471/peak_share", "%", normal_equations, at_least=70),
]


def details(run):
    """Every peer's time and ratio, for the file of results and for document()."""
    if not run.peers:
        return {}
    outcomes = {}
    for case in (*WIDTHS.values(), *EQUATIONS, *BATCHES):
        with contextlib.suppress(Failed, NotMeasured):  # its figures say so
            outcomes[case.name] = outcome_of(run, case)
    return {"peers": report.details(outcomes)}


def document(found, machine):
    """The tables and the plot of docs/benchmarks.md beside the table of the figures."""
    if not found:
        return
    report.write_tables(found["peers"], machine, [
        *(tuple(case.name for case in WIDTHS.values() if case.precision == precision) for precision in PRECISIONS),
        tuple(case.name for case in EQUATIONS), tuple(case.name for case in BATCHES)])
    report.write_plot(found["peers"], machine, {case.width: case.name for case in WIDTHS.values()
                                                if case.precision == "float32"})
