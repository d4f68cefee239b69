#!/usr/bin/env python3
"""`store rebuild` through the program: calls/ deleted or damaged, killed in between, made anew.

Calls that are held, annotated, lengthened or plain are afterwards what they were, byte for byte;
what was erased or has expired stays so; nothing expires until somebody has confirmed it.
"""

import argparse
import glob
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow")]
import frames
import program
from program import tapdeck
from report import Report
from scenario import Scenario

CONFIG = """\
retention_classes:
  - {name: short, days: 1, sip_days: 1, cdr_days: 1}
  - {name: record, days: 1, sip_days: 1, cdr_days: 36500}
  - {name: long, days: 36500}
"""
PARTIES = "party alice 192.0.2.10:5060 number=4930111\n"
CALL = """\
party bob{n} 198.51.100.{n}:5060 number=4989{n}
call {name} alice bob{n}
{t}.0 alice>bob{n} INVITE call={name} sdp={port}
{t}.1 bob{n}>alice 200/INVITE call={name} sdp={answer}
{t}.2 alice>bob{n} ACK call={name}
{t}.3 rtp alice:{port}>bob{n}:{answer} ssrc=0x0000d{n:03x} count=100
{end}.0 alice>bob{n} BYE call={name} cseq=2
{end}.1 bob{n}>alice 200/BYE call={name} cseq=2
"""
CLASSES = {"long": ("held", "erased", "annotated", "lengthened", "plain"),
           "short": ("over",), "record": ("expired",)}
AS_BEFORE = ("held", "annotated", "lengthened", "plain")


def write_capture(path, names, first):
    with open(path, "w", encoding="utf-8") as file:
        file.write(PARTIES)
        for n, name in enumerate(names, first):
            file.write(CALL.format(n=n, name=name, t=5 * n, end=5 * n + 3, port=4000 + 2 * n,
                                   answer=6000 + 2 * n))
    frames.write_capture(path + ".pcap", Scenario(path).frames)
    return path + ".pcap"


