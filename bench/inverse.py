"""Parameters recovered by `residua fit` from measurements with noise, over a hundred draws of the noise."""

import concurrent.futures
import csv
import dataclasses
import io
import itertools
import json
import math
import os
import random
import statistics

from bench import trained
from bench.scoreboard import Figure

SEEDS = 100
NOISES = (0.01, 0.05)  # of what the measurements span; what is asked is asked at the first
CLOSE = 3  # percent


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Where a plant would measure what, and what it does not know."""
    config: str
    output: str
    points: tuple  # a dict of inputs for each measurement
    known: dict
    unknown: dict  # with their true values
    pulse: float = 0  # the inlet's step ends then


def steps(first, last, count):
    return [first + (last - first) * i / (count - 1) for i in range(count)]


# A tracer experiment: a short pulse, and forty samples at the outlet. (A step says less of dispersion: with
# pulse=0 the error of the Peclet number is 12 %.)
COLUMN = Experiment("leach_column", "flux", tuple({"time": t, "depth": 1.0} for t in steps(0.4, 3.5, 40)), {"retardation": 2},
                    {"peclet": 60, "mobile_fraction": 0.65, "exchange": 1}, pulse=0.25)
# Five thermocouples through the wall, read every ten minutes for two days.
WALL = Experiment("kiln_wall_calibration", "temperature",
                  tuple({"time": t, "depth": x} for x, t in itertools.product((0.1, 0.3, 0.5, 0.7, 0.9), steps(1 / 6, 48, 288))), {},
                  {"conductivity_slope": 4e-4, "outer_film": 12})


def table(path, points, **columns):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*points[0], *columns])
        writer.writerows(zip(*zip(*(point.values() for point in points)), *columns.values()))
    return path


def given(values):
    return ["--at", *(f"{name}={value}" for name, value in values.items())] if values else []


def truth(run, surrogate, experiment, place):
    """The reference's answers; after a pulse the step that ended it is taken away."""
    def step(points):
        printed = run.residua("predict", surrogate, "--reference", "--table", table(place / "points.csv", points),
                              *given({**experiment.known, **experiment.unknown}))
        rows = list(csv.DictReader(io.StringIO(printed)))
        column = next(name for name in rows[0] if name.startswith(f"{experiment.output} reference"))
        return [float(row[column]) for row in rows]

    answers = step(experiment.points)
    if experiment.pulse:
        later = [{**point, "time": max(0, point["time"] - experiment.pulse)} for point in experiment.points]
        answers = [a - b for a, b in zip(answers, step(later))]
    return answers


@dataclasses.dataclass(frozen=True)
class Recovery:
    """What the fits found of one parameter."""
    rms: float  # of the errors, in percent
    close: int  # fits that are off by CLOSE percent at most
    covered: int  # intervals that hold the truth


def fitted(run, experiment, share):
    """What a hundred fits found of each parameter, under noise of this share of what the measurements span."""
    place = run.runs / f"inverse-{experiment.config}"
    place.mkdir(parents=True, exist_ok=True)
    surrogate = trained.surrogate(run, experiment.config)
    exact = truth(run, surrogate, experiment, place)
    sigma = share * (max(exact) - min(exact))

    def once(seed):
        noise = random.Random(seed)
        measured = table(place / f"{seed}.csv", experiment.points, **{experiment.output: [v + noise.gauss(0, sigma) for v in exact]})
        pulse = ["--pulse", experiment.pulse] if experiment.pulse else []
        found = json.loads(run.residua("fit", surrogate, "--json", "--table", measured, *given(experiment.known), *pulse,
                                       env={**os.environ, "OMP_NUM_THREADS": "1"}))
        return {p["name"]: p for p in found["params"]}

    def recovery(name, true):
        errors = [100 * (fit[name]["value"] / true - 1) for fit in fits]
        return Recovery(rms=math.sqrt(statistics.fmean(error**2 for error in errors)), close=sum(abs(error) <= CLOSE for error in errors),
                        covered=sum(not fit[name]["at_bound"] and fit[name]["lower"] <= true <= fit[name]["upper"] for fit in fits))

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        fits = list(pool.map(once, range(1, SEEDS + 1)))
    return {name: recovery(name, true) for name, true in experiment.unknown.items()}


def found(run, experiment, share):
    return run.once(f"inverse {experiment.config} {share}", lambda: fitted(run, experiment, share))


def error(experiment, share):
    """The error of the parameter that is found worst."""
    def measure(run):
        errors = {name: parameter.rms for name, parameter in found(run, experiment, share).items()}
        return max(errors.values()), listed(errors, "{:.2g} %") + f"; root mean squares over {SEEDS} draws of {100 * share:g} % noise"

    return measure


def close(experiment, share):
    """The number of fits that find a parameter within CLOSE percent, of the parameter where it is lowest."""
    def measure(run):
        counts = {name: parameter.close for name, parameter in found(run, experiment, share).items()}
        return min(counts.values()), listed(counts, "{}") + f" within {CLOSE} %"

    return measure


def covered(experiment, share):
    """The number of 95 % intervals that hold the truth, of the parameter where it is farthest from 95."""
    def measure(run):
        counts = {name: parameter.covered for name, parameter in found(run, experiment, share).items()}
        return max(counts.values(), key=lambda count: abs(count - 95)), listed(counts, "{}")

    return measure


def listed(values, form):
    return ", ".join(f"{name} {form.format(value)}" for name, value in values.items())


def figures(name, experiment, share):
    asked = share == NOISES[0]
    stem = f"inverse/{name}" if asked else f"inverse/{name}_{100 * share:g}%"
    return [Figure(f"{stem}_error", "%", error(experiment, share), at_most=CLOSE if asked else None),
            Figure(f"{stem}_close", f"of {SEEDS}", close(experiment, share)),
            Figure(f"{stem}_covered", f"of {SEEDS}", covered(experiment, share), at_least=90 if asked else None,
                   at_most=98 if asked else None)]


FIGURES = [figure for name, experiment in (("column", COLUMN), ("wall", WALL)) for share in NOISES
           for figure in figures(name, experiment, share)]
