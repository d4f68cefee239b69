#!/usr/bin/env python3
"""Pause and resume by command, under `tapdeck run`, of a conversation of two legs that a third one
joins while it is paused: nothing is written from then until it goes on, in none of them, and the
calls say so. How long it takes is printed. Needs root.
"""

import os
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

TALK = 'header="X-Talk: 7"'
# Two legs at once, and one more after seven seconds; all end after thirteen.
LEG = """\
call leg{n} alice bob
{begin} alice>bob INVITE call=leg{n} sdp={port} {talk}
{begin}1 bob>alice 200/INVITE call=leg{n} sdp={answer} {talk}
{begin}2 alice>bob ACK call=leg{n}
{begin}3 rtp alice:{port}>bob:{answer} ssrc=0x0000a00{n} count={count}
13.{n} alice>bob BYE call=leg{n} cseq=2
13.{n}1 bob>alice 200/BYE call=leg{n} cseq=2
"""
LEGS = ((1, 0, 640), (2, 0, 640), (3, 7, 290))
PAUSE_AT_S, RESUME_AT_S, FINAL_S = 2.5, 10, 30
RECORD_S = 2  # until a record is committed, on a busy host
DELAY_MAX_S = 0.5  # an upper bound of a test; what it took is printed


def write_capture(directory):
    scenario = os.path.join(directory, "legs")
    with open(scenario, "w", encoding="utf-8") as file:
        file.write("party alice 192.0.2.10:5060\nparty bob 198.51.100.20:5060\n")
        for n, begin, count in LEGS:
            file.write(LEG.format(n=n, begin=f"{begin}.", port=4000 + 100 * n,
                                  answer=5000 + 100 * n, count=count, talk=TALK))
    frames.write_capture(scenario + ".pcap", Scenario(scenario).frames)
    return scenario + ".pcap"


