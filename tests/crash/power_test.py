#!/usr/bin/env python3
"""The power goes during ingest, hold, extension, erasure, annotation and expiry, on a disk that
forgets whatever was not synced (tests/faults/forgetful_disk.cc).

Each round begins with a copy of the same store, lets one command run until the power goes with one
of its operations, chosen by a seed, and looks at what the disk has: the store is sound; what was
acknowledged holds; the same command, given again, ends what was begun; calls that it was not about
are as they were. In every other round a part of what was not synced had reached the disk.
Needs root, for a file system in user space.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow"), HERE]
import netlab
import program
from program import tapdeck
from report import Report
from retention_kill_test import OTHERS, KillTest, write_capture

DISK = os.path.join(os.path.dirname(program.PROGRAM), "tests", "faults", "forgetful_disk")
KINDS = ("create", "erase", "hold", "ingest", "extend", "annotate", "expire")
COMMAND_S = 120
FRESH_CALLS = 4


class ForgetfulDisk:
    """What is in `source` at `path`; `after` has what the disk had when the power went."""

    def __init__(self, directory, source, cut_after=0, keep_seed=0):
        self.path, self.work = (os.path.join(directory, name) for name in ("mounted", "work"))
        self.after = os.path.join(self.work, "after")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.path, exist_ok=True)
        self._command = [DISK, source, self.work, self.path, str(cut_after), str(keep_seed)]
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen(self._command)
        if not netlab.wait_until(lambda: os.path.ismount(self.path), 30):
            self._process.kill()
            raise RuntimeError(f"{DISK} mounts nothing")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=True)
        self._process.wait(60)

    def operations(self):
        with open(os.path.join(self.work, "operations"), encoding="utf-8") as file:
            return int(file.read())


class PowerTest(KillTest):
    def __init__(self, report, directory, seed):
        super().__init__(report, directory, seed)
        self.fresh = write_capture(os.path.join(directory, "c"), "3", range(101, 101 + FRESH_CALLS))
        # Calls of 2023 with a day are over: what is held can still be lengthened.
        self.held = os.path.join(directory, "held")
        shutil.copytree(self.base, self.held)
        tapdeck(self.held, "hold", "add", "--number", "491*", "--matter", "M-0", "--reason", "x",
                config=self.config).expect(0)
        self.operations = {}

    def ingest(self, store):
        def problems():
            calls = self.calls(store, "--number", "4931*")
            found = (len(calls), self.readable(store, calls))
            return [] if found == (FRESH_CALLS, FRESH_CALLS) else [
                f"{found[0]} calls are there, {found[1]} of them with media"]
        return ("ingest", "--class", "long", self.fresh), problems

    create = ingest  # of a store that is not there yet

    def annotate(self, store):
        uid = self.calls(self.base, "--number", "491*")[0]["uid"]

        def problems():
            notes = [call["note"] for call in self.calls(store, "--uid", uid)]
            return [] if notes == ["seen"] else [f"its notes are {notes}"]
        return ("annotate", uid, "note=seen"), problems

    def run_on(self, disk, kind):
        """Whether the command was acknowledged."""
        store = os.path.join(disk.path, "store")
        words, _ = getattr(self, kind)(store if kind != "erase" else self.base)
        with subprocess.Popen(self.command(store, words), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as running:
            try:
                return running.wait(COMMAND_S) in (0, 3)
            except subprocess.TimeoutExpired:
                running.kill()
                return False

    def disk(self, kind, cut_after=0, keep_seed=0):
        source = os.path.join(self.directory, "source")
        shutil.rmtree(source, ignore_errors=True)
        os.makedirs(source)
        if kind != "create":
            shutil.copytree(self.held if kind == "extend" else self.base,
                            os.path.join(source, "store"))
        return ForgetfulDisk(self.directory, source, cut_after, keep_seed)

    def round(self, number, kind):
        if kind not in self.operations:
            with self.disk(kind) as disk:
                acknowledged = self.run_on(disk, kind)
            self.operations[kind] = disk.operations()
            self.look(f"{kind}: the power goes afterwards", disk, kind, acknowledged, True)
        cut_after = self.random.randint(1, self.operations[kind])
        keep_seed = self.random.randint(1, 1 << 30) if number % 2 else 0
        with self.disk(kind, cut_after, keep_seed) as disk:
            acknowledged = self.run_on(disk, kind)
        self.look(f"{kind}: the power goes with operation {cut_after} of {self.operations[kind]}"
                  f"{', keeping ' + str(keep_seed) if keep_seed else ''}"
                  f"{' (it had ended)' if acknowledged else ''}", disk, kind, acknowledged, False)

    def look(self, title, disk, kind, acknowledged, must):
        store = os.path.join(disk.after, "store")
        # Whose media an erasure is about is asked before there is none.
        words, problems_of = getattr(self, kind)(self.base if kind == "erase" else store)
        if kind == "erase":
            about = self.calls(self.base, "--number", "491*")
            problems_of = lambda: ([] if self.readable(store, about) == 0 else
                                   ["media can be read"])
        problems = [] if acknowledged or not must else ["it was not acknowledged"]
        if acknowledged or kind != "create":
            problems += self.unsound(store)
        others = 0 if kind == "create" else OTHERS
        problems += self.wrong_after(store, words, problems_of, acknowledged, others)
        self.report.check(title, problems)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=1, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    report = Report()
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        report.skip("the power goes", "needs root and /dev/fuse")
        return report.finish()
    if not os.path.exists(DISK):
        report.skip("the power goes", "needs libfuse3-dev when it is built")
        return report.finish()
    # Not in memory: what is opened for direct access must be refused there, too.
    with tempfile.TemporaryDirectory(prefix="tdp.", dir=os.environ.get("TMPDIR")) as directory:
        with report.guard("the power goes"):
            test = PowerTest(report, directory, asked.seed)
            for number in range(asked.cuts):
                for kind in KINDS:
                    test.round(number, kind)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
