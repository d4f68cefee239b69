#!/usr/bin/env python3
"""Runs every benchmark of the release tree and gathers what they say."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

from testing import ROOT, executables


def run(program, pattern):
    """The benchmark's own JSON report; its table goes to our stdout."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [program, f"--benchmark_out={report.name}", "--benchmark_out_format=json"]
        if pattern:
            command.append(f"--benchmark_filter={pattern}")
        subprocess.run(command, cwd=ROOT, check=True)
        text = report.read()
    return json.loads(text) if text.strip() else {"benchmarks": []}


def main():
    parser = argparse.ArgumentParser(prog="script/bench", description="Tapdeck's benchmarks.")
    parser.add_argument("--json", metavar="FILE", help="write all figures here")
    parser.add_argument("--filter", metavar="REGEX", help="only these benchmarks")
    arguments = parser.parse_args()

    programs = executables("build-rel", "_bench")
    if not programs:
        print("no benchmarks are built", file=sys.stderr)
    inside = [os.path.relpath(program, "build-rel") for program in programs]
    if inside:
        subprocess.run(["ninja", "-C", "build-rel", *inside], cwd=ROOT, check=True,
                       stdout=sys.stderr)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    result = {"commit": commit.stdout.strip(), "context": None, "benchmarks": []}
    for program in programs:
        report = run(program, arguments.filter)
        result["context"] = result["context"] or report.get("context")
        for row in report["benchmarks"]:
            result["benchmarks"].append({"program": os.path.basename(program), **row})
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
