"""What the areas of scripts/bench are written with: figures, the run they are measured in, and where the results go.

An area is a file bench/areas/<name>.py with a list FIGURES. A figure is one line of the scoreboard: a name, a unit, what is
asked of it, and a function that measures it in a Run. Functions that share an expensive step put it behind `run.once`.
An area may have `details(run)`, a dict that joins its figures in the results, `describe(run)`, a dict that
joins what the results say of the machine, and `document(details, machine)`, which writes what it has for docs/benchmarks.md
besides the table of its figures.
"""

import collections.abc
import dataclasses
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS_PYTHON = "/usr/bin/python3"  # the one that bench/peers/setup installs them for
RESULTS = ROOT / "bench" / "results"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
BUNDLED_CODE = ROOT / "bundled-code"


class NotMeasured(Exception):
    """Something that the figure needs is absent: says what, and how to get it."""


class Failed(Exception):
    """A program ended badly or gave a wrong answer: the figure is missed."""


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str
    unit: str
    measure: collections.abc.Callable  # Run -> a number, or (number, note)
    at_most: float | None = None
    at_least: float | None = None

    @property
    def asked(self):
        bounds = [f"{sign}{bound:g}" for sign, bound in ((">=", self.at_least), ("<=", self.at_most)) if bound is not None]
        return " ".join(bounds) or "-"

    def verdict(self, value):
        if self.at_most is None and self.at_least is None:
            return "INFO"
        # Written so that a NaN is missed.
        kept = (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)
        return "PASS" if kept else "MISS"


@dataclasses.dataclass
class Result:
    figure: Figure
    verdict: str
    value: float | None
    note: str
    load: float  # runnable processes just before, as the system averages them over a minute

    def line(self):
        value = "-" if self.value is None else f"{self.value:.4g}"
        note = f"  # {self.note}" if self.note else ""
        return f"{self.verdict} {self.figure.name} {value} {self.figure.unit} {self.figure.asked}{note}"


class Run:
    """One call of scripts/bench: where things are, what was asked, and what was found out on the way."""

    def __init__(self, build, fresh=False, train=True, configs=ROOT / "configs", runs=None, peers=None, seeds=1, deadline=None):
        self.build = pathlib.Path(build).resolve()
        self.fresh, self.train, self.seeds = fresh, train, seeds
        self.peers = peers  # the folder that bench/peers/setup made, or None: leave the peers out
        self.deadline = deadline  # of time.monotonic(), for what can be left out
        self.configs = pathlib.Path(configs)
        self.runs = pathlib.Path(runs) if runs else self.build / "bench-runs"
        self.shared = pathlib.Path(os.environ.get("RESIDUA_SHARED") or ROOT.parent / "shared")
        self._known = {}

    def once(self, key, find):
        """The result of find(), called the first time only; what it raised is raised again."""
        if key not in self._known:
            try:
                self._known[key] = find(), None
            except (NotMeasured, Failed) as problem:
                self._known[key] = None, problem
        value, problem = self._known[key]
        if problem:
            raise problem
        return value

    def cached(self, name):
        """A variable of the build folder's CMake: the tools that it was made with, for instance."""
        found = re.search(rf"^{name}:\w+=(.*)$", (self.build / "CMakeCache.txt").read_text(), re.MULTILINE)
        if not found or not found[1]:
            raise NotMeasured(f"the build folder's CMake has no {name}")
        return found[1]

    def program(self, path, target):
        """A program of the build folder."""
        program = self.build / path
        if not program.exists():
            raise NotMeasured(f"needs {target}: cmake --build {shown(self.build)} --target {target}")
        return program

    def call(self, *command, show=False, **options):
        """What a command prints; Failed if it ends badly. With `show`, it reports its progress on the terminal."""
        command = [str(word) for word in command]
        try:
            done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=None if show else subprocess.PIPE,
                                  text=True, **options)
        except subprocess.TimeoutExpired as why:
            raise Failed(f"{pathlib.Path(command[0]).name}: not done after {why.timeout:.0f} s") from why
        if done.returncode:
            said = (done.stderr or "").strip().splitlines() or ["see above" if show else "no message"]
            raise Failed(f"{' '.join([pathlib.Path(command[0]).name, *command[1:2]])} ended with {done.returncode}: {said[0]}")
        return done.stdout

    def residua(self, *arguments, **options):
        return self.call(self.program("pinn/residua", "residua"), *arguments, **options)

    def cases(self, pattern):
        """Cases of residua_bench whose names match, by name."""
        return self.once(f"residua_bench {pattern}", lambda: self._cases(pattern))

    def _cases(self, pattern):
        program = self.program("bench/residua_bench", "residua_bench")
        say(f"residua_bench, cases {pattern}")
        output = self.call(program, f"--benchmark_filter={pattern}", "--benchmark_format=json")
        return {case["name"].removesuffix("/real_time").split("/iterations:")[0]: case
                for case in json.loads(output)["benchmarks"]}

    def isa(self):
        listed = self.residua("list")
        return re.search(r"instruction set in use: (\S+)", listed)[1]


def say(what):
    print(f"bench: {what} ...", file=sys.stderr, flush=True)


def shown(path):
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def without_folders(text):
    """A message with absolute paths cut to their last part, since results are shared."""
    return re.sub(r"(?<![\w.])(/[^/\s:'\"]+)+/", "", text)


