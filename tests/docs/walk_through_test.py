#!/usr/bin/env python3
"""Runs the commands of docs in an empty folder, as they stand.

usage: walk_through_test.py RESIDUA DOCUMENT...

Commands are the lines of fenced blocks behind a comment <!-- walk-through -->, or <!-- walk-through: alternatives -->, of which each starts
from what the blocks before have left. A fenced block without one is an error, unless it is of another language than sh. What is different:

- run files that `residua new` has written, or that come from `configs`, get fewer steps, points and cases, so that minutes become seconds;
- torchrun, srun and mpirun are tests/docs/launcher.py, which starts two processes here;
- measurements for `residua fit` are answers of the surrogate with noise;
- a training that is to be resumed has been stopped on its way, and if settings are to change, its last stage gets more steps.
"""

import csv
import io
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(<!-- walk-through(: alternatives)? -->\n+)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHORTER = ((r"width = \d+", "width = 8"), (r"(?m)^steps = \d+", "steps = 10"), (r"(?m)^points = \d+", "points = 100"),
           (r"\A", "validation_cases = 8\n"))
LAUNCHER = pathlib.Path(__file__).with_name("launcher.py").resolve()
TRUTH = ("depth=1", "peclet=60", "retardation=2", "mobile_fraction=0.8", "exchange=1")


def blocks_in(document):
    """For each block its commands, and whether they are alternatives."""
    for marked, alternatives, language, text in BLOCK.findall(document.read_text()):
        if marked:
            yield commands_in(text), bool(alternatives)
        elif language in ("", "sh"):
            sys.exit(f"{document.name}: expected <!-- walk-through --> above the block that starts with '{text.splitlines()[0]}'")


def commands_in(text):
    """Whole commands: lines that end in a backslash go on, comments and empty lines are left out."""
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.lstrip().startswith("#")]


def shorten(file):
    text = file.read_text()
    for pattern, replacement in SHORTER:
        text = re.sub(pattern, replacement, text)
    file.write_text(text)


class Walk:
    """The commands of one document, on their way through a folder."""

    def __init__(self, residua, document, place):
        self.document, self.folder, self.count = document, place / "folder", 0
        self.folder.mkdir()
        starters = place / "starters"
        starters.mkdir()
        for name in ("torchrun", "srun", "mpirun"):
            (starters / name).symlink_to(LAUNCHER)
        self.environment = {**os.environ, "PATH": f"{starters}:{residua.parent}:{os.environ['PATH']}"}

    def call(self, command):
        done = subprocess.run(["bash", "-ec", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{self.document.name}: {command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def run(self, command):
        self.prepare(command)
        self.call(command)
        if command.startswith("residua new"):
            for file in self.folder.glob("*.toml"):
                shorten(file)
        self.count += 1

    def prepare(self, command):
        """What a user has, and the commands before have not made."""
        for name in re.findall(r"configs/\S+\.toml", command):
            copy = self.folder / name
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.document.parent.parent / name, copy)
                shorten(copy)
        if command.startswith("residua fit"):
            self.measure(re.search(r"\S+\.h5", command)[0])
        if "--resume" in command:
            train = command.split("--resume")[0]
            self.call(f"{train} --restart --stop-after 15")
            if "--changed" in command:
                file = self.folder / re.search(r"\S+\.toml", command)[0]
                *before, last = file.read_text().rpartition("steps = 10")
                file.write_text("".join([*before[:-1], "steps = 12", last]))

    def measure(self, surrogate):
        """A table of flux against time, with noise of one percent of its span."""
        (self.folder / "times.csv").write_text("\n".join(["time", *(f"{0.4 + 0.08 * i:.2f}" for i in range(40))]) + "\n")
        rows = list(csv.DictReader(io.StringIO(self.call(f"residua predict {surrogate} --table times.csv --at {' '.join(TRUTH)}"))))
        noise, answers = random.Random(1), [float(row["flux [-]"]) for row in rows]
        sigma = 0.01 * (max(answers) - min(answers))
        with (self.folder / "curve.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("time", "flux"), *((row["time"], answer + noise.gauss(0, sigma)) for row, answer in zip(rows, answers))])

    def try_each(self, commands):
        """Each in the folder as it is now."""
        kept = self.folder.with_name("kept")
        shutil.copytree(self.folder, kept)
        for command in commands:
            self.run(command)
            shutil.rmtree(self.folder)
            shutil.copytree(kept, self.folder)
        shutil.rmtree(kept)


def walk_through(residua, document, place):
    walk = Walk(residua, document, place)
    for commands, alternatives in blocks_in(document):
        if alternatives:
            walk.try_each(commands)
        else:
            for command in commands:
                walk.run(command)
    if walk.count == 0:
        sys.exit(f"{document.name}: expected commands behind <!-- walk-through -->, found none")
    print(f"{document.name}: {walk.count} commands")


def main():
    residua = pathlib.Path(sys.argv[1]).resolve()
    for document in sys.argv[2:]:
        with tempfile.TemporaryDirectory() as place:
            walk_through(residua, pathlib.Path(document).resolve(), pathlib.Path(place))


if __name__ == "__main__":
    main()
