"""The CUDA kernels: what ptxas made of them, and on a GPU whether they are right and how fast they are.

scripts/gpu_check measures this area on a machine with a GPU; without one, all but the registers stays unmeasured, and each
speed says what the arithmetic alone would allow.
"""

import contextlib
import shutil
import sys

from bench import gpu
from bench.peers import gpu_contest
from bench.peers.contest import OURS
from bench.scoreboard import ROOT, Failed, Figure, NotMeasured, machine_line, without_folders, write_between

sys.path.insert(0, str(ROOT / "tests" / "structure"))
import kernel_resources  # noqa: E402  (after the path)

# Peaks of an H200 in TFLOP/s: vector units in float32; tensor cores in TF32, of which a product of floats takes three, by warps
# or warp groups; in double precision, vector units and tensor cores.
PEAKS = {("float", "threads"): 67, ("float", "tensor"): 495 / 3, ("float", "groups"): 495 / 3, ("double", "threads"): 34,
         ("double", "tensor"): 67}
SPLIT = ("tensor", "groups")  # what multiplies floats in halves
CHANNELS, LAYERS = 4, 5
WIDTHS = (64, 128, 256)
# Mpoints/s asked.
ASKED = {("float", "threads", 64): 100, ("double", "tensor", 64): 85,
         **{("float", by, width): asked for by in SPLIT for width, asked in ((64, 200), (128, 50), (256, 12))}}
SPEEDS = [(*way, width) for way in PEAKS for width in WIDTHS]
PEER_CASES = gpu_contest.CASES


# --- registers --------------------------------------------------------------------------------------------------------


def kinds(run):
    folder = run.build / "kernels" / "cuda"
    if not shutil.which("c++filt"):
        raise NotMeasured("needs c++filt, of binutils, for the kernels' names")
    found = run.once("ptxas", lambda: kernel_resources.fused(folder))
    if not found:
        raise NotMeasured("no *.ptxas file in the build folder: needs a build with CUDA")
    return found


def shared_memory():
    """KiB of a block, as TilePlan of kernels/cuda/tile_plan.hpp lays it out: two panels of jets of a tile's 32 points."""
    def kib(width, channels, size):
        return (2 * width * (32 * channels * size + 16) + 256) / 1024

    lines = ["", "| shared memory of a block, KiB | " + " | ".join(f"{channels} channels" for channels in (2, 3, 4, 6)) + " |",
             "|---|---|---|---|---|"]
    for scalar, size in (("float", 4), ("double", 8)):
        for width in WIDTHS:
            cells = [kib(width, channels, size) for channels in (2, 3, 4, 6)]
            lines.append(f"| {scalar}, width {width} | "
                         + " | ".join(f"{cell:.1f}" if cell <= 227 else "in the workspace" for cell in cells) + " |")
    return [*lines, "", "Warp groups stage 16 KiB more (`kStagedBytes`)."]


def spilling(run):
    """Of the kernels that training in single precision spends its time in: those with a gradient."""
    hot = [kernel for (_, scalar, gradient), of_kind in kinds(run).items() if scalar == "float" and gradient for kernel in of_kind]
    worst = max(hot, key=lambda kernel: kernel[1])
    return sum(kernel[1] > 0 for kernel in hot), f"of {len(hot)}; at most {worst[1]} bytes, {worst[2]}" if worst[1] else f"of {len(hot)}"


# --- speed ------------------------------------------------------------------------------------------------------------


def roofline(scalar, multiplies, width):
    """Mpoints/s of loss and gradient at the peak: 6 K P FLOP per point, P the weights between hidden layers."""
    return PEAKS[scalar, multiplies] * 1e6 / (6 * CHANNELS * (LAYERS - 1) * width**2)


def speed(*way):
    def measure(run):
        try:
            found = gpu.case(run, *way)
        except NotMeasured as why:
            raise NotMeasured(f"{why}; at most {roofline(*way):.0f} Mpoints/s at an H200's peak, {CHANNELS} channels, "
                              f"{LAYERS} layers") from why
        value = found["mpoints_per_second"]
        return value, (f"{found['milliseconds']:.4g} ms for {found['points']} points of {found['physics']}; "
                       f"{100 * value / roofline(*way):.0f} % of an H200's peak")

    return measure


def gradient_error(*way):
    def measure(run):
        found = gpu.case(run, *way)
        return found["gradient_error"], f"against double precision; loss {found['loss_error']:.1e}"

    return measure


def split_error(by, width):
    """Of float gradients, how many times that of the threads' own products."""

    def measure(run):
        threads, split = (gpu.case(run, "float", way, width)["gradient_error"] for way in ("threads", by))
        return split / threads, f"{split:.1e}, threads {threads:.1e}"

    return measure


def step(*way):
    def measure(run):
        found = gpu.case(run, *way)
        return found["step_microseconds"], f"sampler, pass and Adam, {found['step_points']} points"

    return measure


def memory(*way):
    def measure(run):
        found = gpu.case(run, *way)
        return found["workspace_bytes"] / 2**20, f"beyond the problem itself, {found['points']} points"

    return measure


def share_of_peak(*way):
    def measure(run):
        found = run.once(f"ncu {way}", lambda: gpu.profile(run, *way))
        return found["multiprocessors"], f"by ncu; memory {found['memory']:.0f} %"

    return measure


# --- peers ------------------------------------------------------------------------------------------------------------