def measure(run, figure):
    load = os.getloadavg()[0]
    try:
        found = figure.measure(run)
        value, note = found if isinstance(found, tuple) else (found, "")
        return Result(figure, figure.verdict(value), value, note, load)
    except NotMeasured as why:
        return Result(figure, "NOT-MEASURED", None, without_folders(str(why)), load)
    except Failed as why:
        return Result(figure, "MISS", None, without_folders(str(why)), load)
    except Exception as why:  # noqa: BLE001  (a mistake in one figure does not take the hours of the others with it)
        traceback.print_exc()
        return Result(figure, "MISS", None, without_folders(f"{type(why).__name__}: {why}"), load)


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def describe_code():
    """The state of the code, if it is known: of the checkout, or of what a bundle was made from (bench/bundle.py)."""
    if BUNDLED_CODE.exists():
        return BUNDLED_CODE.read_text().strip() or None
    git = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, check=False, capture_output=True, text=True)
    return git.stdout.strip() or None


def describe_machine(run):
    try:
        isa = run.isa()
    except (NotMeasured, Failed):
        isa = None
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "isa": isa,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "code": describe_code(),
    }


def results_path(area, machine):
    """Of a processor, one file for each area; of another device, one in all."""
    name = machine.get("device") or f"{machine['cpu']}-{area}"
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((r|tm)\)", "", name.lower())).strip("-")
    return RESULTS / f"{slug}.json"


def entry(result, machine):
    """A figure as the file of results keeps it, with the state of the code and the day that it is of."""
    value = None if result.value != result.value else result.value
    return {"name": result.figure.name, "verdict": result.verdict, "value": value, "unit": result.figure.unit, "asked": result.figure.asked,
            "note": result.note, "load": round(result.load, 2), "isa": machine["isa"], "date": machine["date"], "code": machine["code"]}


def joined(figures, before, now):
    """The area's figures in their order: those of `now`, and of `before` where `now` has none that was measured."""
    found = {old["name"]: old for old in before}
    for new in now:
        if new["value"] is not None or new["name"] not in found:
            found[new["name"]] = new
    return [found[figure.name] for figure in figures if figure.name in found]


def write_results(area, machine, figures, results, details, update=False):
    """bench/results/<machine>-<area>.json: replaced whole, or with `update` only the figures that were measured now.
    `details` is what the area adds to its figures. Returns the path and the entries in it."""
    path = results_path(area, machine)
    entries = [entry(result, machine) for result in results]
    if update and path.exists():
        old = json.loads(path.read_text())
        stamp = {key: old[key] for key in ("isa", "date", "code")}
        entries = joined(figures, [{**stamp, **figure} for figure in old.pop("figures")], entries)
        details = {**{key: value for key, value in old.items() if key not in ("area", *machine)}, **details}
    write_json(path, {"area": area, **machine, "figures": entries, **details})
    return path, entries


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".tmp").write_text(json.dumps(content, indent=1) + "\n")
    path.with_suffix(".tmp").replace(path)


def take_results(area, module, found):
    """Makes the results that another checkout or a bundle wrote those of this one, tables included. Returns the path."""
    if found["area"] != area:
        raise ValueError(f"expected the area {area}, found {found['area']}")
    path = results_path(area, found)
    write_documents(area, module, found, found["figures"], found)
    write_json(path, found)
    return path


def hardware(machine):
    return machine.get("device") or f"{machine['cpu']}, {machine['cores']} cores"


def machine_line(machine):
    isa = "" if machine.get("device") else f"{machine['isa']}, "
    return f"{hardware(machine)}, {isa}{machine['date'][:10]}, code {machine['code']}"


def write_between(name, lines, document=DOCUMENT):
    """Replaces what stands in a document between the two markers of that name."""
    begin, end = f"<!-- {name}: written by scripts/bench -->", f"<!-- {name}: end -->"
    text = document.read_text()
    if begin not in text or end not in text:
        sys.exit(f"bench: {shown(document)}: expected the markers {begin} and {end}")
    before, after = text.split(begin)[0], text.split(end)[1]
    document.write_text(before + "\n".join([begin, "", *lines, "", end]) + after)


def write_table(area, machine, entries):
    """The table of the area. Figures that were not measured stay out."""
    rows = [hardware(machine), "",
            "| figure | value | unit | asked | verdict | load | measured | |", "|---|---|---|---|---|---|---|---|"]
    for e in entries:
        if e["value"] is not None:
            where = ", ".join(filter(None, (e["date"][:10], e["code"], e["isa"])))
            rows.append(f"| {e['name']} | {e['value']:.4g} | {e['unit']} | {e['asked']} | {e['verdict']} | {e['load']:.1f} | "
                        f"{where} | {e['note']} |")
    write_between(area, rows)


def measure_area(run, area, module, only="", update=False, docs=False):
    """Measures the figures of an area whose names contain `only`, a line for each as soon as it is known, and writes them
    (not with `only`, unless with `update`). Returns the results."""
    results = []
    for figure in module.FIGURES:
        if only in figure.name:
            results.append(measure(run, figure))
            print(results[-1].line(), flush=True)
    if only and not update:
        return results
    machine = describe_machine(run) | (module.describe(run) if hasattr(module, "describe") else {})
    details = module.details(run) if hasattr(module, "details") and not only else {}
    path, entries = write_results(area, machine, module.FIGURES, results, details, update)
    print(f"bench: wrote {shown(path)}", file=sys.stderr)
    if docs:
        write_documents(area, module, machine, entries, details)
    return results


def write_documents(area, module, machine, entries, details):
    """The tables of an area."""
    write_table(area, machine, entries)
    if details and hasattr(module, "document"):
        module.document(details, machine)


def seconds_of(action):
    start = time.monotonic()
    action()
    return time.monotonic() - start
