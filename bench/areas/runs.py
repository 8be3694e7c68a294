"""Training runs: what becomes of them when they are killed."""

import io
import random
import re
import shutil
import subprocess
import time
import zipfile

from bench import gloo
from bench.scoreboard import Failed, Figure

KILLS = 100
OPTIMIZERS = ("adam", "soap", "muon", "lbfgs", "ssbroyden", "levenberg_marquardt")
RUN = """physics = "burgers"
seed = 5
checkpoint_every = 20
validation_cases = 1
[network]
width = 10
depth = 2
[terms.interior]
points = 200
""" + "".join(f'[[stage]]\noptimizer = "{name}"\nsteps = 150\nresample = 25\nmore_points = 1\n' for name in OPTIMIZERS)


def end_of(folder):
    """All tensors of the last checkpoint, bit for bit, and the metrics but for the seconds."""
    archive = zipfile.ZipFile(io.BytesIO((folder / "checkpoint.pt").read_bytes()[:-8]))  # a check sum follows the archive
    tensors = {re.sub(r"^[^/]*", "", name): archive.read(name) for name in archive.namelist()
               if re.search(r"/data/\d+$", name)}
    rows = [line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()]
    return tensors, [row[:1] + row[2:] for row in rows]


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
    moments, same, early = random.Random(1), 0, 0
    for _ in range(KILLS):
        folder = place / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        child = subprocess.Popen([*command, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0, length))
        child.kill()
        child.wait()
        early += child.returncode == 0
        begun = (folder / "run.toml").exists()
        done = subprocess.run([*command, folder, *(["--resume"] if begun else [])], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"did not go on after a kill: {done.stderr.strip()}")
        same += end_of(folder) == expected
    return same, f"of {KILLS}; {early} were over before the kill; a run takes {length:.1f} s"


FIGURES = [Figure("kills_survived", "runs", kills_survived, at_least=KILLS), *gloo.FIGURES]
