#!/usr/bin/env python3
"""Video that a rule forbids while `tapdeck run` records it is gone, and so it is from a backup that
is put back with the journal of today, as often as the call store is rebuilt. Needs root.
"""

import collections
import os
import shutil
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

POLICIES = 'rules:\n  - {name: quiet, match: {asserted: "4711"}, record: audio}\n'
AUDIO, VIDEO = b"\0\0\xa0\x01", b"\0\0\xa0\x02"
COUNT = 600  # packets of each, 12 seconds
SCENARIO = f"""\
party alice 192.0.2.10:5060 number=+4971155501
party bob 198.51.100.20:5060 number=+4930901820
call c1 alice bob
0.0 alice>bob INVITE sdp=4000 line="m=video 4002 RTP/AVP 96" line="a=rtpmap:96 H264/90000"
0.1 bob>alice 200/INVITE sdp=5000 line="m=video 5002 RTP/AVP 96" line="a=rtpmap:96 H264/90000"
0.2 alice>bob ACK
0.3 rtp alice:4000>bob:5000 ssrc=0x0000a001 count={COUNT}
0.3 rtp alice:4002>bob:5002 ssrc=0x0000a002 pt=96 count={COUNT}
8.0 alice>bob UPDATE cseq=2 to_tag=c1-b header="P-Asserted-Identity: <sip:4711@192.0.2.10>"
8.1 bob>alice 200/UPDATE cseq=2
12.5 alice>bob BYE cseq=3
12.6 bob>alice 200/BYE cseq=3
"""
BACKUP_AT_S, FINAL_S = 6, 30


class RedactionTest:
    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        self.service = Service(lab, directory)
        with open(self.service.config, encoding="utf-8") as file:
            config = file.read()
        with open(self.service.config, "w", encoding="utf-8") as file:
            file.write(config + "policy:\n  file: policies.yaml\n")
        with open(os.path.join(directory, "policies.yaml"), "w", encoding="utf-8") as file:
            file.write(POLICIES)

    def at(self, name):
        return os.path.join(self.directory, name)

    def ask(self, store, *words):
        return tapdeck(store, *words, config=self.service.config)

    def write_capture(self):
        with open(self.at("call"), "w", encoding="utf-8") as file:
            file.write(SCENARIO)
        frames.write_capture(self.at("call.pcap"), Scenario(self.at("call")).frames)
        return self.at("call.pcap")

    def kept(self, store):
        """Packets by SSRC that `store` gives back."""
        shutil.rmtree(self.at("pcap"), ignore_errors=True)
        self.ask(store, "export", "--uid", self.uid, "--format", "pcap", "--output",
                 self.at("pcap")).expect(0)
        path = os.path.join(self.at("pcap"), self.uid + ".pcap")
        return collections.Counter(datagram.payload[8:12]
                                   for datagram in capture_file.datagrams(path)
                                   if datagram.payload[:1] == b"\x80")

    def redactions(self, store):
        rows = self.ask(store, "audit", "list", "--type", "redaction", "--json").expect(0).lines()
        return [(row["uid"], row["content"]["what"], row["content"]["reason"]) for row in rows]

    def check(self, name, problems):
        self.report.check(name, problems)

    def check_gone(self, name, store):
        kept = self.kept(store)
        sound = self.ask(store, "store", "check")
        self.check(f"{name}: no video is left", [f"{kept}"] if kept[VIDEO] else [])
        self.check(f"{name}: what is allowed is there",
                   [] if kept[AUDIO] >= self.least_audio else [f"{kept}"])
        self.check(f"{name}: the store is sound", [] if sound.status == 0 else [sound.tail()])

    def record(self):
        self.service.start()
        sender = self.lab.start_in(self.lab.tap, *replay.command((self.write_capture(), "mon0")))
        begin, store = time.monotonic(), self.service.store
        calls = netlab.wait_until(lambda: program.calls(store), BACKUP_AT_S)
        self.uid = calls[0]["uid"]
        time.sleep(max(0, begin + BACKUP_AT_S - time.monotonic()))
        self.ask(store, "store", "backup", self.at("backup")).expect(0)
        sender.wait(60)
        self.check("the call ends", [] if netlab.wait_until(
            lambda: program.calls(store)[0]["final"], FINAL_S, 0.5) else ["it does not"])
        self.least_audio = COUNT
        self.check_gone("recorded", store)
        found = self.redactions(store)
        self.check("the journal says so", [] if found and set(found) ==
                   {(self.uid, "video", "policy")} else [f"{found}"])
        status = self.service.stop()
        self.check("SIGTERM ends run cleanly", [] if status == 0 else [self.service.tail()])

    def restore(self):
        old, new = self.at("old"), self.at("new")
        self.ask(old, "store", "restore", self.at("backup")).expect(0)
        kept = self.kept(old)
        self.check("a backup from before has it", [] if kept[VIDEO] > 100 else [f"{kept}"])
        self.ask(new, "store", "restore", self.at("backup"), "--journal",
                 os.path.join(self.service.store, "ledger")).expect(0)
        self.least_audio = 180
        self.check_gone("put back with today's journal", new)
        self.ask(new, "store", "rebuild", "--yes").expect(0)
        self.check_gone("rebuilt", new)

    def run(self):
        self.record()
        self.restore()


def main():
    report = Report()
    if require_linux_root(report, "redaction"):
        with tempfile.TemporaryDirectory(prefix="tdr.") as directory, netlab.NetLab() as lab:
            with report.guard("redaction"):
                RedactionTest(report, lab, directory).run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
