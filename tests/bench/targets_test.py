#!/usr/bin/env python3
"""The table of targets: what failed, what was wrong and what was left out are different words."""

import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "script", "lib"), os.path.join(ROOT, "tests", "support")]
import harnesses
import limits
import targets
from report import run_all

RIGHT = {"wrong": [], "results": {}, "simulated": [], "host": {"processor": "P"},
         "held_back": [{"check": "hugepages", "found": "none"}],
         "rows": [{"streams": 100_000, "rate_mpps": 12.0}]}
CAPTURE = {"wrong": [], "results": {"lossless_mpps": None}, "rows": [], "simulated": []}


def verdict(what, reports):
    return next(row for row in targets.table(reports) if row["what"].startswith(what))["verdict"]


def done(status, stdout):
    return subprocess.CompletedProcess([], status, stdout=stdout)


def test_words():
    """A harness that is left out is not one that failed, and neither is one that found wrong."""
    assert verdict("worker, 100", {}) == "not measured"
    assert verdict("worker, 100", {"worker": RIGHT}) == "reached"
    assert verdict("worker, 500", {"worker": RIGHT}) == "not measured"
    wrong = {"worker": {**RIGHT, "wrong": ["x"]}}
    assert verdict("worker, 100", wrong) == verdict("worker, 500", wrong) == "WRONG"
    assert verdict("worker, 100", {"worker": harnesses.empty_report("w", "status 1")}) == "FAILED"
    assert verdict("captured without loss", {"capture": CAPTURE}) == "none passed"


def test_status():
    """All of them are told to whoever looks at the exit status; a missed target is not."""
    slow = {"worker": {**RIGHT, "rows": [{"streams": 100_000, "rate_mpps": 1.0}]}}
    for reports, bad in (({"worker": RIGHT}, False), (slow, False), ({"capture": CAPTURE}, True),
                         ({"worker": {**RIGHT, "wrong": ["x"]}}, True),
                         ({"x": harnesses.empty_report("x", "status 1")}, True)):
        assert targets.is_bad(reports, targets.table(reports)) == bad, reports


def test_reports():
    """A crash without a word, one behind a report, and a search in which no rate passed."""
    assert harnesses.read_report(done(139, ""), "b")["failed"] == "exit status 139"
    report = '{"rows": [], "results": {}, "simulated": [], "wrong": []}'
    assert "failed" in harnesses.read_report(done(1, report), "b")
    assert "failed" not in harnesses.read_report(done(0, report), "b")
    report = '{"rows": [], "results": {"lossless_mpps": null}, "simulated": [], "wrong": []}'
    assert "failed" not in harnesses.read_report(done(1, report), "b")
    wrong = '{"rows": [], "results": {}, "simulated": [], "wrong": ["x"]}'
    assert "failed" not in harnesses.read_report(done(1, wrong), "b")


def test_micro():
    """A program that crashed fails the targets that it would have had, and no others."""
    rows = [{"name": "policy/evaluate/10000/500", "cpu_time": 2_000.0}]
    reports = {"micro": harnesses.of_micro(rows, ["retention_bench: exit status 1"])}
    assert verdict("  10 000 rules", reports) == "reached"
    assert verdict("hold of 100 000", reports) == "FAILED"
    assert verdict("hold of 100 000", {"micro": harnesses.of_micro(rows)}) == "not measured"


def test_machine():
    """The host stands beside figures of harnesses that do not tell it themselves."""
    facts = targets.machine({"space": CAPTURE, "worker": RIGHT})
    assert facts == {"host": {"processor": "P"}, "limits": {},
                     "held_back": [{"check": "hugepages", "found": "none"}]}, facts
    assert targets.machine({})["host"] is None


