"""What each method of training adds: the same small problems, trained with one thing changed at a time.

A row of the table is one line of ROWS: a problem, what is different, and the run file that says so. A problem is trained
by a budget of steps that takes every method about as long. `run_file` has the parts that rows have in common; whatever
else a row needs of a run file, it gives as text in `tables`.
"""

import dataclasses
import statistics
import tomllib

from bench import scoreboard, trained

DOCUMENT = scoreboard.ROOT / "docs" / "training.md"
NAME = "ablation"


def wall(inside, faces):
    return ('physics = "kiln_wall"\n[envelope]\ngas_temperature = 1300\nfilm_coefficient = 30\nthickness = 0.2\nconductivity = 1.2\n'
            f"initial_temperature = 400\n[terms]\ninterior = {{{inside}}}\nhot_face = {{{faces}}}\nshell = {{{faces}}}\n")


# Physics, envelope and the points of each term.
PROBLEMS = {
    "burgers": 'physics = "burgers"\n[envelope]\nviscosity = 0.01\n[terms.interior]\npoints = 1000\n',
    "burgers_steep": 'physics = "burgers"\n[envelope]\nviscosity = 0.003183098861837907\n[terms.interior]\npoints = 1000\n',
    "allen_cahn": 'physics = "allen_cahn"\n[envelope]\ndiffusivity = 1e-4\nrate = 5\n[terms.interior]\npoints = 1000\n',
    "kdv_periodic": 'physics = "kdv_periodic"\n[envelope]\ndispersion = 0.000484\n[terms.interior]\npoints = 1000\n',
    "kdv": 'physics = "kdv"\n[envelope]\ndispersion = 0.000484\n[terms.interior]\npoints = 1000\n'
           "[terms.initial]\npoints = 200\nweight = 100\n",
    "kdv_equal": 'physics = "kdv"\n[envelope]\ndispersion = 0.000484\n[terms.interior]\npoints = 1000\n[terms.initial]\npoints = 200\nweight = 1\n',
    "kiln_wall": wall("points = 500", "points = 100, weight = 1"),
    "kiln_wall_even": wall("points = 500, grading = 1", "points = 100, weight = 1, grading = 1"),
    "allen_cahn_few": 'physics = "allen_cahn"\n[envelope]\ndiffusivity = 1e-4\nrate = 5\n[terms.interior]\npoints = 150\n',
    "tracer_front": 'physics = "ogata_banks"\n[envelope]\npeclet = 1000\n[terms.interior]\npoints = 100\n',
    "allen_cahn_fast": 'physics = "allen_cahn"\n[envelope]\ndiffusivity = 1e-3\nrate = 10\n[terms.interior]\npoints = 1000\n',
    "allen_cahn_mild": 'physics = "allen_cahn"\n[envelope]\ndiffusivity = 1e-3\nrate = 5\n[terms.interior]\npoints = 400\n',
    "leach_envelope": 'physics = "leach_column"\n[envelope]\npeclet = [20, 120]\nretardation = [1, 4]\nmobile_fraction = [0.5, 0.95]\n'
                      "exchange = [0.2, 5]\ndecay = 0\n[terms.interior]\npoints = 800\n[terms.inlet]\npoints = 100\nweight = 10\n",
}
NETWORK = "width = 20\ndepth = 3"
BRANCH = f"{NETWORK}\n[network.branch]\nwidth = 20\ndepth = 2\ncases = 80"
WIDE = "width = 40\ndepth = 4"  # 5,081 weights on Burgers' equation


def stage(optimizer, steps, settings=""):
    return f'[[stage]]\noptimizer = "{optimizer}"\nsteps = {steps}\n{settings}\n'


def first_order(optimizer, steps, rate, settings=""):
    return stage(optimizer, steps, f"learning_rate = {rate}\nfinal_learning_rate = {rate / 10:g}\n{settings}")


WARM_UP = first_order("adam", 500, 5e-3)


def finish(optimizer, steps, settings="adaptive = 1"):
    """The warm-up, then a method that learns curvature from points that stay for a while, or finds it in each step."""
    resample = 10 if optimizer == "levenberg_marquardt" else 100
    return WARM_UP + stage(optimizer, steps, f"resample = {resample}\nmore_points = 2\n{settings}")


def short(steps, settings=""):
    return stage("levenberg_marquardt", steps, f"resample = 20\nmore_points = 2\nadaptive = 1\n{settings}")


EAGER = stage("levenberg_marquardt", 100, "resample = 5\nmore_points = 2\nadaptive = 0")


@dataclasses.dataclass(frozen=True)
class Row:
    problem: str
    what: str
    stages: str
    network: str = NETWORK
    tables: str = ""

    @property
    def name(self):
        return f"{self.problem}/{self.what}"

    def run_file(self, seed=1):
        return (f"seed = {seed}\n{PROBLEMS[self.problem]}[network]\n{self.network}\n{self.tables}"
                f'[surrogate]\nprecision = "float64"\n{self.stages}')

    def steps(self):
        return " + ".join(str(s["steps"]) for s in tomllib.loads(self.run_file())["stage"])


