"""Residua and PyTorch on one problem on a GPU, in turn, as contest.py does it on processors."""

import contextlib
import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from bench import gpu
from bench.peers.contest import OURS, Broken, Case, Contestant, Outcome, mistake
from bench.scoreboard import Failed, NotMeasured, say

ROUNDS, TURN_SECONDS = 5, 0.2
CASE_SECONDS = 110  # which compiling nested derivatives may well take
THREADS = len(os.sched_getaffinity(0))  # of a peer, which compiles with them
NESTED, JETS, JETS_COMPILED = "torch_nested", "torch_jets", "torch_jets_compiled"
GRAPHED = ("torch_nested_graphed", "torch_jets_graphed", "torch_nested_compiled", JETS_COMPILED)
PEERS = (NESTED, JETS, *GRAPHED)
# 10,000 points are a usual step of training; 131,072 fill a GPU. Wider networks get fewer, to leave room for nested derivatives.
CASES = [*(Case("transport_2d", 64, 4, points=points, depth=5) for points in (10000, 131072)),
         *(Case("transport_2d", width, 4, points=65536, depth=5) for width in (128, 256)),
         Case("heat", 64, 3, points=65536, depth=5)]


@dataclasses.dataclass
class GpuOutcome(Outcome):
    memory: dict = dataclasses.field(default_factory=dict)  # bytes beyond the problem, by contestant
    faster: str = ""  # of the ways that Residua multiplies


def outcome_of(run, case):
    return run.once(f"gpu contest {case.name}", lambda: contest(run, case))


def python_with_torch(run):
    """The interpreter of the peers: this one, if its PyTorch sees the GPU."""
    test = "import torch; print(torch.__version__ if torch.cuda.is_available() else 'sees no GPU')"
    done = subprocess.run([sys.executable, "-c", test], check=False, capture_output=True, text=True)
    said = (done.stdout.strip() if done.returncode == 0 else done.stderr.strip()).splitlines() or ["nothing"]
    if done.returncode or "no GPU" in said[-1]:
        raise NotMeasured(f"needs a PyTorch that sees the GPU in the Python that runs this, found: {said[-1]}")
    return sys.executable


def options(case):
    return ["--physics", case.physics, "--width", case.width, "--depth", case.depth, "--points", case.points]


def start_ours(run, case, multiplies, scalar="float"):
    return Contestant([gpu.timing_program(run), "serve", *options(case), "--scalar", scalar, "--multiplies", multiplies])


def start_peer(python, name, case, problem):
    program, _, variant = name.partition("_")
    return Contestant([python, "-B", pathlib.Path(__file__).parent / f"{program}_peer.py", variant, problem, case.precision,
                       THREADS, "cuda"], threads=THREADS, patience=CASE_SECONDS)


def judge(name, contestant, expected, folder, precision):
    """Why a contestant does not take part, or an empty string; in a folder of its own, since all compute at once."""
    place = folder / name
    place.mkdir()
    try:
        return mistake(contestant.answer(place), expected, precision)
    except Broken as why:
        return f"does not work: {why}"


def play(contestants):
    """Seconds of a pass by contestant, one number for each round."""
    passes = {name: max(1, round(TURN_SECONDS / min(each.seconds(3)))) for name, each in contestants.items()}
    seconds = {name: [] for name in contestants}
    order = list(contestants)
    for _ in range(ROUNDS):
        for name in order:
            seconds[name].append(statistics.median(contestants[name].seconds(passes[name])))
        order = [*order[1:], order[0]]
    return seconds


def join_ours(outcome, ways):
    """Residua is whichever of its ways is the fastest in the median."""
    ours = {by: f"{OURS}_{by}" for by in ways}
    outcome.faster = min(ways, key=lambda by: statistics.median(outcome.seconds[ours[by]]))
    outcome.seconds = {OURS: outcome.seconds[ours[outcome.faster]], **outcome.seconds}
    outcome.memory[OURS] = outcome.memory[ours[outcome.faster]]
    return outcome


def contest(run, case):
    gpu.card(run)
    gpu.seconds_left(run, CASE_SECONDS, CASE_SECONDS)
    python = python_with_torch(run)
    say(f"{case.name}: residua and {len(PEERS)} ways of PyTorch")
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        folder = pathlib.Path(scratch)
        problem = folder / "problem"
        run.call(gpu.timing_program(run), "serve", *options(case), "--write-problem", problem)
        try:
            with start_ours(run, case, "threads", "double") as exact:
                expected = exact.answer(folder)
            ways = gpu.ways(run, case.width)
            started = {f"{OURS}_{by}": stack.enter_context(start_ours(run, case, by)) for by in ways}
            started |= {name: stack.enter_context(start_peer(python, name, case, problem)) for name in PEERS}
            with ThreadPoolExecutor(len(started)) as pool:  # PyTorch starts and compiles for long
                verdicts = dict(zip(started, pool.map(
                    lambda item: judge(*item, expected, folder, case.precision), started.items())))
            for name in (f"{OURS}_{by}" for by in ways):
                if verdicts[name]:
                    raise Failed(f"{name}: {verdicts[name]}")
            present = {name: each for name, each in started.items() if not verdicts[name]}
            outcome = GpuOutcome(play(present), absent={name: why for name, why in verdicts.items() if why})
            outcome.memory = {name: each.number("memory") for name, each in present.items()}
            return join_ours(outcome, ways)
        except Broken as why:
            raise Failed(str(why)) from why