class RebuildTest:
    def __init__(self, report, directory, seed):
        self.report, self.directory = report, directory
        self.random = random.Random(seed)
        self.config = os.path.join(directory, "tapdeck.yaml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.base = os.path.join(directory, "base")
        self.store = os.path.join(directory, "store")
        self.make()

    def ask(self, *words, store=None):
        return tapdeck(store or self.store, *words, config=self.config)

    def check(self, name, problems):
        self.report.check(name, problems)

    def make(self):
        first = 1
        for name, calls in CLASSES.items():
            capture = write_capture(os.path.join(self.directory, name), calls, first)
            first += len(calls)
            self.ask("ingest", "--class", name, capture, store=self.base).expect(0)
        self.uids = {name: call["uid"] for name, call in self.log(self.base).items()}
        for words in (("hold", "add", "--uid", self.uids["held"], "--matter", "17",
                       "--reason", "counsel"),
                      ("erase", "--uid", self.uids["erased"], "--reason", "GDPR", "--yes"),
                      ("annotate", self.uids["annotated"], "tag=vip", "note=kept"),
                      ("retention", "extend", "--uid", self.uids["lengthened"], "--until",
                       "2199-12-31", "--reason", "contract", "--yes"),
                      ("retention", "apply")):
            self.ask(*words, store=self.base).expect(0)
        self.before = self.look(self.base)

    def log(self, store):
        lines = self.ask("calls", "--json", store=store).expect(0).lines()
        return {call["call_id"].partition("@")[0] or call["uid"]: call for call in lines}

    def exported(self, store):
        """SHA-256 by file name, of all that can be exported."""
        output = os.path.join(self.directory, "out")
        shutil.rmtree(output, ignore_errors=True)
        for kind in ("pcap", "wav"):
            self.ask("export", "--number", "49*", "--format", kind,
                     "--output", os.path.join(output, kind), store=store).expect(0, 3)
        found = {}
        for kind in ("pcap", "wav"):
            for path in sorted(glob.glob(os.path.join(output, kind, "*." + kind))):
                with open(path, "rb") as file:
                    found[os.path.basename(path)] = hashlib.sha256(file.read()).hexdigest()
        return found

    def look(self, store):
        calls = {call["uid"]: call for call in
                 self.ask("calls", "--json", store=store).expect(0).lines()}
        # How many versions there were is not known any more.
        shown = {name: re.sub(rb"version (\d+), \d+ kept", rb"version \1",
                              self.ask("show", self.uids[name], store=store).expect(0).stdout)
                 for name in AS_BEFORE}
        return {"calls": calls, "show": shown, "export": self.exported(store),
                "holds": self.ask("hold", "list", "--json", store=store).expect(0).lines(),
                "audit": self.ask("audit", "list", "--json", store=store).expect(0).lines()}

    def compare(self):
        before, now = self.before, self.look(self.store)
        problems = []
        for name in AS_BEFORE:
            uid = self.uids[name]
            if now["calls"].get(uid) != before["calls"][uid]:
                problems.append(f"{name} differs: {now['calls'].get(uid)}, "
                                f"not {before['calls'][uid]}")
            if now["show"][name] != before["show"][name]:
                problems.append(f"show {name} differs")
        for name, lifecycle in (("erased", "erased"), ("expired", "expired")):
            call = now["calls"].get(self.uids[name])
            if call is None or call["recording"]["lifecycle"] != lifecycle:
                problems.append(f"{name} is {call and call['recording']['lifecycle']}")
            elif call["parties"]:
                problems.append(f"{name}: its messages are gone, but {call['parties']} are known")
        if self.uids["over"] in now["calls"]:
            problems.append("a record came back that was over")
        if len(now["calls"]) != len(before["calls"]):
            problems.append(f"{len(now['calls'])} calls, not {len(before['calls'])}")
        if now["export"] != before["export"]:
            problems.append(f"exports differ: {now['export']}, not {before['export']}")
        if now["holds"] != before["holds"]:
            problems.append(f"holds differ: {now['holds']}")
        if now["audit"][:len(before["audit"])] != before["audit"]:
            problems.append("the journal differs")
        return problems

    def damage(self, how):
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.base, self.store)
        calls = os.path.join(self.store, "calls")
        if how == "deleted":
            shutil.rmtree(calls)
            return
        for name in os.listdir(calls):
            with open(os.path.join(calls, name), "wb") as file:
                file.write(b"no call store")

    def kill(self, after_s):
        command = [program.PROGRAM, "--config", self.config, "--store", self.store,
                   "store", "rebuild", "--yes"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as running:
            try:
                return running.wait(after_s) == 0
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                return False

    def check_case(self, how):
        self.damage(how)
        done = self.ask("calls")
        self.check(f"{how}: the store is not opened", [] if done.status == 1 and
                   "store rebuild" in done.stderr else [f"{done.status}: {done.tail()}"])
        done = self.ask("store", "rebuild")
        self.check(f"{how}: it looks first", [] if done.status == 0 and
                   b"Nothing was changed" in done.stdout else [f"{done.status}: {done.tail()}"])
        foretold = self.ask("store", "rebuild", "--json").expect(0).lines()[0]
        done = self.ask("store", "rebuild", "--yes", "--json")
        figures = json.loads(done.stdout) if done.status == 0 else {}
        differ = [f"{key}: {foretold[key]}, and then {figures.get(key)}" for key in
                  ("records", "records_made", "records_expired", "recordings", "extents")
                  if foretold[key] != figures.get(key)]
        self.check(f"{how}: what it says first is what it does", differ)
        wanted = {"done": True, "records": 4, "records_made": 2, "held": 1, "erased": 1,
                  "lengthened": 1, "annotated": 1, "segments_unreadable": 0}
        self.check(f"{how}: it is rebuilt",
                   [f"{key}: {figures.get(key)}, not {value}" for key, value in wanted.items()
                    if figures.get(key) != value] and [f"{figures or done.tail()}"])
        self.check(f"{how}: everything is as it was", self.compare())
        self.check_suspension(how)
        done = self.ask("store", "check")
        self.check(f"{how}: the store is sound", [] if done.status == 0 else
                   [done.stdout.decode()])

    def check_suspension(self, how):
        done = self.ask("retention", "apply")
        self.check(f"{how}: nothing expires", [] if done.status == 1 and
                   "confirm-rebuild" in done.stderr else [f"{done.status}: {done.tail()}"])
        self.ask("retention", "confirm-rebuild").expect(0)
        done = self.ask("retention", "apply")
        self.check(f"{how}: confirmed, it does again", [] if done.status == 0 else [done.tail()])
        self.check(f"{how}: and nothing goes that was kept", self.compare())

    def check_kills(self, kills):
        self.damage("deleted")
        begin = time.monotonic()
        self.ask("store", "rebuild", "--yes").expect(0)
        whole_s = time.monotonic() - begin
        for number in range(kills):
            self.damage(("deleted", "damaged")[number % 2])
            after_s = [self.random.uniform(0, whole_s) for _ in range(2)]
            ended = [self.kill(each) for each in after_s]
            if not ended[-1]:
                time.sleep(1.1)  # the old call store is set aside under a name with a second
                self.ask("store", "rebuild", "--yes").expect(0)
            done = self.ask("store", "check")
            self.check(f"{number}: killed after {', '.join(f'{s * 1e3:.0f} ms' for s in after_s)}",
                       self.compare() + ([] if done.status == 0 else [done.stdout.decode()]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tdb.") as directory:
        with report.guard("rebuild"):
            test = RebuildTest(report, directory, asked.seed)
            for how in ("deleted", "damaged"):
                test.check_case(how)
            test.check_kills(asked.kills)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
