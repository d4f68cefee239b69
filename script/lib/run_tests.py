#!/usr/bin/env python3
"""Runs the stages of script/test and adds up what they found.

When all are asked for, those that mostly compute (stages.BESIDE) run beside the others, as soon as
there is a build: they get what processor time the others leave.
"""

import argparse
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from stages import ASAN_LIVE, BESIDE, NEED_BUILD, NEED_TREE_LATER, STAGES, TREE_LATER
from testing import Runner, Tally


def parse_arguments():
    parser = argparse.ArgumentParser(prog="script/test", description="Builds and tests Tapdeck.")
    parser.add_argument("--long", action="store_true", help="also what takes hours")
    parser.add_argument("--only", action="append", choices=STAGES, metavar="STAGE",
                        help="run one stage (and the build it needs); may be given again")
    parser.add_argument("--list", action="store_true", help="name the stages")
    return parser.parse_args()


def run_stage(name, runner, total):
    """Whether nothing of it failed."""
    own, begin = runner.for_stage(), time.monotonic()
    print(f"== {name}", flush=True)
    try:
        STAGES[name](own)
    finally:
        tally = own.tally
        print(f"   {name}: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped, "
              f"{time.monotonic() - begin:.0f} s", flush=True)
        total.add(tally)
    return tally.failed == 0


def run_stages(names, runner, total):
    for name in names:
        run_stage(name, runner, total)


def run_all(runner, total):
    run_stage("checks", runner, total)
    if not run_stage("build", runner, total):
        return  # nothing that follows would tell more
    elsewhere = ("checks", "build", TREE_LATER, ASAN_LIVE, *BESIDE)
    with ThreadPoolExecutor(1) as pool:
        tree = pool.submit(run_stage, TREE_LATER, runner.idle(), total)
        beside = pool.submit(run_stages, BESIDE, runner.idle(), total)
        try:
            run_stages([name for name in STAGES if name not in elsewhere], runner, total)
            if tree.result():
                run_stage(ASAN_LIVE, runner, total)
            beside.result()
        except BaseException:
            runner.stop()
            raise


def run_some(names, runner, total):
    for tree, needed_by in ((TREE_LATER, NEED_TREE_LATER), ("build", NEED_BUILD)):
        if tree not in names and needed_by & set(names):
            names = [tree, *names]
    for name in names:
        if not run_stage(name, runner, total) and name in ("build", TREE_LATER):
            return


def end_on_signals(runner):
    """Ends what runs first: threads that wait for a command are waited for."""
    def end(number, _frame):
        runner.stop()
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def main():
    arguments = parse_arguments()
    if arguments.list:
        print("\n".join(STAGES))
        return 0
    runner, total = Runner(arguments.long), Tally()
    end_on_signals(runner)
    begin = time.monotonic()
    try:
        if arguments.only:
            run_some(arguments.only, runner, total)
        else:
            run_all(runner, total)
    finally:
        runner.close()
        total.add(runner.tally)
    return finish(total, time.monotonic() - begin)


def finish(tally, seconds):
    print(f"\n{seconds / 60:.1f} minutes; logs are in build/test-logs")
    if tally.skips:
        print("Skipped:\n" + "\n".join(f"  {reason}" for reason in tally.skips))
    if tally.failures:
        print("Failed:\n" + "\n".join(f"  {name}" for name in tally.failures))
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped", flush=True)
    strict = os.environ.get("TAPDECK_REQUIRE_ALL") == "1"
    return 1 if tally.failed or (strict and tally.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
