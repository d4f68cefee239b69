#!/usr/bin/env python3
"""Ingests every capture of the corpus that TAPDECK_CORPUS names and compares what Tapdeck found
with the ground truth in its index (by tshark): calls, answers, streams, packets, lost, codecs.

A difference in which Tapdeck is right stands in known_differences.json with its proof. One that is
not listed fails, and so does a listed one that has vanished. `corpus_test.py NAME…` looks only at
captures whose file names contain a NAME; `--propose FILE` writes the differences found in the form
of known_differences.json, for whoever has to prove them.
"""

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import ground_truth
import program
import share
from program import tapdeck
from report import Report

JOBS = 2
TIMEOUT_S = 300


def load_known():
    """{sha256: {difference: proof}}"""
    with open(os.path.join(HERE, "known_differences.json"), encoding="utf-8") as file:
        rows = json.load(file)
    known = {}
    for row in rows:
        if not row["proof"].strip():
            raise SystemExit(f"known_differences.json: no proof for {row['difference']}")
        known.setdefault(row["sha256"], {})[row["difference"]] = row["proof"]
    return known


def ingest(path, directory, statuses):
    """(streams, summary, calls) of one capture in a fresh store."""
    store = os.path.join(directory, "store")
    done = tapdeck(store, "ingest", "--json", "--streams", path, timeout_s=TIMEOUT_S)
    if done.status not in statuses:
        raise program.Crash(f"ingest: exit status {done.status}, not {statuses}: {done.tail()}")
    lines = done.lines()
    streams = [line["stream"] for line in lines if "stream" in line]
    calls = tapdeck(store, "calls", "--json", timeout_s=TIMEOUT_S).expect(0).lines()
    return streams, lines[-1], calls


def differences_of(capture, corpus):
    """Every difference from the truth, as stable texts. Raises Crash."""
    with tempfile.TemporaryDirectory(prefix="tdc.") as directory:
        streams, summary, calls = ingest(os.path.join(corpus, capture["file"]), directory, (0, 3))
    classes = sum(summary["by_class"].values())
    found = []
    if classes != summary["packets"]:
        found.append(f"by_class: sum {classes}, packets {summary['packets']}")
    if not ground_truth.is_exempt(capture):
        found += ground_truth.compare(capture, streams, summary, calls)
    return found


def judge(report, capture, corpus, known):
    """One capture is one unit. Returns the differences that are not listed."""
    name = f"{capture['repo']} {capture['path']} {capture['sha256'][:16]}"
    listed = known.get(capture["sha256"], {})
    try:
        found = differences_of(capture, corpus)
    except (program.Crash, AssertionError, KeyError, ValueError) as error:
        report.fail(name, f"{type(error).__name__}: {error}")
        return []
    new = [difference for difference in found if difference not in listed]
    problems = list(new)
    problems += [f"listed, but not there any more: {difference}"
                 for difference in listed if difference not in found]
    report.check(name, problems)
    return new


def main():
    parser = argparse.ArgumentParser(description="Compares Tapdeck with the capture corpus.")
    parser.add_argument("names", nargs="*", help="only captures whose file names contain one")
    parser.add_argument("--share", type=share.parse, default=share.WHOLE, metavar="I/N",
                        help="1/3: every third capture, from the second on")
    parser.add_argument("--propose", metavar="FILE", help="write the unlisted differences here")
    arguments = parser.parse_args()

    report = Report()
    corpus = os.environ.get("TAPDECK_CORPUS")
    if not corpus or not os.path.exists(os.path.join(corpus, "captures", "index.json")):
        report.skip("capture corpus", "TAPDECK_CORPUS does not name a directory that holds "
                                      "captures/index.json")
        return report.finish()
    with open(os.path.join(corpus, "captures", "index.json"), encoding="utf-8") as file:
        captures = json.load(file)
    known = load_known()
    unknown = set(known) - {capture["sha256"] for capture in captures}
    if unknown:
        report.fail("known_differences.json", [f"no capture has SHA-256 {s}" for s in unknown])
    if arguments.names:
        captures = [c for c in captures if any(name in c["file"] for name in arguments.names)]

    captures = share.take(captures, arguments.share)
    with ThreadPoolExecutor(JOBS) as pool:
        results = list(pool.map(lambda c: judge(report, c, corpus, known), captures))
    if arguments.propose:
        rows = [{"repo": capture["repo"], "sha256": capture["sha256"], "difference": difference,
                 "proof": ""} for capture, found in zip(captures, results) for difference in found]
        with open(arguments.propose, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
