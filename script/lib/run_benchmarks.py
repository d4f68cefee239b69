#!/usr/bin/env python3
"""Runs every benchmark and harness of the release tree and gathers what they say."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import harnesses
import targets
from testing import ROOT, executables


def run(program, pattern, quick):
    """The benchmark's own JSON report; its table goes to our stdout."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [program, f"--benchmark_out={report.name}", "--benchmark_out_format=json"]
        if pattern:
            command.append(f"--benchmark_filter={pattern}")
        if quick:
            command.append("--benchmark_min_time=0.01")
        done = subprocess.run(command, cwd=ROOT)
        text = report.read()
    result = json.loads(text) if text.strip() and done.returncode == 0 else {"benchmarks": []}
    if done.returncode != 0:
        result["failed"] = f"{os.path.basename(program)}: exit status {done.returncode}"
    return result


def main():
    parser = argparse.ArgumentParser(prog="script/bench", description="Tapdeck's benchmarks.")
    parser.add_argument("--json", metavar="FILE", help="write all figures here")
    parser.add_argument("--filter", metavar="REGEX", help="only these benchmarks, no harness")
    parser.add_argument("--quick", action="store_true",
                        help="so short that the figures say little")
    arguments = parser.parse_args()

    programs = executables("build-rel", "_bench")
    if not programs:
        print("no benchmarks are built", file=sys.stderr)
    inside = [os.path.relpath(program, "build-rel") for program in programs]
    subprocess.run(["ninja", "-C", "build-rel", "tapdeck", "bench/traffic/generate",
                    "bench/load/space", "bench/load/retention", "tests/unit/apps/unit_apps",
                    *inside],
                   cwd=ROOT, check=True, stdout=sys.stderr)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    result = {"commit": commit.stdout.strip(), "context": None, "benchmarks": []}
    failed = []
    for program in programs:
        report = run(program, arguments.filter, arguments.quick)
        failed += [report["failed"]] if "failed" in report else []
        result["context"] = result["context"] or report.get("context")
        for row in report["benchmarks"]:
            result["benchmarks"].append({"program": os.path.basename(program), **row})
    if not arguments.filter:
        result["harnesses"] = harnesses.run_all(arguments.quick)
        result.update(targets.machine(result["harnesses"]))
        result["harnesses"]["micro"] = harnesses.of_micro(result["benchmarks"], failed)
        result["targets"] = targets.table(result["harnesses"])
        targets.print_machine(result)
        targets.print_table(result["targets"])
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    bad = not arguments.filter and targets.is_bad(result["harnesses"], result["targets"])
    return 1 if failed or bad else 0


if __name__ == "__main__":
    sys.exit(main())
