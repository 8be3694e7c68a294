"""Training runs: what becomes of them when they are killed, what their checkpoints cost, sweeps, several processes."""

import collections
import io
import json
import os
import pty
import random
import re
import resource
import shutil
import statistics
import subprocess
import threading
import time
import zipfile

from bench import gloo, inverse
from bench.scoreboard import Failed, Figure

KILLS = 100
PAIRS = 15
# With steps that take each about as long, so that a kill is as likely to hit one as another.
OPTIMIZERS = {"adam": 450, "soap": 225, "muon": 300, "lbfgs": 450, "ssbroyden": 75, "levenberg_marquardt": 75}
RUN = """physics = "burgers"
seed = 5
checkpoint_every = 20
validation_cases = 1
[network]
width = 10
depth = 2
[terms.interior]
points = 200
""" + "".join(f'[[stage]]\noptimizer = "{name}"\nsteps = {steps}\nresample = 25\nmore_points = 1\n' for name, steps in OPTIMIZERS.items())


def end_of(folder):
    """All tensors of the last checkpoint, bit for bit, and the metrics but for the seconds."""
    archive = zipfile.ZipFile(io.BytesIO((folder / "checkpoint.pt").read_bytes()[:-8]))  # a check sum follows the archive
    tensors = {re.sub(r"^[^/]*", "", name): archive.read(name) for name in archive.namelist()
               if re.search(r"/data/\d+$", name)}
    rows = [line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()]
    return tensors, [row[:1] + row[2:] for row in rows]


def at_work(folder):
    """The optimizer that a run was in when it ended, as its log says; before the first one "start-up", after the last one "end"."""
    log = folder / "log.txt"
    begun = re.findall(r"^\S+ (?:stage \d+ (\w+) from step|all steps (done))", log.read_text(), re.MULTILINE) if log.exists() else []
    if not begun:
        return "start-up"
    optimizer, done = begun[-1]
    return "end" if done else optimizer


def kills_survived(run):
    """Runs through every optimizer, each killed once at a moment drawn evenly, resumed, and compared with one left alone."""
    program, place = run.program("pinn/residua", "residua"), run.runs / "kills"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / "run.toml").write_text(RUN)
    command = [program, "train", place / "run.toml", "-q", "-o"]
    begin = time.monotonic()
    subprocess.run([*command, place / "whole"], check=True, capture_output=True)
    length, expected = time.monotonic() - begin, end_of(place / "whole")
    moments, hit, same, early = random.Random(1), collections.Counter(), 0, 0
    while (killed := hit.total()) < KILLS:
        folder = place / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        begin = time.monotonic()
        child = subprocess.Popen([*command, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if status := child.wait(moments.uniform(0, length)):
                raise Failed(f"ended with {status} before it was killed")
            early += 1
            length = min(length, time.monotonic() - begin)  # a first run on a busy machine may have been long
            if early > KILLS:
                raise Failed(f"{early} of {early + killed} runs were over before they could be killed")
            continue
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        hit[at_work(folder)] += 1
        begun = (folder / "run.toml").exists()
        done = subprocess.run([*command, folder, *(["--resume"] if begun else [])], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"did not go on after a kill: {done.stderr.strip()}")
        same += end_of(folder) == expected
    missed = [name for name in OPTIMIZERS if not hit[name]]
    if missed:
        raise Failed(f"of {KILLS} kills none hit {', '.join(missed)}")
    where = ", ".join(f"{hit[name]} in {name}" for name in ("start-up", *OPTIMIZERS, "end") if hit[name])
    return same, f"of {KILLS} killed: {where}; {early} more were over before; a run takes {length:.1f} s"


# 98,461 weights.
LARGE = """physics = "burgers"
validation_cases = 1
checkpoint_every = {every}
[network]
width = 180
depth = 4
[terms.interior]
points = 64
[[stage]]
optimizer = "adam"
steps = {steps}
resample = 1000000
"""


def training_seconds(run, text, name):
    folder = run.runs / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    written = folder.with_suffix(".toml")
    written.write_text(text)
    run.residua("train", written, "-q", "-o", folder)
    return json.loads(run.residua("info", folder / "surrogate.h5", "--json"))["training_seconds"]


def checkpoint(run):
    """Milliseconds that a checkpoint adds to a training which writes one at every step; the writing itself is done beside it."""
    steps = 100
    without, with_them = (statistics.median(training_seconds(run, LARGE.format(every=every, steps=steps), "checkpoint") for _ in range(3))
                          for every in (1000000, 1))
    return 1e3 * (with_them - without) / steps, f"{with_them:.2f} s with {steps} checkpoints, {without:.2f} s without; medians of 3"


SMALL = """physics = "burgers"
validation_cases = 1
[network]
width = 20
depth = 3
[terms.interior]
points = 1000
"""
# Cheap steps, of which there are many in a second: the harder case.
LOOKED_AT = "checkpoint_every = 1000000\n" + SMALL + '[[stage]]\noptimizer = "adam"\nsteps = 4000\n'


def overhead(run):
    """What progress on a terminal, log and metrics add to a training, in percent."""
    program, place = run.program("bench/residua_overhead", "residua_overhead"), run.runs / "overhead"
    place.parent.mkdir(parents=True, exist_ok=True)
    written = place.with_suffix(".toml")
    written.write_text(LOOKED_AT)
    keyboard, terminal = pty.openpty()  # progress is drawn on terminals only
    child = subprocess.Popen([program, written, place, str(PAIRS)], stdout=subprocess.PIPE, stderr=terminal, text=True)
    os.close(terminal)
    drawn = threading.Thread(target=read_to_the_end, args=(keyboard,))
    drawn.start()
    pairs = [tuple(map(float, line.split())) for line in child.stdout]
    drawn.join()
    os.close(keyboard)
    if child.wait() or len(pairs) != PAIRS:
        raise Failed(f"residua_overhead ended with {child.returncode} after {len(pairs)} pairs")
    ratio = statistics.median(seen / unseen for unseen, seen in pairs)
    return 100 * (ratio - 1), f"{statistics.median(unseen for unseen, _ in pairs):.2f} s without; median of {PAIRS} pairs"


def read_to_the_end(terminal):
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # how a terminal says that nobody writes to it any more
        pass


SWEPT = SMALL + """[[stage]]
optimizer = "adam"
steps = 300
[[stage]]
optimizer = "levenberg_marquardt"
steps = 20
"""


def sweep_busy(run):
    """Share of the machine's cores that a sweep of 16 runs, as many at a time as there are cores, keeps busy."""
    place, cores = run.runs / "sweep", len(os.sched_getaffinity(0))
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    base = place.with_suffix(".toml")
    base.write_text(SWEPT)
    used, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run.residua("sweep", base, "--vary", "seed=" + ",".join(str(seed) for seed in range(1, 17)), "-j", cores, "-o", place)
    wall, now = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    done = len(list(place.glob("*/surrogate.h5")))
    if done != 16:
        raise Failed(f"{done} of 16 runs ended with a surrogate")
    return 100 * busy / (cores * wall), f"{busy:.0f} s of work in {wall:.0f} s on {cores} cores"


FIGURES = [Figure("kills_survived", "runs", kills_survived, at_least=KILLS),
           Figure("checkpoint", "ms", checkpoint, at_most=20),
           Figure("overhead", "%", overhead, at_most=2),
           Figure("sweep_busy", "%", sweep_busy, at_least=95),
           *gloo.FIGURES,
           *inverse.FIGURES]
