"""Residua and its peers on one problem, in turn: who is right, how long each takes, and how much memory.

Every contestant is a process that holds the problem in memory and waits for commands (peer.py says which). In each
round each has its turn, so that whatever disturbs the machine disturbs all; ratios are taken within a round.
"""

import array
import contextlib
import dataclasses
import os
import pathlib
import select
import statistics
import subprocess
import tempfile
import time

from bench.scoreboard import PEERS_PYTHON, Failed, NotMeasured, say

THREADS = 2
ROUNDS, TURN_SECONDS = 5, 0.4
GRADIENT_TOLERANCE = {"float32": 1e-3, "float64": 1e-9}
CALM = 0.05  # a turn in which other programs took a larger share of the processors is taken again
RETRIES = 3
PATIENCE_SECONDS = 600
OURS = "residua"

# Name in the figures: program and variant.
PEERS = {
    "torch_nested": ("torch_peer.py", "nested"),
    "torch_nested_compiled": ("torch_peer.py", "nested_compiled"),
    "torch_jets": ("torch_peer.py", "jets"),
    "torch_jets_compiled": ("torch_peer.py", "jets_compiled"),
    "torch_func": ("torch_peer.py", "func"),
    "torch_func_compiled": ("torch_peer.py", "func_compiled"),
    "jax_nested": ("jax_peer.py", "nested"),
    "jax_jvp": ("jax_peer.py", "jvp"),
    "jax_jet": ("jax_peer.py", "jet"),
    "deepxde": ("deepxde_peer.py", "grad"),
}


@dataclasses.dataclass(frozen=True)
class Case:
    physics: str
    width: int
    channels: int  # the fewest that the equation needs
    precision: str = "float32"
    points: int = 16384
    depth: int = 4
    outputs: int = 1
    design: bool = False  # parameters that have a range are inputs of the network
    peers: tuple = tuple(PEERS)

    @property
    def name(self):
        points = "" if self.points == 16384 else f"/points:{self.points}"
        return f"{self.physics}/{self.width}/{self.precision}{points}"

    @property
    def useful_flop(self):
        """Of one pass, by the weights behind layer 0: forward 2, backward 4, for every channel."""
        weights = (self.depth - 1) * self.width**2 + self.width * self.outputs
        return 6 * self.channels * weights * self.points

    def options(self):
        return ["--physics", self.physics, "--points", self.points, "--width", self.width, "--depth", self.depth,
                "--threads", THREADS, *(["--design"] if self.design else [])]


@dataclasses.dataclass
class Outcome:
    """What a contest found, by contestant."""

    seconds: dict = dataclasses.field(default_factory=dict)  # of a pass: one number per round
    cores: dict = dataclasses.field(default_factory=dict)  # processors kept busy
    absent: dict = dataclasses.field(default_factory=dict)  # peers that do not work or are wrong: why
    peaks: list = dataclasses.field(default_factory=list)  # FMA peak in FLOP/s, one per round
    others: dict = dataclasses.field(default_factory=dict)  # share of the processors others took, per round

    @property
    def disturbed(self):
        """The share of the processors that other programs took in the median turn of who suffered most."""
        return max(statistics.median(shares) for shares in self.others.values())

    def milliseconds(self, name):
        return 1e3 * statistics.median(self.seconds[name])

    def ratio(self, name):
        """How many times longer than ours, median over the rounds."""
        return statistics.median(peer / ours for peer, ours in zip(self.seconds[name], self.seconds[OURS]))

    def peak_share(self, flop):
        return statistics.median(flop / ours / peak for ours, peak in zip(self.seconds[OURS], self.peaks))


class Broken(Exception):
    """A contestant ended or refused: why."""


class Contestant:
    """A process that answers commands within `patience` seconds, bound to as many processors as it has threads."""

    def __init__(self, command, *, threads=THREADS, patience=PATIENCE_SECONDS, **environment):
        self._log = tempfile.TemporaryFile("w+")
        self._patience = patience
        self.cpus = sorted(os.sched_getaffinity(0))[:threads]
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
            bufsize=1, env={**os.environ, "OMP_NUM_THREADS": str(threads), **environment},
            preexec_fn=lambda: os.sched_setaffinity(0, self.cpus))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends it, gently at first."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def ask(self, *words):
        with contextlib.suppress(BrokenPipeError):  # it has said why, or its log has
            self._process.stdin.write(" ".join(map(str, words)) + "\n")
        if not select.select([self._process.stdout], [], [], self._patience)[0]:
            raise Broken(f"no answer to '{words[0]}' within {self._patience} s")
        answer = self._process.stdout.readline().strip()
        if not answer:
            self._log.seek(0)
            raise Broken((self._log.read().strip().splitlines() or ["it ended without a word"])[-1])
        if answer.startswith("error: "):
            raise Broken(answer.removeprefix("error: "))
        return answer

    def answer(self, folder):
        """Loss and gradient."""
        self.ask("answer", folder / "answer")
        return doubles(folder / "answer")

    def seconds(self, passes):
        return [float(word) for word in self.ask("time", passes).split()]

    def number(self, command):
        return float(self.ask(command))

    def cpu_seconds(self):
        """Of all its threads."""
        try:
            return time.clock_gettime(~self._process.pid << 3 | 2)  # as clock_getcpuclockid(3) forms it
        except OSError as why:
            raise Broken("it ended early") from why


def doubles(path):
    values = array.array("d")
    values.frombytes(path.read_bytes())
    return values


