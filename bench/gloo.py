"""Training in several processes of one machine against one process with one thread."""

import os
import shutil

import json

from bench.scoreboard import Figure

# The kernels take nearly all of a step: many points, and an optimizer that does little else.
SPEED = """physics = "burgers"
validation_cases = 1
[network]
width = 64
depth = 4
[terms.interior]
points = 16384
[[stage]]
optimizer = "adam"
steps = 60
resample = 1000000
"""
# 200 steps through float64 only.
EQUAL = """physics = "burgers"
validation_cases = 1
[network]
width = 12
depth = 3
[terms.interior]
points = 800
[[stage]]
steps = 200
resample = 50
more_points = 1
adaptive = 0
"""
ADAM = EQUAL + 'optimizer = "adam"\nlearning_rate = 5e-3\nprecision = "float64"\n'
LEVENBERG_MARQUARDT = EQUAL + 'optimizer = "levenberg_marquardt"\n'
PRINTED = 1e-6  # digits of a loss in the log


def trained(run, text, processes, threads=1):
    """The card of what so many processes train, with so many threads each, and the log."""
    place = run.runs / "gloo"
    place.mkdir(parents=True, exist_ok=True)
    folder = place / "run"
    shutil.rmtree(folder, ignore_errors=True)
    (place / "run.toml").write_text(text)
    run.residua("train", place / "run.toml", "-q", "-o", folder, "--processes", processes, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    return json.loads(run.residua("info", folder / "surrogate.h5", "--json")), (folder / "log.txt").read_text()


def final_loss(log):
    return float(log.rsplit(": loss ", 1)[1].split()[0])


def speedup(run):
    """Two threads of one process show what the machine has to give: its cores may share more than memory."""
    kinds = ((1, 1), (2, 1), (1, 2))  # processes and threads, in turn, since machines change their pace
    rounds = [[trained(run, SPEED, *kind)[0]["training_seconds"] for kind in kinds] for _ in range(5)]
    one, two, threads = (min(times) for times in zip(*rounds))
    return one / two, (f"{one:.2f} s and {two:.2f} s, 60 steps of Adam, 16,384 points, 4 x 64; best of 5; "
                       f"two threads of one process: {threads:.2f} s, {one / threads:.2f} x")


def loss_after(run, text, processes, threads=1):
    return final_loss(trained(run, text, processes, threads)[1])


def difference(processes):
    def measure(run):
        one, several = (loss_after(run, ADAM, count) for count in (1, processes))
        return abs(several / one - 1), f"{one:.6e} and {several:.6e} after 200 steps of Adam"

    return measure


def amplified(run):
    """Levenberg-Marquardt takes the last bit of a sum to the first of the loss within 200 steps, by threads as by processes."""
    one, threads, processes = (loss_after(run, LEVENBERG_MARQUARDT, *way) for way in ((1, 1), (1, 2), (2, 1)))
    return abs(processes / one - 1), (f"{one:.3e} and {processes:.3e}; two threads of one process, which add up in another order as well: "
                                      f"{threads:.3e}")


FIGURES = [
    Figure("gloo/speedup_of_2", "x", speedup, at_least=1.7),
    Figure("gloo/loss_difference_of_2", "relative", difference(2), at_most=PRINTED),
    Figure("gloo/loss_difference_of_4", "relative", difference(4), at_most=PRINTED),
    Figure("gloo/levenberg_marquardt_difference_of_2", "relative", amplified),
]
