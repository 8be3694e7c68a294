#!/usr/bin/env python3
"""The results of scripts/bench keep earlier figures beside new ones only when asked, each with its own date."""

import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True

from bench import scoreboard  # noqa: E402  (after the path)

FIGURES = [scoreboard.Figure(name, "s", None, at_most=1) for name in ("first", "second", "third")]


def machine(day):
    return {"cpu": "Some CPU", "cores": 2, "isa": "avx2", "date": f"2026-01-0{day}T00:00:00Z", "code": f"c0de{day}"}


def result(figure, value):
    verdict = "NOT-MEASURED" if value is None else figure.verdict(value)
    return scoreboard.Result(figure, verdict, value, "", 0.0)


class Results(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name in ("ROOT", "RESULTS"):
            patch = mock.patch.object(scoreboard, name, pathlib.Path(folder.name))
            patch.start()
            self.addCleanup(patch.stop)

    def write(self, day, values, update=False, details=None):
        results = [result(FIGURES[n], value) for n, value in values.items()]
        path, entries = scoreboard.write_results("area", machine(day), FIGURES, results, details or {}, update)
        self.assertEqual(entries, json.loads(path.read_text())["figures"])
        return [(e["name"], e["value"], e["code"]) for e in entries]

    def test_a_whole_run_replaces_what_stood_there(self):
        self.write(1, {0: 0.5, 1: 0.5, 2: 0.5})
        self.assertEqual([("first", 2.0, "c0de2"), ("second", None, "c0de2"), ("third", 0.1, "c0de2")],
                         self.write(2, {0: 2.0, 1: None, 2: 0.1}))

    def test_an_update_keeps_the_others_in_the_order_of_the_area(self):
        self.write(1, {0: 0.5, 2: 0.5})
        self.assertEqual([("first", 0.5, "c0de1"), ("second", 0.25, "c0de2"), ("third", 0.5, "c0de1")], self.write(2, {1: 0.25}, update=True))

    def test_an_update_does_not_lose_a_figure_that_was_not_measured_again(self):
        self.write(1, {0: 0.5})
        self.assertEqual([("first", 0.5, "c0de1"), ("second", None, "c0de2")], self.write(2, {0: None, 1: None}, update=True))

    def test_a_figure_that_the_area_no_longer_has_is_dropped(self):
        self.write(1, {0: 0.5, 1: 0.5})
        with mock.patch.object(sys.modules[__name__], "FIGURES", FIGURES[:1]):
            self.assertEqual([("first", 0.5, "c0de1")], self.write(2, {0: None}, update=True))

    def test_an_update_keeps_the_areas_details(self):
        self.write(1, {0: 0.5}, details={"peers": [1]})
        self.write(2, {1: 0.5}, update=True)
        self.assertEqual([1], json.loads(scoreboard.results_path("area", machine(2)).read_text())["peers"])

    def test_a_value_that_is_no_number_is_missed_and_written_as_none(self):
        self.assertEqual("MISS", FIGURES[0].verdict(float("nan")))
        self.assertEqual([("first", None, "c0de1")], self.write(1, {0: float("nan")}))


if __name__ == "__main__":
    unittest.main()
