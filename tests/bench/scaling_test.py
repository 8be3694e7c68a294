#!/usr/bin/env python3
"""bench/scaling.py: what is exchanged grows with the points in Householder form only, and more processes pay until they draw."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True

from bench import scaling  # noqa: E402  (after the path)


class Scaling(unittest.TestCase):
    def test_values_are_as_many_for_any_number_of_processes(self):
        for training in scaling.TRAININGS:
            with self.subTest(training.what):
                self.assertEqual(training.values(2) == training.values(1024), "Householder" not in training.what)

    def test_a_sum_takes_its_bytes_twice_and_a_way_there_and_back(self):
        self.assertAlmostEqual(scaling.seconds_of_sum(5e9, 2), 8 * 5e9 / 50e9 + 2 * 5e-6)
        self.assertAlmostEqual(scaling.seconds_of_sum(0, 1024), 20 * 5e-6)

    def test_processes_are_worth_no_more_than_they_are(self):
        for training in scaling.TRAININGS:
            with self.subTest(training.what):
                self.assertLess(training.worth(8, 1000, 0), 8)

    def test_drawing_bounds_what_processes_are_worth(self):
        adam = scaling.TRAININGS[0]
        drawing = adam.computes(1) / adam.points  # as long to draw a point as to compute on it
        self.assertLess(adam.worth(1000000, 1, drawing), 1)
        self.assertGreater(adam.worth(1000000, 100, drawing), 90)

    def test_the_document_has_room_for_the_tables(self):
        self.assertIn(f"<!-- {scaling.NAME}: written by scripts/bench -->", scaling.DOCUMENT.read_text())


if __name__ == "__main__":
    unittest.main()
