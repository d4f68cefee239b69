#!/usr/bin/env python3
"""A disk that fills up under `run` while the configuration says what may go early.

What may go goes, in that order, and the journal says so; what is held, locked or was lengthened can
be exported afterwards as before. When nothing more may go new calls are not recorded, while those
that are being recorded and the call log go on, and `status` says so; all of it ends by itself when
there is room. Needs root, for a small file system and network namespaces.
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import many_calls
import netlab
import sipp_load
from program import tapdeck
from report import Report, require_linux_root
from service import Service
from small_disk import SmallDisk

DISK_MIB = 160  # RocksDB alone takes 40 MiB ahead for its log
LOW, ENOUGH, STOP = 30, 36, 24  # percent of what recordings may have
NONE = STOP // 2 - 8  # well below half of it: no call is recorded
CONFIGURATION = f"""\
storage:
  preallocate_mib: 1
retention_classes:
  - {{name: first, days: 3650}}
  - {{name: second, days: 3650}}
  - {{name: fixed, days: 3650, locked: true}}
retention_pressure:
  low_percent: {LOW}
  enough_percent: {ENOUGH}
  stop_percent: {STOP}
  order:
    - {{retention_class: first, part: media}}
    - {{retention_class: second, part: media}}
"""
CLASSES = ("first", "second", "fixed")
OF_A_CLASS, TALK_S = 10, 50  # about 9 MB a class
HELD, LENGTHENED = 0, 1  # numbers of calls of the first class
LIVE_CALLS = 4
WAIT_S = 30  # generous: what takes a second or two


class PressureTest:
    def __init__(self, report, directory, disk, lab):
        self.report, self.directory, self.disk, self.lab = report, directory, disk, lab
        self.service = Service(lab, disk.path)
        self.service.log = os.path.join(directory, "run.log")
        with open(self.service.config, "a", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        self.uids = {}  # of imported calls, by number
        self.exports = 0

    def ask(self, *words):
        return tapdeck(self.service.store, *words, config=self.service.config)

    def check(self, name, problems):
        self.report.check(f"disk pressure: {name}", problems)

    def left_free(self):
        """What is left to everything but recordings: a tenth of it, and preallocate_mib."""
        return self.disk.space()[0] // 10 + (1 << 20)

    def json(self, *words):
        return self.ask(*words, "--json").expect(0, 1).lines()[0]

    def log(self):
        return self.ask("calls", "--json", "--limit", "1000").expect(0).lines()

    def import_calls(self):
        for i, name in enumerate(CLASSES):
            capture = os.path.join(self.directory, name + ".pcap")
            many_calls.write(capture, OF_A_CLASS, TALK_S, 50, first=i * OF_A_CLASS)
            self.ask("ingest", "--class", name, capture).expect(0)
            os.remove(capture)
        for call in self.log():
            self.uids[int(call["call_id"].partition("@")[0].partition("-")[2])] = call["uid"]
        self.ask("hold", "add", "--uid", self.uids[HELD], "--matter", "17", "--reason",
                 "counsel").expect(0)
        self.ask("retention", "extend", "--uid", self.uids[LENGTHENED], "--until", "2099-12-31",
                 "--reason", "inquiry", "--yes").expect(0)

    def kept(self):
        return [HELD, LENGTHENED, *range(2 * OF_A_CLASS, 3 * OF_A_CLASS)]

    def export(self):
        """The bytes of what must be kept, by number of the call."""
        self.exports += 1
        output = os.path.join(self.directory, f"export{self.exports}")
        found = {}
        for number in self.kept():
            uid = self.uids[number]
            self.ask("export", "--uid", uid, "--format", "pcap", "--output", output).expect(0)
            with open(os.path.join(output, uid + ".pcap"), "rb") as file:
                found[number] = file.read()
        return found

    def expired(self):
        """Numbers of imported calls whose media went, in the order of the journal."""
        by_uid = {uid: number for number, uid in self.uids.items()}
        rows = self.ask("audit", "list", "--type", "expiry", "--json").expect(0).lines()
        return [by_uid[uid] for row in rows if row["content"]["cause"] == "pressure"
                for uid in row["content"]["uids"]]

    def problem(self, words):
        """Waits until `status` says that."""
        def said():
            problems = self.json("status")["problems"]
            return [problem for problem in problems if words in problem]
        return [] if netlab.wait_until(said, WAIT_S) else [
            f"status does not say '{words}': {self.json('status')['problems']}"]

    def start_load(self):
        load = sipp_load.SippLoad(self.lab, self.directory)
        load.start(LIVE_CALLS, LIVE_CALLS)
        return load

    def end_load(self, load, before):
        """Waits until its calls are over; problems, and their records."""
        problems = load.wait(sipp_load.TALK_S + 60)
        known = {call["uid"] for call in before}

        def fresh():
            calls = [call for call in self.log() if call["uid"] not in known]
            over = len(calls) == LIVE_CALLS and all(call["final"] for call in calls)
            return calls if over else None
        calls = netlab.wait_until(fresh, WAIT_S)
        return problems + ([] if calls else ["not every call is in the log"]), calls or []

    def check_plan(self):
        plan = self.json("retention", "plan", "--pressure")
        by_uid = {uid: number for number, uid in self.uids.items()}
        seen = [(by_uid[row["uid"]], row["fate"]) for row in plan["rows"]]
        wanted = [(number, "held" if number == HELD else "goes")
                  for number in range(2 * OF_A_CLASS) if number != LENGTHENED]
        self.check("the plan says what would go", [] if seen == wanted else [f"{seen}"])

    def check_order(self):
        """More than the first class has must come back, and less than both have."""
        self.disk.leave(LOW - 2, self.left_free())
        problems = self.problem("recordings go before their time")

        def enough():
            total, free = self.disk.space()
            kept = self.left_free()
            return free - kept >= (total - kept) * ENOUGH // 100
        if not netlab.wait_until(enough, WAIT_S):
            problems.append(f"{self.disk.space()} bytes are free")
        gone = self.expired()
        count = self.json("stats")["retention"]["expired_early"]
        wanted = [number for number in range(2 * OF_A_CLASS) if number not in (HELD, LENGTHENED)]
        if gone != wanted[:len(gone)] or not OF_A_CLASS - 2 < len(gone) < len(wanted):
            problems.append(f"{gone} went")
        if count != len(gone):
            problems.append(f"stats says {count}")
        self.check("what may go goes in its order, as much as is needed", problems)

    def check_refusal(self):
        before = self.log()
        load = self.start_load()
        problems = []
        if not netlab.wait_until(
                lambda: self.json("stats")["calls"]["recordings"] == LIVE_CALLS, WAIT_S):
            problems.append("calls are not recorded to begin with")
        self.disk.leave(NONE, self.left_free())
        problems += self.problem("nothing may go before its time any more; no new call is recorded")
        problems += self.problem("new calls are not recorded: the disk is nearly full")
        self.check("status raises the alarm", problems)
        problems, calls = self.end_load(load, before)
        problems += [f"{call['call_id']}: {call['recording']['state']}" for call in calls
                     if call["recording"]["state"] != "recorded"]
        self.check("calls that are being recorded go on", problems)
        before = self.log()
        problems, calls = self.end_load(self.start_load(), before)
        problems += [f"{call['call_id']}: {call['recording']}" for call in calls
                     if (call["recording"]["state"], call["recording"]["reasons"]) !=
                     ("not_recorded", ["resources"])]
        for call in calls[:1]:
            shown = self.ask("show", call["uid"]).expect(0).stdout.decode()
            problems += [f"no {word} is shown" for word in ("INVITE", "BYE") if word not in shown]
        self.check("new calls are logged, not recorded", problems)

    def check_end(self):
        self.disk.free()
        if not netlab.wait_until(lambda: self.json("stats")["calls"]["pressure"] == "none", WAIT_S):
            self.check("it ends by itself", [f"{self.json('status')['problems']}"])
        before = self.log()
        problems, calls = self.end_load(self.start_load(), before)
        problems += [f"{call['call_id']}: {call['recording']['state']}" for call in calls
                     if call["recording"]["state"] != "recorded"]
        problems += [problem for problem in self.json("status")["problems"] if "disk" in problem]
        self.check("calls are recorded again when there is room", problems)

    def run(self):
        self.import_calls()
        exported = self.export()
        missing = [f"call {number} has {len(of)} bytes" for number, of in exported.items()
                   if len(of) < 100_000]
        self.check("there is something to keep", missing)
        self.service.start()
        self.check_plan()
        self.check_order()
        self.check_refusal()
        self.check_end()
        now = self.export()
        self.check("what is held, locked or was lengthened is as it was",
                   [f"call {number} is another" for number in exported
                    if exported[number] != now[number]])
        status = self.service.stop()
        self.check("SIGTERM ends run cleanly", [] if status == 0 else [self.service.tail()])
        with open(self.service.log, encoding="utf-8", errors="replace") as file:
            log = file.read()
        self.check("the log tells it", [f"'{words}' is not in the log" for words in (
            "went before their time", "nothing may go before its time any more",
            "disk pressure is over", "every call is recorded again") if words not in log])
        done = self.ask("store", "check")
        self.check("the store is sound", [] if done.status == 0 else [done.stdout.decode()])


def main():
    report = Report()
    if not require_linux_root(report, "disk pressure"):
        return report.finish()
    with tempfile.TemporaryDirectory(prefix="tdp.") as directory:
        with report.guard("disk pressure"):
            with SmallDisk(os.path.join(directory, "disk"), DISK_MIB) as disk, \
                    netlab.NetLab() as lab:
                PressureTest(report, directory, disk, lab).run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
