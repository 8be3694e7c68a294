"""Surrogates that a run file trains, and what their cards say."""

import json
import re
import shutil

from bench.scoreboard import Failed, NotMeasured, say

UNSEEN_CASES = 256


def surrogate(run, name, seed=None):
    """The surrogate that configs/<name>.toml trains, with another seed if one is given: the one of an earlier run if it
    came from the same text."""
    return run.once(f"surrogate {name} {seed}", lambda: _find_or_train(run, name, seed))


def _find_or_train(run, name, seed):
    config = run.configs / f"{name}.toml"
    if not config.exists():
        raise NotMeasured(f"there is no {config.name}")
    text, label = config.read_text(), name
    if seed is not None:
        text, label = re.sub(r"(?m)^seed = \d+$", f"seed = {seed}", text), f"{name}-{seed}"
    return find_or_train(run, label, text)


def find_or_train(run, label, text):
    """The surrogate of a run file's text: the one in the folder of that label if it came from the same text."""
    folder = run.runs / label
    file = folder / "surrogate.h5"
    run.program("pinn/residua", "residua")
    if not run.fresh and file.exists():
        try:
            if run.residua("info", file, "--run-file") == text:
                return file
        except Failed:
            pass  # a file of another version of the format, for instance
    if not run.train:
        raise NotMeasured("not trained yet, and --no-train was given")
    shutil.rmtree(folder, ignore_errors=True)
    say(f"training {label} (minutes)")
    written = run.runs / f"{label}.toml"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(text)
    run.residua("train", written, "--out", folder, show=True)
    return file


def card(run, name, seed=None):
    return run.once(f"card {name} {seed}", lambda: json.loads(run.residua("info", surrogate(run, name, seed), "--json")))


def card_of(run, label, text):
    """The card of the surrogate of a run file's text."""
    return json.loads(run.residua("info", find_or_train(run, label, text), "--json"))


def error_of(run, name, kind, seed=None):
    """The largest error of that kind among the outputs, and what it is of."""
    return error_in(card(run, name, seed), kind)


def error_in(card, kind):
    validation = card["validation"]
    if not validation["errors"]:
        raise Failed("the surrogate is not validated")
    if kind != "default" and validation["cases"] < UNSEEN_CASES:
        raise Failed(f"validated on {validation['cases']} cases: expected {UNSEEN_CASES} or more")
    outputs = [output["name"] for output in card["outputs"]]
    errors = [float("nan") if error[kind] is None else error[kind] for error in validation["errors"]]
    worst = max(range(len(errors)), key=lambda o: (errors[o] != errors[o], errors[o]))
    cases = "" if kind == "default" else f", {validation['cases']} cases"
    return errors[worst], f"{outputs[worst]} against {validation['reference']}{cases}"


def worst_error(name, kind):
    return lambda run: error_of(run, name, kind)