def start_ours(run, case, precision=None):
    program = run.program("bench/residua_peer_case", "residua_peer_case")
    return Contestant([program, *case.options(), "--precision", precision or case.precision])


def start_peer(run, name, case, problem):
    program, variant = PEERS[name]
    peers = pathlib.Path(__file__).parent
    return Contestant([PEERS_PYTHON, "-B", peers / program, variant, problem, case.precision, THREADS],
                      PYTHONPATH=str(run.peers), CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu",
                      TORCHINDUCTOR_CACHE_DIR=str(run.runs / "peers/compiled"), TORCHINDUCTOR_COMPILE_THREADS="1")


def write_problem(run, case, folder):
    path = folder / "problem"
    run.call(run.program("bench/residua_peer_case", "residua_peer_case"), *case.options(), "--write-problem", path)
    return path


def scratch_folder(run):
    (run.runs / "peers").mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=run.runs / "peers")


def gradient_error(found, expected):
    """Relative, in the Euclidean norm; the loss stands first and is compared by itself."""
    if len(found) != len(expected):
        return float("inf")
    difference = sum((a - b) ** 2 for a, b in zip(found[1:], expected[1:]))
    loss = abs(found[0] - expected[0]) / abs(expected[0])
    return max(loss, (difference / sum(b * b for b in expected[1:])) ** 0.5)


def mistake(found, expected, precision):
    error = gradient_error(found, expected)
    return "" if error < GRADIENT_TOLERANCE[precision] else f"wrong answer: relative error {error:.1e}"


# --- turns ------------------------------------------------------------------------------------------------------------


def busy_seconds(cpus):
    """Time that these processors did not idle since the system started."""
    ticks = 0
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in {f"cpu{cpu}" for cpu in cpus}:
            user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
            ticks += user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def settle(contestants):
    """Waits until none of them computes: threads may spin for a while in hope of more work."""
    for _ in range(100):
        before = [contestant.cpu_seconds() for contestant in contestants]
        time.sleep(0.01)
        if all(contestant.cpu_seconds() - spent < 1e-4 for contestant, spent in zip(contestants, before)):
            return


def take_turn(contestant, passes):
    """Median seconds of a pass, processors kept busy, and the share that other programs took of the processors."""
    wall, busy, own = time.monotonic(), busy_seconds(contestant.cpus), contestant.cpu_seconds()
    seconds = statistics.median(contestant.seconds(passes))
    wall, own = time.monotonic() - wall, contestant.cpu_seconds() - own
    others = busy_seconds(contestant.cpus) - busy - own
    return seconds, own / wall, max(0.0, others / (wall * len(contestant.cpus)))


def calm_turn(contestant, passes):
    turns = []
    for _ in range(RETRIES):
        turns.append(take_turn(contestant, passes))
        if turns[-1][2] < CALM:
            break
    return min(turns, key=lambda turn: turn[2])


def play(contestants):
    """All rounds, each beginning with another contestant."""
    outcome = Outcome()
    order = list(contestants)
    passes = {}
    for name, contestant in contestants.items():
        passes[name] = max(1, round(TURN_SECONDS / min(contestant.seconds(2))))
        outcome.seconds[name], outcome.others[name], outcome.cores[name] = [], [], 0
    for _ in range(ROUNDS):
        for name in order:
            contestant = contestants[name]
            settle(contestants.values())
            peak = contestant.number("peak") if name == OURS else 0
            seconds, cores, others = calm_turn(contestant, passes[name])
            outcome.seconds[name].append(seconds)
            outcome.others[name].append(others)
            outcome.cores[name] = max(cores, outcome.cores[name])
            if name == OURS:
                outcome.peaks.append(max(peak, contestant.number("peak")))
        order = [*order[1:], order[0]]
    return outcome


def contest(run, case):
    """The outcome for Residua and, where their packages are at hand, those of its peers that are right."""
    if len(os.sched_getaffinity(0)) < THREADS:
        raise NotMeasured(f"needs {THREADS} processors")
    names = case.peers if run.peers else ()
    say(f"{case.name}: residua{f' and {len(names)} peers' if names else ''}")
    started, absent = {}, {}
    with scratch_folder(run) as scratch:
        folder = pathlib.Path(scratch)
        try:
            with start_ours(run, case, "float64") as exact:
                expected = exact.answer(folder)
            started[OURS] = start_ours(run, case)
            if wrong := mistake(started[OURS].answer(folder), expected, case.precision):
                raise Failed(f"residua_peer_case: {wrong}")
            problem = write_problem(run, case, folder) if names else None
            for name in names:
                peer = start_peer(run, name, case, problem)
                try:
                    wrong = mistake(peer.answer(folder), expected, case.precision)
                except Broken as why:
                    wrong = f"does not work: {why}"
                if wrong:
                    absent[name] = wrong
                    peer.stop()
                    say(f"{case.name}: {name}: {wrong}")
                else:
                    started[name] = peer
            outcome = play(started)
        except Broken as why:
            raise Failed(str(why)) from why
        finally:
            for contestant in started.values():
                contestant.stop()
    outcome.absent = absent
    return outcome


def memory(run, case, name):
    """Bytes that passes take beyond the problem itself."""
    with scratch_folder(run) as scratch:
        folder = pathlib.Path(scratch)
        say(f"memory of {name} at {case.points} points")
        problem = write_problem(run, case, folder) if name != OURS else None
        with start_peer(run, name, case, problem) if problem else start_ours(run, case) as contestant:
            try:
                contestant.answer(folder)
                contestant.seconds(2)
                return contestant.number("memory")
            except Broken as why:
                raise Failed(f"{name}: {why}") from why
