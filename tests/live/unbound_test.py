#!/usr/bin/env python3
"""Media without signalling under `tapdeck run`: kept once a reload says so, found, paused and gone
on with by its uid, gone on with after the service was killed, and whole in what is exported. Needs
root.
"""

import os
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow")]
import capture_file
import frames
import netlab
import program
import replay
from program import tapdeck
from report import Report, require_linux_root
from scenario import Scenario
from service import Service

COUNT = 1800  # 36 s
MEDIA = f"""\
0.0 rtp 192.0.2.10:4000>198.51.100.20:5000 ssrc=0x0000a001 count={COUNT}
0.0 rtp 198.51.100.20:5000>192.0.2.10:4000 ssrc=0x0000b001 count={COUNT} pt=8
"""
DISCARDED, KEPT = "default: {record: audio}\n", "default: {record: audio, unbound: keep}\n"
RELOAD_AT_S, KILL_AT_S, FOUND_S = 2, 20, 15


def write_capture(directory):
    path = os.path.join(directory, "media")
    with open(path, "w", encoding="utf-8") as file:
        file.write(MEDIA)
    frames.write_capture(path + ".pcap", Scenario(path).frames)
    return path + ".pcap"


class UnboundTest:
    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        self.service = Service(lab, directory)
        self.policies = os.path.join(directory, "policies.yaml")
        self.write(DISCARDED)
        with open(self.service.config, "a", encoding="utf-8") as file:
            file.write("policy:\n  file: policies.yaml\n")

    def write(self, text):
        with open(self.policies, "w", encoding="utf-8") as file:
            file.write(text)

    def calls(self):
        return program.calls(self.service.store)

    def check(self, label, holds, otherwise):
        self.report.check(label, [] if holds else [str(otherwise)])

    def pause(self, uid):
        for word in ("pause", "resume"):
            answer = tapdeck(self.service.store, word, uid, "--json").expect(0).lines()[0]
            self.check(f"{word} by its uid", answer == {"legs": 1, "changed": 1}, answer)
            time.sleep(1)

    def export(self, uid):
        output = os.path.join(self.directory, "pcap")
        tapdeck(self.service.store, "export", "--uid", uid, "--format", "pcap", "--output",
                output).expect(0)
        path = os.path.join(output, uid + ".pcap")
        return sum(datagram.payload[:1] == b"\x80" for datagram in capture_file.datagrams(path))

    def check_final(self, call):
        rows = call["media"]
        self.check("both directions are in it", len(rows) == 2, rows)
        facts = {key: call[key] for key in ("call_id", "start", "outcome", "caller", "final")}
        wanted = {"call_id": None, "start": None, "outcome": "unknown", "caller": None,
                  "final": True}
        self.check("it has no signalling", facts == wanted, facts)
        reasons = set(call["recording"]["reasons"])
        self.check("what is missing in it is told", {"paused", "interrupted"} <= reasons,
                   call["recording"])
        kept, paused = self.export(call["uid"]), sum(
            gap["packets"] for gap in call["recording"]["gaps"] if gap["reason"] == "paused")
        counted = sum(row["packets"] for row in rows)
        self.check("what was counted was kept, but for the pause",
                   counted - paused - 100 <= kept <= counted,
                   f"{counted} counted, {paused} paused, {kept} kept")

    def run(self):
        self.service.start()
        sender = self.lab.start_in(self.lab.tap,
                                   *replay.command((write_capture(self.directory), "mon0")))
        begin = time.monotonic()
        time.sleep(RELOAD_AT_S)
        self.write(KEPT)
        self.service.process.send_signal(signal.SIGHUP)
        found = netlab.wait_until(self.calls, FOUND_S)
        self.check("a reload lets it be kept", bool(found) and len(found) == 1, found)
        uid = found[0]["uid"]
        self.pause(uid)
        time.sleep(max(0, begin + KILL_AT_S - time.monotonic()))
        self.service.kill()
        self.service.start()
        sender.wait(60)
        time.sleep(2)
        status = self.service.stop()
        self.check("SIGTERM ends run cleanly", status == 0, f"{status}: {self.service.tail()}")
        log = self.calls()
        self.check("it went on under its uid", [call["uid"] for call in log] == [uid], log)
        self.check_final(log[0])


def main():
    report = Report()
    if require_linux_root(report, "unbound"):
        with tempfile.TemporaryDirectory(prefix="tdu.") as directory, netlab.NetLab() as lab:
            with report.guard("unbound"):
                UnboundTest(report, lab, directory).run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
