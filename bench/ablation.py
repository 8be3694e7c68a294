"""What each method of training adds: the same small problems, trained with one thing changed at a time.

A row of the table is one line of ROWS: a problem, what is different, and the run file that says so. A problem is trained
by a budget of steps that takes every method about as long. `run_file` has the parts that rows have in common; whatever
else a row needs of a run file, it gives as text in `tables`.
"""

import dataclasses
import tomllib

from bench import scoreboard, trained

DOCUMENT = scoreboard.ROOT / "docs" / "training.md"
NAME = "ablation"

# Physics, envelope and the points of each term.
PROBLEMS = {
    "burgers": 'physics = "burgers"\n[envelope]\nviscosity = 0.01\n[terms.interior]\npoints = 1000\n',
    "burgers_steep": 'physics = "burgers"\n[envelope]\nviscosity = 0.003183098861837907\n[terms.interior]\npoints = 1000\n',
    "allen_cahn": 'physics = "allen_cahn"\n[envelope]\ndiffusivity = 1e-4\nrate = 5\n[terms.interior]\npoints = 1000\n',
    "kdv_periodic": 'physics = "kdv_periodic"\n[envelope]\ndispersion = 0.000484\n[terms.interior]\npoints = 1000\n',
    "kdv": 'physics = "kdv"\n[envelope]\ndispersion = 0.000484\n[terms.interior]\npoints = 1000\n'
           "[terms.initial]\npoints = 200\nweight = 100\n",
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
    """The warm-up, then a method that learns curvature from points that stay for a while."""
    return WARM_UP + stage(optimizer, steps, f"resample = 100\nmore_points = 2\n{settings}")


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

    def run_file(self):
        return (f"{PROBLEMS[self.problem]}[network]\n{self.network}\n{self.tables}"
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
    # Random weight factorisation.
    Row("allen_cahn", "adam", first_order("adam", 5000, 5e-3)),
    Row("allen_cahn", "adam, factorised", first_order("adam", 5000, 5e-3, "factorised = true")),
    Row("allen_cahn", "soap", first_order("soap", 3000, 5e-3)),
    Row("allen_cahn", "soap, factorised", first_order("soap", 3000, 5e-3, "factorised = true")),
    # Points.
    Row("burgers_steep", "points evenly spread", finish("levenberg_marquardt", 300, "adaptive = 0")),
    Row("burgers_steep", "adaptive points", finish("levenberg_marquardt", 300)),
    Row("burgers_steep", "adam, points evenly spread", first_order("adam", 5000, 5e-3)),
    Row("burgers_steep", "adam, adaptive points", first_order("adam", 2500, 5e-3, "adaptive = 1")),
    # Activations.
    Row("allen_cahn", "tanh", finish("levenberg_marquardt", 200)),
    Row("allen_cahn", "sin", finish("levenberg_marquardt", 200), f'{NETWORK}\nactivation = "sin"'),
    # Conditions in the transform against terms of the loss.
    Row("kdv_periodic", "conditions built in", finish("levenberg_marquardt", 200)),
    Row("kdv", "conditions in the loss", finish("levenberg_marquardt", 200)),
    # What sees the design inputs.
    Row("leach_envelope", "perceptron", finish("levenberg_marquardt", 150)),
    Row("leach_envelope", "branch and trunk", finish("levenberg_marquardt", 150), BRANCH),
]


def measure(run, row):
    """Relative L2 of the default case, over an envelope the median of its unseen cases; and seconds of training. Texts, since
    either may be missing."""
    try:
        card = trained.card_of(run, f"{NAME}/{row.name.replace(', ', '-').replace(' ', '_')}", row.run_file())
        kind = "median" if card["validation"]["cases"] else "default"
        return f"{trained.error_in(card, kind)[0]:.1e}", f"{card['training_seconds']:.0f}"
    except (scoreboard.NotMeasured, scoreboard.Failed) as why:
        return scoreboard.without_folders(str(why)), "-"


def report(run, only="", write=False):
    """Prints a line for each row whose name contains `only`. With `write`, the table goes into docs/training.md."""
    lines = []
    for row in ROWS:
        if only in row.name:
            error, seconds = measure(run, row)
            print(f"{row.name}  {error} rel.L2  {seconds} s  {row.steps()} steps", flush=True)
            lines.append(f"| {row.problem} | {row.what} | {error} | {seconds} | {row.steps()} |")
    if write:
        head = ["| problem | | error, rel. L2 | seconds | steps |", "|---|---|---|---|---|"]
        machine = scoreboard.machine_line(scoreboard.describe_machine(run))
        scoreboard.write_between(NAME, [machine, "", *head, *lines], DOCUMENT)