ROWS = [
    # Optimizers.
    Row("burgers", "adam", first_order("adam", 8000, 5e-3)),
    Row("burgers", "soap", first_order("soap", 5000, 5e-3)),
    Row("burgers", "muon", first_order("muon", 7000, 1e-2)),
    Row("burgers", "lbfgs", finish("lbfgs", 2500)),
    Row("burgers", "ssbroyden", finish("ssbroyden", 2000)),
    Row("burgers", "levenberg_marquardt", finish("levenberg_marquardt", 300)),
    Row("burgers", "4 x 40, adam", first_order("adam", 4000, 5e-3), WIDE),
    Row("burgers", "4 x 40, lbfgs", finish("lbfgs", 1200), WIDE),
    Row("burgers", "4 x 40, matrix-free levenberg_marquardt",
        finish("levenberg_marquardt", 25, 'adaptive = 1\nsolver = "matrix_free"'), WIDE),
    Row("burgers", "4 x 40, dense levenberg_marquardt",
        finish("levenberg_marquardt", 25, 'adaptive = 1\nsolver = "dense"'), WIDE),
    # First-order methods with random weight factorisation.
    Row("allen_cahn", "adam", first_order("adam", 5000, 5e-3)),
    Row("allen_cahn", "adam, factorised", first_order("adam", 5000, 5e-3, "factorised = true")),
    Row("allen_cahn", "soap", first_order("soap", 3000, 5e-3)),
    Row("allen_cahn", "soap, factorised", first_order("soap", 3000, 5e-3, "factorised = true")),
    # Points.
    Row("burgers_steep", "points evenly spread", finish("levenberg_marquardt", 300, "adaptive = 0")),
    Row("burgers_steep", "adaptive points", finish("levenberg_marquardt", 300)),
    Row("burgers_steep", "adam, points evenly spread", first_order("adam", 5000, 5e-3)),
    Row("burgers_steep", "adam, adaptive points", first_order("adam", 2500, 5e-3, "adaptive = 1")),
    Row("burgers_steep", "adam, retained points", first_order("adam", 4500, 5e-3, "retain = true")),
    Row("allen_cahn_few", "soap, fresh points", first_order("soap", 4000, 5e-3)),
    Row("allen_cahn_few", "soap, retained points", first_order("soap", 4000, 5e-3, "retain = true")),
    *(Row("tracer_front", f"adam, {points} points", first_order("adam", 3000, 5e-3, settings))
      for points, settings in (("fresh", ""), ("adaptive", "adaptive = 1"), ("retained", "retain = true"))),
    Row("kiln_wall_even", "times evenly spread", finish("levenberg_marquardt", 150)),
    Row("kiln_wall", "times graded", finish("levenberg_marquardt", 150)),
    # Balance of terms.
    *(Row(problem, f"adam, {method} weights", first_order("adam", 4000, 5e-3), tables=f'[weighting]\nmethod = "{method}"\n')
      for problem in ("kiln_wall", "kdv_equal") for method in ("fixed", "gradient_norm", "ntk", "relobralo")),
    # Causal weights, which advance with fresh points only.
    Row("allen_cahn_mild", "all times at once", WARM_UP + EAGER),
    Row("allen_cahn_mild", "causal weights", WARM_UP + EAGER, tables="[causal]\ntolerance = 0.3\nevery = 5\n"),
    # Easier problems first.
    Row("allen_cahn_fast", "direct", WARM_UP + 3 * short(40)),
    Row("allen_cahn_fast", "through slower reactions",
        WARM_UP + short(40, "envelope = {rate = 3}") + short(40, "envelope = {rate = 6}") + short(40)),
    # Activations.
    Row("allen_cahn", "tanh", finish("levenberg_marquardt", 200)),
    Row("allen_cahn", "sin", finish("levenberg_marquardt", 200), f'{NETWORK}\nactivation = "sin"'),
    # Conditions as terms of the loss or in the transform; windows of time.
    Row("kdv", "conditions in the loss, one network", finish("levenberg_marquardt", 300)),
    Row("kdv_periodic", "conditions built in, one network", finish("levenberg_marquardt", 300)),
    Row("kdv_periodic", "three windows of time", finish("levenberg_marquardt", 100), tables="[march]\nwindows = 3\npoints = 200\nweight = 1000\n"),
    # What sees the design inputs.
    Row("leach_envelope", "perceptron", finish("levenberg_marquardt", 150)),
    Row("leach_envelope", "branch and trunk", finish("levenberg_marquardt", 15), BRANCH),
]


def trained_once(run, row, seed):
    """Relative L2 of the default case, over an envelope the median of its unseen cases; and seconds of training."""
    label = f"{NAME}/{row.name.replace(', ', '-').replace(' ', '_')}-{seed}"
    card = trained.card_of(run, label, row.run_file(seed))
    kind = "median" if card["validation"]["cases"] else "default"
    return trained.error_in(card, kind)[0], card["training_seconds"]


def measure(run, row):
    """The median over seeds of error and seconds, and the range of the error. Texts, since any of them may be missing."""
    try:
        errors, seconds = zip(*(trained_once(run, row, seed) for seed in range(1, run.seeds + 1)))
    except (scoreboard.NotMeasured, scoreboard.Failed) as why:
        return scoreboard.without_folders(str(why)), "-", "-"
    return f"{statistics.median(errors):.1e}", f"{min(errors):.1e} to {max(errors):.1e}", f"{statistics.median(seconds):.0f}"


def report(run, only="", write=False):
    """Prints a line for each row whose name contains `only`. With `write`, the table goes into docs/training.md."""
    lines = []
    for row in ROWS:
        if only in row.name:
            error, extent, seconds = measure(run, row)
            print(f"{row.name}  {error} rel.L2 ({extent})  {seconds} s  {row.steps()} steps", flush=True)
            lines.append(f"| {row.problem} | {row.what} | {error} | {extent} | {seconds} | {row.steps()} |")
    if write:
        head = ["| problem | | error, rel. L2 | its range | seconds | steps |", "|---|---|---|---|---|---|"]
        machine = scoreboard.machine_line(scoreboard.describe_machine(run))
        seeds = "one seed" if run.seeds == 1 else f"medians over {run.seeds} seeds"
        scoreboard.write_between(NAME, [f"{machine}; {seeds}", "", *head, *lines], DOCUMENT)
