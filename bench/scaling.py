"""What training in several processes costs on many GPUs, on paper; only the rate at which points are drawn is measured.

A row of TRAININGS is a method on an example: what a process computes in a step and what it exchanges, which
tests/pinn/exchange_test.cpp holds the program to. Each process has the example's points, so more processes mean more points.
"""

import collections.abc
import dataclasses
import math
import os
import resource
import shutil

from bench import scoreboard

DOCUMENT = scoreboard.ROOT / "docs" / "training.md"
NAME = "scaling"

# An H200: float32 on vector units, float64 on tensor cores, in FLOP/s; a link between processes, each way.
FLOAT, DOUBLE = 67e12, 67e12
BANDWIDTH, LATENCY = 50e9, 5e-6
CHANNELS = 4  # of the jets, as of most physics with one second derivative
PROCESSES = (2, 8, 64, 1024)

# A step of Levenberg-Marquardt that tries two dampings with all corrections of which it is capable.
DAMPINGS, CORRECTIONS = 2, 16
# Without the matrix: two corrections each, every system by so many products with J and its transpose.
SOLUTIONS, ITERATIONS, RANK = 2 * 3, 50, 100


@dataclasses.dataclass(frozen=True)
class Training:
    what: str
    formula: str  # of the bytes that a process exchanges in a step
    weights: int  # P
    points: int   # N of one process, each with one row
    seconds: collections.abc.Callable   # (P, N, processes) -> of computing, in a step
    exchanges: collections.abc.Callable  # (P, N, processes) -> [(how many, values in each)], in a step
    resample: int  # steps between fresh points by default

    def computes(self, processes):
        return self.seconds(self.weights, self.points, processes)

    def values(self, processes):
        return sum(count * values for count, values in self.exchanges(self.weights, self.points, processes))

    def exchange(self, processes):
        return sum(count * seconds_of_sum(values, processes)
                   for count, values in self.exchanges(self.weights, self.points, processes))

    def worth(self, processes, resample, drawing):
        """How many GPUs' computing so many processes are worth, where a point is drawn in `drawing` seconds."""
        computes, draws = self.computes(processes), drawing * self.points * processes / resample
        return processes * self.computes(1) / (computes + self.exchange(processes) + draws)


def seconds_of_sum(values, processes):
    """A sum over processes by rings for the bandwidth and by trees for the latency."""
    return 2 * (processes - 1) / processes * 8 * values / BANDWIDTH + 2 * math.log2(processes) * LATENCY


# --- computing --------------------------------------------------------------------------------------------------------


def forward(p, n):
    """FLOP of residuals; those of a gradient, or a product with J transposed, are three times as many."""
    return 2 * CHANNELS * p * n


def adam_seconds(p, n, processes):
    return 3 * forward(p, n) / FLOAT


def trials(p, n):
    return DAMPINGS * ((CORRECTIONS + 1) * forward(p, n) + CORRECTIONS * 3 * forward(p, n))


def normal_seconds(p, n, processes):
    """Rows, half of J^T J, a factorisation for each damping, trials."""
    return (3 * forward(p, n) + n * p**2 + DAMPINGS * p**3 / 3 + trials(p, n)) / DOUBLE


def householder_seconds(p, n, processes):
    """Every process reduces all rows."""
    return (3 * forward(p, n) + 2 * processes * n * p**2 + DAMPINGS * p**3 + trials(p, n)) / DOUBLE


def matrix_free_seconds(p, n, processes):
    """Rows and their products with the test matrix; products with J, of two passes, and its transpose."""
    return (3 * forward(p, n) + 4 * RANK * p * n + SOLUTIONS * ITERATIONS * 5 * forward(p, n)) / DOUBLE


# --- exchange ---------------------------------------------------------------------------------------------------------


def adam_exchanges(p, n, processes):
    return [(1, p + 2)]


def of_trials(p):
    return [(DAMPINGS * (CORRECTIONS + 1), 1), (DAMPINGS * CORRECTIONS, p), (1, 1)]