class PauseTest:
    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        self.service = Service(lab, directory)
        with open(self.service.config, "a", encoding="utf-8") as file:
            file.write("calls:\n  conversation_headers: [X-Talk]\n")

    def order(self, word, uid, legs):
        """When the order was given and when it was answered."""
        before = time.time()
        done = tapdeck(self.service.store, word, uid, "--json").expect(0)
        after, answer = time.time(), done.lines()[0]
        self.report.check(f"{word} reaches every leg", [] if answer ==
                          {"legs": legs, "changed": legs} else [f"{answer}, not {legs} of {legs}"])
        return before, after

    def kept_times(self, call):
        """Arrival times of the RTP of a call that was kept."""
        output = os.path.join(self.directory, "pcap")
        tapdeck(self.service.store, "export", "--uid", call["uid"], "--format", "pcap",
                "--output", output).expect(0)
        path = os.path.join(output, call["uid"] + ".pcap")
        return [datagram.time for datagram in capture_file.datagrams(path)
                if datagram.payload[:1] == b"\x80"]

    def call_problems(self, call, paused, resumed):
        problems = []
        begin, end = paused[1] + DELAY_MAX_S, resumed[0]
        kept = self.kept_times(call)
        inside = [at for at in kept if begin <= at < end]
        late = max([at - paused[1] for at in kept if paused[1] <= at < end], default=0)
        if inside:
            problems.append(f"{len(inside)} packets were kept while it was paused")
        if not any(at >= resumed[1] + DELAY_MAX_S for at in kept):
            problems.append("nothing was kept after it was resumed")
        gaps = [gap for gap in call["recording"]["gaps"] if gap["reason"] == "paused"]
        row = call["media"][0]
        if sum(gap["packets"] for gap in gaps) + len(kept) != row["packets"]:
            problems.append(f"{row['packets']} packets, {len(kept)} kept, gaps {gaps}")
        if "paused" not in call["recording"]["reasons"]:
            problems.append(f"reasons {call['recording']['reasons']}")
        print(f"      {call['call_id']}: the last packet kept {late * 1e3:.0f} ms after the answer")
        return problems

    def run(self):
        self.service.start()
        sender = self.lab.start_in(self.lab.tap,
                                   *replay.command((write_capture(self.directory), "mon0")))
        begin = time.monotonic()
        open_calls = netlab.wait_until(lambda: program.calls(self.service.store), PAUSE_AT_S)
        uid = open_calls[0]["uid"]
        time.sleep(max(0, begin + PAUSE_AT_S - time.monotonic()))
        paused = self.order("pause", uid, 2)

        def told():
            shown = tapdeck(self.service.store, "show", "--json", uid).expect(0).lines()[0]
            return shown["recording"]["paused_since"]
        self.report.check("show tells a paused recording",
                          [] if netlab.wait_until(told, RECORD_S) else ["it says nothing of it"])
        time.sleep(max(0, begin + RESUME_AT_S - time.monotonic()))
        resumed = self.order("resume", uid, 3)
        sender.wait(60)

        def all_final():
            log = program.calls(self.service.store)
            return log if len(log) == 3 and all(call["final"] for call in log) else None
        log = netlab.wait_until(all_final, FINAL_S, 0.5) or program.calls(self.service.store)
        for call in log:
            # The third leg's first packets were kept before it was known whose they are.
            self.report.check(f"{call['call_id']}: nothing is written while it is paused",
                              self.call_problems(call, paused, resumed))
        over = tapdeck(self.service.store, "pause", uid)
        self.report.check("a call that is over cannot be paused",
                          [] if over.status == 1 else [f"exit status {over.status}"])
        rows = [row for row in
                tapdeck(self.service.store, "audit", "list", "--json").expect(0).lines()
                if row["type"] in ("pause", "resume")]
        told = [(row["type"], row["content"]["cause"]) for row in rows]
        self.report.check("pauses and their ends are in the journal",
                          [] if sorted(told) == [("pause", "command")] * 3 +
                          [("resume", "command")] * 3 else [f"{told}"])
        actors = {(row["content"]["actor"]["user_id"], row["content"]["actor"]["name"],
                   row["content"]["actor"]["process_id"] != 0) for row in rows}
        self.report.check("and who ordered them", [] if actors == {(0, "root", True)}
                          else [f"{actors}"])
        self.stop()

    def stop(self):
        status = self.service.stop()
        self.report.check("SIGTERM ends run cleanly",
                          [] if status == 0 else [f"exit status {status}: {self.service.tail()}"])

    def run_crash(self):
        """What was answered holds after an end that nobody can prepare for."""
        before = {call["uid"] for call in program.calls(self.service.store)}
        self.service.start()
        sender = self.lab.start_in(self.lab.tap,
                                   *replay.command((write_capture(self.directory), "mon0")))
        begin = time.monotonic()

        def new_calls():
            return [call for call in program.calls(self.service.store) if call["uid"] not in before]
        uid = netlab.wait_until(new_calls, PAUSE_AT_S)[0]["uid"]
        time.sleep(max(0, begin + PAUSE_AT_S - time.monotonic()))
        paused = self.order("pause", uid, 2)
        self.service.kill()
        self.service.start()
        sender.wait(60)

        def all_final():
            log = new_calls()
            return len(log) == 3 and all(call["final"] for call in log)
        netlab.wait_until(all_final, FINAL_S, 0.5)
        kept = {call["call_id"]: len([at for at in self.kept_times(call)
                                      if at >= paused[1] + DELAY_MAX_S]) for call in new_calls()}
        self.report.check("a pause that was answered holds after kill -9",
                          [f"{kept}"] if any(kept.values()) or len(kept) != 3 else [])
        self.stop()


def main():
    report = Report()
    if require_linux_root(report, "pause"):
        with tempfile.TemporaryDirectory(prefix="tdp.") as directory, netlab.NetLab() as lab:
            with report.guard("pause"):
                test = PauseTest(report, lab, directory)
                test.run()
                test.run_crash()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
