#!/usr/bin/env python3
"""The power goes under `run` in the middle of load, on a disk that forgets whatever was not synced
(tests/faults/forgetful_disk.cc): what crash_test.py asks of a kill is asked of that, too. Then the
service starts anew on what is left and records. Needs root.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), HERE]
import netlab
import program
import sipp_load
from crash_test import Killed
from power_test import DISK, ForgetfulDisk
from report import Report, require_linux_root
from service import Service

CALLS, CALLS_PER_S = 20, 20


def one_cut(report, lab, directory, number, rng):
    source, load = (os.path.join(directory, name) for name in ("source", f"load{number}"))
    shutil.rmtree(source, ignore_errors=True)
    for path in (source, load):
        os.makedirs(path)
    with ForgetfulDisk(directory, source) as disk:
        # It dies first: nothing that it could still sync comes before the end of the disk.
        killed = Killed(lab, Service(lab, disk.path), load, number, rng)
    killed.look(report, f"cut {number}", os.path.join(disk.after, "store"))
    report.check(f"cut {number}: run goes on",
                 going_on_problems(Service(lab, disk.after), lab, load))


def going_on_problems(service, lab, directory):
    service.start()
    before = len(program.calls(service.store, "--limit", "1000"))
    load = sipp_load.SippLoad(lab, directory)
    load.start(CALLS, CALLS_PER_S)
    problems = load.wait(CALLS / CALLS_PER_S + sipp_load.TALK_S + 60)

    def recorded():
        log = program.calls(service.store, "--limit", "1000")
        fresh = [call for call in log if call["recording"]["state"] == "recorded"]
        return len(log) == before + CALLS and len(fresh) >= CALLS
    if not netlab.wait_until(recorded, 30):
        problems.append("calls after the cut are not all recorded")
    if service.stop() != 0:
        problems.append(f"it does not stop in order: {service.tail()}")
    done = program.tapdeck(service.store, "store", "check")
    return problems + ([] if done.status == 0 else [done.stdout.decode()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cuts", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the cuts")
    asked = parser.parse_args()
    report = Report()
    if not require_linux_root(report, "the power goes under run"):
        return report.finish()
    if not os.path.exists("/dev/fuse") or not os.path.exists(DISK):
        report.skip("the power goes under run", "needs /dev/fuse, and libfuse3-dev when built")
        return report.finish()
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="tdr.", dir=os.environ.get("TMPDIR")) as directory, \
            netlab.NetLab() as lab:
        for number in range(1, asked.cuts + 1):
            with report.guard(f"cut {number}"):
                one_cut(report, lab, directory, number, rng)
            lab.stop_all()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