def normal_exchanges(p, n, processes):
    return [(1, 1), (1, (p + 1) * (p + 2) // 2), *of_trials(p)]


def householder_exchanges(p, n, processes):
    """In blocks, as Householder::block_rows() has them."""
    rows = max(4 * (p + 1), 2048)
    return [(math.ceil(processes * n / rows), rows * (p + 1)), (1, 1), *of_trials(p)]


def matrix_free_exchanges(p, n, processes):
    products = SOLUTIONS * ITERATIONS
    return [(1, 1), (1, p), (1, RANK * p), (products + SOLUTIONS, 1), (products, p), (SOLUTIONS, 1), (SOLUTIONS, p), (1, 1)]


TRAININGS = [
    Training("`adam`, `soap`, `muon`", "8 P",
             17000, 2**20, adam_seconds, adam_exchanges, 1),
    Training("the same, few points", "8 P",
             17000, 8192, adam_seconds, adam_exchanges, 1),
    Training("`levenberg_marquardt`, normal equations",
             "4 P^2, and 8 P for each correction (16 at most) of each damping that is tried (one to three)",
             2000, 100000, normal_seconds, normal_exchanges, 20),
    Training("the same, matrix-free", "808 P, and 8 P for each iteration (tens to 300 a solution, three solutions a damping)",
             17000, 100000, matrix_free_seconds, matrix_free_exchanges, 20),
    Training("at the end, in Householder form", "8 P for each point of all processes, and as above for corrections",
             2000, 100000, householder_seconds, householder_exchanges, 20),
]


# --- drawing ----------------------------------------------------------------------------------------------------------

DRAWN, STEPS = 262144, 100
DRAWING = f"""physics = "burgers"
validation_cases = 1
[envelope]
viscosity = 0.01
[network]
width = 4
depth = 1
[terms.interior]
points = {DRAWN}
[[stage]]
optimizer = "adam"
steps = {STEPS}
"""


def processor_seconds(run, resample):
    """Of one thread, so that other programs on the machine matter little."""
    place = run.runs / NAME
    place.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(place / "run", ignore_errors=True)
    (place / "run.toml").write_text(f"{DRAWING}resample = {resample}\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run.residua("train", place / "run.toml", "-q", "-o", place / "run", env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def drawing_seconds(run):
    """Of a point with two inputs, until the kernels can have it: Adam on fresh points at every step against the same points
    for all steps. Best of three."""
    fresh, kept = (min(processor_seconds(run, resample) for _ in range(3)) for resample in (1, 1000000))
    return (fresh - kept) / ((STEPS - 1) * DRAWN)


# --- tables -----------------------------------------------------------------------------------------------------------


def rounded(value):
    """To two digits, or to a whole number."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def time_of(seconds):
    return f"{rounded(seconds)} s" if seconds >= 1 else f"{rounded(1e3 * seconds)} ms"


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def example(training):
    return f"P = {training.weights:,}, N = {training.points:,}"


def traffic_table():
    lines = [row("", "bytes", "example", "MB among 8", "among 1,024"), "|---|---|---|---|---|"]
    for training in TRAININGS:
        if training.what != "the same, few points":
            lines.append(row(training.what, training.formula, example(training),
                             *(rounded(8e-6 * training.values(processes)) for processes in (8, 1024))))
    return lines


def time_table(drawing):
    heads = [f"{processes:,}" for processes in PROCESSES]
    lines = [row("N each", "among", *heads), "|---|---|" + "---|" * len(heads)]
    for training in TRAININGS:
        def over(what):
            return [what(processes) for processes in PROCESSES]

        lines += [row(f"{training.what}: {example(training)}", "computes", *map(time_of, over(training.computes))),
                  row("", "exchanges", *map(time_of, over(training.exchange))),
                  row("", "draws, each time", *map(time_of, over(lambda n: drawing * training.points * n)))]
        for resample in sorted({training.resample, 1000}):
            worth = over(lambda n, steps=resample: training.worth(n, steps, drawing))
            lines.append(row("", f"worth, `resample` = {resample:,}", *(f"{rounded(gpus)} GPUs" for gpus in worth)))
    return lines


def report(run, write=False):
    """Prints the tables. With `write`, they go into docs/training.md."""
    drawing = drawing_seconds(run)
    machine = scoreboard.describe_machine(run)
    lines = [*traffic_table(), "", *time_table(drawing), "",
             f"Drawing: {1e9 * drawing:.0f} ns a point of two inputs, on one core: {scoreboard.machine_line(machine)}."]
    print("\n".join(lines))
    if write:
        scoreboard.write_between(NAME, lines, DOCUMENT)
