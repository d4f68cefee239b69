#!/usr/bin/env python3
"""The statistics of bench/compare, on figures of which the truth is known."""

import os
import random
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "tests", "support")]
import pairs
from report import run_all


def planted(ratio, rounds, seed, noise=0.05, drift=0.5):
    """Costs of two programs on a machine that slows down by half: the one `ratio` of the other."""
    dice = random.Random(seed)
    before, after = [], []
    for i in range(rounds):
        machine = 100 * (1 + drift * i / rounds)
        before.append(machine * dice.lognormvariate(0, noise))
        after.append(machine * ratio * dice.lognormvariate(0, noise))
    return before, after


def test_order():
    """Neither is always the first: what the first warms up, the second would get for nothing."""
    turns = pairs.order(4)
    assert turns == [("before", "after"), ("after", "before")] * 2, turns


def test_known_interval():
    """Ranks from the tables of the sign test: six values give all, twelve leave out two a side."""
    assert pairs.interval([1, 2, 3, 4, 5, 6])[:2] == (1, 6)
    assert abs(pairs.interval([1, 2, 3, 4, 5, 6])[2] - 0.96875) < 1e-9
    low, high, reached = pairs.interval(range(1, 13))
    assert (low, high) == (3, 10), (low, high)
    assert abs(reached - 0.9614) < 1e-4, reached


def test_too_few():
    """Four pairs prove nothing, however clear they look."""
    row = pairs.compare([10, 10, 10, 10], [5, 5, 5, 5])
    assert row["verdict"] == "too few runs" and row["ratio"] == 0.5, row


def test_drift():
    """The machine slows down by half meanwhile, and yet a tenth is found."""
    row = pairs.compare(*planted(0.9, 20, seed=1, noise=0.02))
    assert row["verdict"] == "faster" and 0.88 < row["ratio"] < 0.92, row
    row = pairs.compare(*planted(1.1, 20, seed=2, noise=0.02))
    assert row["verdict"] == "slower" and 1.08 < row["ratio"] < 1.12, row


def test_one_bad_run():
    """A run ten times as slow, on either side, changes neither ratio nor verdict."""
    before, after = planted(0.9, 12, seed=3, noise=0.01)
    after[5] *= 10
    row = pairs.compare(before, after)
    assert row["verdict"] == "faster" and 0.88 < row["ratio"] < 0.92, row
    assert row["max"] > 8, "what happened is not hidden"


def test_false_alarms():
    """Two equal programs differ in no more than one of twenty comparisons, or nearly so."""
    alarms = sum(pairs.compare(*planted(1.0, 12, seed))["verdict"] != "same"
                 for seed in range(1_000))
    assert alarms <= 60, f"{alarms} of 1000"


def test_truth_is_inside():
    """The interval holds the planted ratio as often as it says."""
    hits = 0
    for seed in range(1_000):
        row = pairs.compare(*planted(0.8, 9, seed, noise=0.1))
        hits += row["low"] <= 0.8 <= row["high"]
    assert hits >= 940, f"{hits} of 1000"


def test_refuses_nonsense():
    """Runs without their pair, and costs that are none."""
    for before, after in (([1, 2], [1]), ([], []), ([1, 0], [1, 1])):
        try:
            pairs.compare(before, after)
        except ValueError:
            continue
        raise AssertionError(f"{before} and {after} were compared")


def test_refuses_before_it_builds():
    """What is wrong with the command is a sentence, at once, and leaves nothing."""
    for words, told in ((["nope", "HEAD"], "nope is no commit"),
                        (["HEAD", "HEAD", "--rounds", "0"], "less than 1"),
                        (["HEAD", "HEAD", "--rounds", "-1"], "less than 1"),
                        (["HEAD", "HEAD", "--min-time", "nan"], "not above 0"),
                        (["HEAD", "HEAD", "--filter", "("], "no regular expression"),
                        (["HEAD", "HEAD", "--program", "nosuch"], "has a name like nosuch")):
        done = subprocess.run([os.path.join(ROOT, "bench", "compare"), *words], cwd=ROOT,
                              capture_output=True, text=True, timeout=30)
        assert done.returncode != 0 and told in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr


TESTS = [test_refuses_before_it_builds, test_order, test_known_interval, test_too_few, test_drift,
         test_one_bad_run, test_false_alarms, test_truth_is_inside, test_refuses_nonsense]


if __name__ == "__main__":
    sys.exit(run_all(TESTS))