def over(case, peers):
    """How many times longer the fastest of these peers takes."""

    def measure(run):
        outcome = gpu_contest.outcome_of(run, case)
        present = [peer for peer in peers if peer in outcome.seconds]
        if not present:
            raise Failed("; ".join(f"{peer}: {outcome.absent[peer]}" for peer in peers))
        peer = min(present, key=outcome.ratio)
        return outcome.ratio(peer), (f"{outcome.milliseconds(OURS):.4g} ms by {outcome.faster}, {peer} "
                                     f"{outcome.milliseconds(peer):.4g} ms")

    return measure


def memory_over_nested(case):
    def measure(run):
        outcome = gpu_contest.outcome_of(run, case)
        if gpu_contest.NESTED not in outcome.memory:
            raise Failed(f"{gpu_contest.NESTED}: {outcome.absent[gpu_contest.NESTED]}")
        ours, nested = outcome.memory[OURS], outcome.memory[gpu_contest.NESTED]
        return 100 * ours / nested, f"{ours / 2**20:.1f} MiB, {gpu_contest.NESTED} {nested / 2**20:.0f} MiB"

    return measure


def peer_figures(case):
    return (Figure(f"{case.name}/over_nested", "x", over(case, [gpu_contest.NESTED]),
                   at_least=None if case.points == 65536 else 10),
            Figure(f"{case.name}/over_jets", "x", over(case, [gpu_contest.JETS])),
            Figure(f"{case.name}/over_compiled_jets", "x", over(case, [gpu_contest.JETS_COMPILED]),
                   at_least=4 if case.points > 100000 else None),
            Figure(f"{case.name}/over_graphs", "x", over(case, gpu_contest.GRAPHED)),
            Figure(f"{case.name}/memory_over_nested", "%", memory_over_nested(case), at_most=10))


FIGURES = [
    Figure("spilling_kernels", "kernels", spilling, at_most=0),
    Figure("tests/failed", "tests", gpu.failed_tests, at_most=0),
    *(Figure(f"{scalar}/{by}/{width}", "Mpoints/s", speed(scalar, by, width), at_least=ASKED.get((scalar, by, width)))
      for scalar, by, width in SPEEDS),
    *(Figure(f"float/{by}/{width}/gradient_error", "relative", gradient_error("float", by, width))
      for by in ("threads", *SPLIT) for width in WIDTHS),
    *(Figure(f"float/{width}/{by}_error_over_threads", "x", split_error(by, width), at_most=1) for by in SPLIT for width in WIDTHS),
    *(Figure(f"{scalar}/{by}/64/step", "us", step(scalar, by, 64), at_most=60 if scalar == "float" and by in SPLIT else None)
      for scalar, by in PEAKS),
    *(Figure(f"{scalar}/{by}/64/memory", "MiB", memory(scalar, by, 64)) for scalar, by in PEAKS if by != "threads"),
    *(Figure(f"{scalar}/{by}/64/peak_share", "%", share_of_peak(scalar, by, 64)) for scalar, by in PEAKS),
    *(Figure(f"sanitizer/{checker}", "errors", lambda run, checker=checker: gpu.sanitized(run, checker), at_most=0)
      for checker in ("memcheck", "racecheck")),
    *(figure for case in PEER_CASES for figure in peer_figures(case)),
]


# --- results ----------------------------------------------------------------------------------------------------------


def describe(run):
    """What the results say of the machine besides its processor: its GPU."""
    with contextlib.suppress(NotMeasured):
        return {"device": gpu.card(run)["name"], "card": gpu.card(run)}
    return {}


def details(run):
    """Whatever of these there is: registers by kind of kernel, the clocks, all that the timing program said, the peers' times."""
    found = {}
    with contextlib.suppress(NotMeasured):
        found["kernels"] = kernel_resources.table(kinds(run))
    for width in WIDTHS:
        with contextlib.suppress(NotMeasured, Failed):
            report = gpu.report(run, width)
            found["gpu"] = report["device"]
            found.setdefault("clocks", {})[width] = report["clocks"]
            found.setdefault("cases", []).extend(report["cases"].values())
    for case in PEER_CASES:
        with contextlib.suppress(NotMeasured, Failed):
            found.setdefault("peers", {})[case.name] = peer_times(gpu_contest.outcome_of(run, case))
    return found


def peer_times(outcome):
    return ({name: {"ms": outcome.milliseconds(name), "ratio": outcome.ratio(name)} for name in outcome.seconds}
            | {name: {"absent": without_folders(why)} for name, why in outcome.absent.items()})


def document(found, machine):
    if "kernels" in found:
        write_between("cuda_kernels", [machine_line(machine), "", *found["kernels"], *shared_memory()])
    if "peers" in found:
        write_between("cuda_peers", [machine_line(machine), "", *peer_table(found["peers"])])


def peer_table(cases):
    """Milliseconds per pass, in brackets how many times Residua's."""
    names = list(cases)
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for peer in dict.fromkeys(peer for times in cases.values() for peer in times):
        lines.append(f"| {peer} | " + " | ".join(peer_cell(cases[name].get(peer)) for name in names) + " |")
    return lines


def peer_cell(found):
    if not found or "absent" in found:
        return found["absent"] if found else ""
    return f"{found['ms']:.3g}" + ("" if found["ratio"] == 1 else f" ({found['ratio']:.1f})")
