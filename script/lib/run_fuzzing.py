#!/usr/bin/env python3
"""A fuzzing campaign: each target for a while, from its seeds and its archived corpus; what is new
is merged into the archive, as small as it gets. One line a target; status 1 if any failed."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import fuzzing
from stages import ASAN, ASAN_TREE, build_fuzz_targets
from testing import JOBS, ROOT, Runner


def run(command, log, timeout_s):
    with open(log, "ab") as file:
        try:
            return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file,
                                  stderr=subprocess.STDOUT, timeout=timeout_s,
                                  env={**os.environ, **ASAN}).returncode
        except subprocess.TimeoutExpired:
            return 124


def executions(log):
    """How many inputs were tried, as libFuzzer says at its end."""
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line for line in file if "stat::number_of_executed_units:" in line]
    return int(lines[-1].split()[-1]) if lines else 0


def campaign(target, seconds, logs):
    """(what to say of it, whether it was clean)"""
    name = os.path.basename(target)
    log = os.path.join(logs, name + ".log")
    open(log, "w", encoding="utf-8").close()
    seeds = fuzzing.seed_directories(ASAN_TREE, target)
    with tempfile.TemporaryDirectory(prefix=f"{name}.", dir="/var/tmp") as work:
        found, least = os.path.join(work, "found"), os.path.join(work, "least")
        before = fuzzing.unpack(target, found)
        os.makedirs(least)
        status = run([target, *fuzzing.OPTIONS, f"-max_total_time={seconds}",
                      "-print_final_stats=1", f"-artifact_prefix={logs}/{name}.", found, *seeds],
                     log, seconds + 300)
        if status != 0:
            return f"{name}: exit status {status}, see {log}", False
        tried = executions(log)
        # What the seeds reach comes first, so that only what goes beyond them is kept.
        for path in seeds:
            shutil.copytree(path, os.path.join(work, "seeds"), dirs_exist_ok=True)
        os.makedirs(os.path.join(work, "seeds"), exist_ok=True)
        known = set(os.listdir(os.path.join(work, "seeds")))
        status = run([target, *fuzzing.OPTIONS, "-merge=1", os.path.join(work, "seeds"), found],
                     log, 1800)
        if status != 0:
            return f"{name}: merging ended with status {status}, see {log}", False
        for entry in set(os.listdir(os.path.join(work, "seeds"))) - known:
            shutil.copy(os.path.join(work, "seeds", entry), least)
        taken, left = fuzzing.pack(target, least)
    return (f"{name}: clean, {tried} inputs in {seconds} s; corpus {before} -> {taken} of {left}",
            True)


def main():
    parser = argparse.ArgumentParser(prog="script/fuzz")
    parser.add_argument("targets", nargs="*", metavar="NAME", help="some of them; else all")
    parser.add_argument("--seconds", type=int, default=3600, help="for each target (3600)")
    arguments = parser.parse_args()
    runner = Runner(long_run=False)
    known = build_fuzz_targets(runner)
    shutil.rmtree(runner.temporary)
    if not known:
        return 1
    chosen = [target for target in known
              if not arguments.targets or os.path.basename(target) in arguments.targets]
    if not chosen or len(chosen) < len(arguments.targets):
        print("script/fuzz: the targets are " + " ".join(map(os.path.basename, known)),
              file=sys.stderr)
        return 2
    logs = os.path.join(ROOT, "build", "fuzz-logs")
    os.makedirs(logs, exist_ok=True)
    failed = 0
    with ThreadPoolExecutor(JOBS) as pool:
        for text, clean in pool.map(lambda target: campaign(target, arguments.seconds, logs),
                                    chosen):
            print(text, flush=True)
            failed += not clean
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
