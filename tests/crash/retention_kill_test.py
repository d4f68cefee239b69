#!/usr/bin/env python3
"""`kill -9` of expiry, hold, extension and erasure at random moments, seeded.

Each round begins with a copy of the same store, kills one command after a random part of the time
that it takes when nobody disturbs it, and looks: the store is sound; what was acknowledged holds;
the same command, given again, ends what was begun; calls that it was not about are as they were.
"""

import argparse
import os
import random
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

CALLS = 24
OTHERS = CALLS // 2  # that no command is about
CONFIG = "retention_classes:\n  - {name: short, days: 1}\n  - {name: long, days: 36500}\n"
PARTIES = "party alice 192.0.2.10:5060 number=4930111\n"
CALL = """\
party bob{n} 198.51.100.{n}:5060 number=49{kind}{n}
call c{n} alice bob{n}
{t}.0 alice>bob{n} INVITE call=c{n} sdp={port}
{t}.1 bob{n}>alice 200/INVITE call=c{n} sdp={answer}
{t}.2 alice>bob{n} ACK call=c{n}
{t}.3 rtp alice:{port}>bob{n}:{answer} ssrc=0x0000c{n:03x} count=50
{end}.0 alice>bob{n} BYE call=c{n} cseq=2
{end}.1 bob{n}>alice 200/BYE call=c{n} cseq=2
"""


def write_capture(path, kind, numbers):
    with open(path, "w", encoding="utf-8") as file:
        file.write(PARTIES)
        for n in numbers:
            file.write(CALL.format(n=n, kind=kind, t=n, end=n + 3, port=4000 + 2 * n,
                                   answer=6000 + 2 * n))
    frames.write_capture(path + ".pcap", Scenario(path).frames)
    return path + ".pcap"


class KillTest:
    """Half of the calls are what commands are about (numbers 491…), half are not (492…)."""

    def __init__(self, report, directory, seed):
        self.report, self.directory = report, directory
        self.random = random.Random(seed)
        self.config = os.path.join(directory, "tapdeck.yaml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.base = os.path.join(directory, "base")
        about = CALLS - OTHERS
        self.make("a", "1", range(1, about + 1), "short")
        self.make("b", "2", range(about + 1, CALLS + 1), "long")

    def make(self, name, kind, numbers, retention_class):
        capture = write_capture(os.path.join(self.directory, name), kind, numbers)
        tapdeck(self.base, "ingest", "--class", retention_class, capture,
                config=self.config).expect(0)

    def calls(self, store, *filters):
        return tapdeck(store, "calls", "--json", *filters, config=self.config).expect(0).lines()

    def readable(self, store, calls):
        """How many of these have media that can be read."""
        output = os.path.join(self.directory, "out")
        shutil.rmtree(output, ignore_errors=True)
        tapdeck(store, "export", "--number", "49*", "--format", "pcap", "--output", output,
                config=self.config)
        uids = {call["uid"] for call in calls}
        return sum(name.partition(".")[0] in uids and name.endswith(".pcap")
                   for name in os.listdir(output))

    # Each gives the words of the command, and what is wrong after it was done.
    def erase(self, store):
        about = self.calls(store, "--number", "491*")
        words = ("erase", "--number", "491*", "--reason", "test", "--yes")
        return words, lambda: [] if self.readable(store, about) == 0 else ["media can be read"]

    def hold(self, store):
        def problems():
            held = self.calls(store, "--number", "491*")
            return [f"{call['uid']} is not held" for call in held
                    if call["recording"]["legal_holds"] != ["M-1"]]
        return ("hold", "add", "--number", "491*", "--matter", "M-1", "--reason", "test"), problems

    def extend(self, store):
        def problems():
            return [f"{call['uid']} expires {call['recording']['expires']}"
                    for call in self.calls(store, "--number", "491*")
                    if not call["recording"]["expires"].startswith("2031")]
        return ("retention", "extend", "--number", "491*", "--until", "2031-06-01", "--reason",
                "test", "--yes"), problems

    def expire(self, store):
        def problems():
            return [f"{call['uid']} is there" for call in self.calls(store, "--number", "491*")]
        return ("retention", "apply"), problems

    def round(self, number, kind):
        store = os.path.join(self.directory, "store")
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(self.base, store)
        words, problems_of = getattr(self, kind)(store)
        if kind == "extend":
            # Calls of 2023 with a day are over: what is held can still be lengthened.
            tapdeck(store, "hold", "add", "--number", "491*", "--matter", "M-0", "--reason", "x",
                    config=self.config).expect(0)
        whole_s = self.time_of(store, words)
        shutil.rmtree(store)
        shutil.copytree(self.base, store)
        if kind == "extend":
            tapdeck(store, "hold", "add", "--number", "491*", "--matter", "M-0", "--reason", "x",
                    config=self.config).expect(0)
        after_s = self.random.uniform(0, whole_s)
        acknowledged = self.kill(store, words, after_s)
        self.report.check(f"{number}: {kind} killed after {after_s * 1e3:.0f} ms"
                          f"{' (it had ended)' if acknowledged else ''}",
                          self.unsound(store) +
                          self.wrong_after(store, words, problems_of, acknowledged))

    def unsound(self, store):
        found = tapdeck(store, "store", "check", config=self.config)
        if found.status == 0:
            return []
        return [f"store check: {found.tail()} {found.stdout.decode()}"]

    def wrong_after(self, store, words, problems_of, acknowledged, others=OTHERS):
        """Of what the command did, and does when it is given again; `others` it is not about."""
        problems = []
        if acknowledged:
            problems += [f"acknowledged, but {problem}" for problem in problems_of()]
        again = tapdeck(store, *words, config=self.config)
        if again.status not in (0, 3):
            problems.append(f"given again: {again.tail()}")
        problems += problems_of()
        found = self.calls(store, "--number", "492*")
        if len(found) != others or self.readable(store, found) != others:
            problems.append("a call that it was not about is gone")
        return problems

    def command(self, store, words):
        return [program.PROGRAM, "--config", self.config, "--store", store, *words]

    def time_of(self, store, words):
        begin = time.monotonic()
        subprocess.run(self.command(store, words), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        return time.monotonic() - begin

    def kill(self, store, words, after_s):
        """True: it had ended before, and well."""
        with subprocess.Popen(self.command(store, words), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as running:
            try:
                return running.wait(after_s) in (0, 3)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tdk.") as directory:
        with report.guard("retention kills"):
            test = KillTest(report, directory, asked.seed)
            for number in range(asked.kills):
                for kind in ("erase", "hold", "extend", "expire"):
                    test.round(number, kind)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
