#!/usr/bin/env python3
"""A disk that is full under `run`, with recordings that a matter holds: these survive, the service
goes on and says what is wrong, and what is asked meanwhile of holds, erasure and expiry is done, or
fails with a reason and is done when asked again. Needs root.
"""

import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import netlab
import sipp_load
from program import tapdeck
from report import Report, require_linux_root
from service import Service
from small_disk import SmallDisk

CALLS, CALLS_PER_S = 40, 20
SETTINGS = "storage:\n  preallocate_mib: 1\n"
ROOM_S = 30
MATTER = ("--matter", "M-1", "--reason", "counsel")


class HeldDiskTest:
    def __init__(self, report, directory, lab, disk):
        self.report, self.directory, self.lab, self.disk = report, directory, lab, disk
        self.service = Service(lab, disk.path)
        self.answer = None
        self.service.log = os.path.join(directory, "run.log")
        with open(self.service.config, "a", encoding="utf-8") as file:
            file.write(SETTINGS)

    def ask(self, *words):
        return tapdeck(self.service.store, *words, config=self.service.config)

    def calls(self):
        return self.ask("calls", "--json", "--limit", "1000").expect(0).lines()

    def load(self):
        load = sipp_load.SippLoad(self.lab, self.directory)
        load.start(CALLS, CALLS_PER_S)
        return load.wait(CALLS / CALLS_PER_S + sipp_load.TALK_S + 60)

    def readable(self):
        output = os.path.join(self.directory, "out")
        shutil.rmtree(output, ignore_errors=True)
        self.ask("export", "--from", "2020-01-01", "--format", "pcap", "--output", output)
        names = os.listdir(output) if os.path.isdir(output) else []
        return {name.partition(".")[0] for name in names if name.endswith(".pcap")}

    def problems(self):
        return self.ask("status", "--json").expect(0, 1, 3).lines()[0]["problems"]

    def expect_held(self, when, held):
        told = {call["uid"] for call in self.calls() if "M-1" in call["recording"]["legal_holds"]}
        missing = [f"{uid} is not held" for uid in sorted(held - told)]
        missing += [f"{uid} cannot be read" for uid in sorted(held - self.readable())]
        self.report.check(f"what is held is there {when}", missing)

    def ask_for(self, when, words, again):
        """Done, or refused for a reason that names the disk."""
        def attempt():
            self.answer = self.ask(*words)
            return self.answer.status == 0

        # RocksDB looks for room by itself every few seconds, and refuses until it has found it.
        netlab.wait_until(attempt, 0 if again else ROOM_S, 1)
        done, said = self.answer, self.answer.stderr.strip()
        clear = done.status == 1 and ("space" in said or "disk" in said)
        allowed = (done.status == 0 or clear) if again else done.status == 0
        self.report.check(f"{' '.join(words[:2])} {when}{'' if done.status == 0 else ' (refused)'}",
                          [] if allowed else [f"exit status {done.status}: {said}"])
        return done.status == 0

    def run(self):
        self.report.check("calls before", self.load())
        netlab.wait_until(lambda: all(call["final"] for call in self.calls()), 30)
        uids = [call["uid"] for call in self.calls()]
        held, erased = set(uids[2:]), uids[0]
        self.ask("hold", "add", "--uid", *sorted(held), *MATTER).expect(0)
        self.disk.fill()
        self.report.check("calls on a full disk", self.load())
        alarm = netlab.wait_until(self.problems, 30)
        self.report.check("status says that something is wrong", [] if alarm else ["it does not"])
        orders = [("hold", "add", "--uid", uids[1], "--matter", "M-2", "--reason", "more"),
                  ("erase", "--uid", erased, "--reason", "asked for", "--yes"),
                  ("erase", "--uid", erased, "--what", "all", "--reason", "asked for", "--yes"),
                  ("retention", "apply")]
        for words in orders:
            self.ask_for("on a full disk", words, True)
        self.expect_held("on a full disk", held)
        self.report.check("the service goes on", [] if self.service.process.poll() is None else
                          [self.service.tail()])
        self.disk.free()
        time.sleep(5)  # the disk is asked again every second
        for words in orders:
            self.ask_for("when there is room again", words, False)
        readable = self.readable()
        self.report.check("what was erased cannot be read",
                          [erased] if erased in readable else [])
        before = len(self.calls())
        self.report.check("calls afterwards", self.load())
        netlab.wait_until(lambda: all(call["final"] for call in self.calls()), 30)
        late = self.calls()[before:]
        states = [call["recording"]["state"] for call in late]
        self.report.check("they are recorded", [] if states == CALLS * ["recorded"] else
                          [f"{states}"])
        self.expect_held("when there is room again", held)


def main():
    report = Report()
    if not require_linux_root(report, "full disk with holds"):
        return report.finish()
    with tempfile.TemporaryDirectory(prefix="tdh.") as directory, netlab.NetLab() as lab, \
            SmallDisk(os.path.join(directory, "disk")) as disk:
        test = HeldDiskTest(report, directory, lab, disk)
        with report.guard("full disk with holds"):
            test.service.start()
            try:
                test.run()
            finally:
                status = test.service.stop()
            report.check("run stops in order", [] if status == 0 else [test.service.tail()])
            done = tapdeck(test.service.store, "store", "check")
            report.check("the store is sound", [] if done.status == 0 else [done.stdout.decode()])
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