def test_of_what_was_reached():
    """A stall is tried at a share of the rate of the same run, an overload at three times it."""
    reached = {"record": {"rows": [{"mpps": 2.0}]}, "capture": {"results": {"lossless_mpps": 0.5}}}
    words = harnesses.HARNESSES["stall"](reached, False)
    assert words[words.index("--rate") + 1] == "1.800", words
    assert words[words.index("--streams") + 1] == "36000", "in real time"
    assert harnesses.HARNESSES["long_stall"]({"record": {"rows": []}}, True) is None
    words = harnesses.HARNESSES["long_stall"](reached, False)
    assert words[words.index("--stall") + 1] == "4" and words[-1] == "20", words
    words = harnesses.overload_words(reached, False)
    assert words[-2:] == ["--rate", "0.5000"] and "60" in words, words
    assert "--rate" not in harnesses.overload_words({"capture": CAPTURE}, True)


def test_losses():
    """None is wanted; a generator that fell behind has not shown that there is none."""
    stall = "  disk stalled for 1 s"
    row = {"lost_packets": 0, "missed_packets": 4, "packets": 96}
    assert verdict(stall, {"stall": {**RIGHT, "rows": [row]}}) == "reached"
    assert verdict(stall, {"stall": {**RIGHT, "rows": [{**row, "lost_packets": 1}]}}) == "MISSED"
    assert verdict(stall, {"stall": {**RIGHT, "rows": [{**row, "missed_packets": 6}]}}) == \
        "sender short"
    late = {**row, "uncounted_packets": 0, "lost_packets": 9, "lost_late_packets": 3}
    reports = {"long_stall": {**RIGHT, "rows": [late]}}
    assert verdict("  disk stalled for longer", reports) == "reached"
    assert verdict("    packets lost in the last", reports) == "MISSED"
    later = {"overload_factor": 3.1, "uncounted_packets": 0, "lost_after": 7}
    reports = {"overload": {**CAPTURE, "results": later}}
    assert verdict("overload: offered", reports) == "reached"
    assert verdict("  packets of it without", reports) == "reached"
    assert verdict("  packets lost after", reports) == "MISSED"
    report = '{"rows": [], "results": {"lost_after": 7}, "simulated": [], "wrong": []}'
    assert "failed" not in harnesses.read_report(done(1, report), "b")


TESTPMD = """
  Rx-pps:            0          Rx-bps:            0
  Rx-pps:     40000000          Rx-bps:            0
  Rx-pps:     50000000          Rx-bps:            0
"""


def test_limits():
    """What stops every worker stands beside each of them, and with the machine."""
    assert limits.packet_ns(TESTPMD) == 20 and limits.packet_ns("Rx-pps:  0") is None
    assert "0@3,1@5" in limits.command("net_ring0", [], [3, 5])
    reports = {"worker": {**RIGHT, "results": {"random_load_ns": 7.5}},
               "limits": {**CAPTURE, "results": {"testpmd_ring_ns": 2.5}}}
    both = {"random_load_ns": 7.5, "testpmd_ring_ns": 2.5}
    assert targets.machine(reports)["limits"] == both
    row = next(row for row in targets.table(reports) if row["what"].startswith("worker, 100"))
    assert row["limits"] == both, row
    assert targets.is_bad({"limits": harnesses.empty_report("testpmd", "is not there")}, [])


def test_stall_again():
    """A loss is looked at thrice; what is wrong, or lost nothing, once."""
    whole = harnesses.run_harness
    try:
        for losses, wrong, runs in (([5, 5, 5, 0], [], 3), ([5, 0, 5], [], 2), ([0, 5], [], 1),
                                    ([5, 0], ["x"], 1)):
            done = []

            def planted(words, losses=losses, wrong=wrong, done=done):
                done.append(words)
                return {"wrong": wrong, "rows": [{"lost_packets": losses[len(done) - 1]}]}

            harnesses.run_harness = planted
            report = harnesses.run_stall(["record"])
            assert len(done) == runs, (losses, done)
            assert report["rows"][0]["lost_packets"] == losses[runs - 1]
    finally:
        harnesses.run_harness = whole


TESTS = [test_stall_again, test_limits, test_of_what_was_reached, test_losses, test_words,
         test_status, test_reports, test_micro, test_machine]


if __name__ == "__main__":
    sys.exit(run_all(TESTS))
