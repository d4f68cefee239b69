#!/usr/bin/env python3
"""policies.yaml under `tapdeck run`: read at the start, replaced whole by SIGHUP or refused whole,
and what a stricter rule does to a recording under way: it is destroyed. Needs root.
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

FIRST = "default: {record: audio}\n"
SECOND = """\
rules:
  - {name: quiet, match: {callee: "222"}, record: none}
default: {record: audio, log: masked}
"""
WRONG = "rules:\n  - {name: x, match: {caler: 1}}\n"
# Right but for a class that the service was not started with; and with a directory that is wrong.
NEW_CLASS = "default: {record: none, class: later}\n"
NOT_TAKEN = "rules: [{name: a}, {name: b}, {name: c}]\n"
PARTIES = """\
party alice 192.0.2.10:5060
party bob 198.51.100.20:5060 number=222
party carol 198.51.100.30:5060 number=333
"""
CALL = """\
call {name} alice {callee}
{begin}.0 alice>{callee} INVITE call={name} sdp={port}
{begin}.1 {callee}>alice 200/INVITE call={name} sdp={answer}
{begin}.2 alice>{callee} ACK call={name}
{begin}.3 rtp alice:{port}>{callee}:{answer} ssrc=0x0000a{port} count={count}
9.0 alice>{callee} BYE call={name} cseq=5
9.1 {callee}>alice 200/BYE call={name} cseq=5
"""
# A refresh of the first call's session, after the rules have changed.
REFRESH = """\
6.0 alice>bob UPDATE call=before cseq=2 to_tag=before-b
6.1 bob>alice 200/UPDATE call=before cseq=2
"""
RELOAD_AT_S, FINAL_S = 3, 30


def write_capture(directory):
    path = os.path.join(directory, "calls")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PARTIES)
        for name, callee, begin, port in (("before", "bob", 0, 4100), ("after", "bob", 5, 4200),
                                          ("other", "carol", 5, 4300)):
            file.write(CALL.format(name=name, callee=callee, begin=begin, port=port,
                                   answer=port + 1000, count=(8 - begin) * 50))
        file.write(REFRESH)
    frames.write_capture(path + ".pcap", Scenario(path).frames)
    return path + ".pcap"


class PolicyTest:
    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        self.service = Service(lab, directory)
        self.policies = os.path.join(directory, "policies.yaml")
        with open(self.service.config, "a", encoding="utf-8") as file:
            file.write("policy:\n  file: policies.yaml\n  directory_file: directory.yaml\n")
        self.write_directory("agents: [{name: anna, numbers: 4711}]\n")

    def write(self, text):
        with open(self.policies, "w", encoding="utf-8") as file:
            file.write(text)

    def write_directory(self, text):
        with open(os.path.join(self.directory, "directory.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def log(self):
        with open(self.service.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def check_refusals(self):
        """What is refused changes nothing, and is not told as if it were taken."""
        self.reload(WRONG, "reload refused")
        with open(self.service.config, "a", encoding="utf-8") as file:
            file.write("retention_classes: [{name: later, days: 9}]\n")
        self.reload(NEW_CLASS, "policies.yaml:1: default.class: there is no")
        self.write_directory("agents: 1\n")
        self.reload(NOT_TAKEN, "directory.yaml:1: ")
        told = [line for line in self.log().splitlines() if " rules of " in line]
        self.report.check("only rules that are taken are told",
                          [] if [line.partition("policy: ")[2][0] for line in told] == ["0", "1"]
                          else told)

    def reload(self, text, told):
        self.write(text)
        self.service.process.send_signal(signal.SIGHUP)
        self.report.check(f"SIGHUP: {told}", [] if netlab.wait_until(lambda: told in self.log(), 10)
                          else [self.service.tail()])

    def rtp_kept(self, call):
        output = os.path.join(self.directory, "pcap")
        tapdeck(self.service.store, "export", "--uid", call["uid"], "--format", "pcap",
                "--output", output)
        path = os.path.join(output, call["uid"] + ".pcap")
        if not os.path.exists(path):
            return 0
        return sum(datagram.payload[:1] == b"\x80" for datagram in capture_file.datagrams(path))

    def check_calls(self, log):
        calls = {call["call_id"].partition("@")[0]: call for call in log}
        before, after = calls["before"]["recording"], calls["after"]["recording"]
        problems = [] if after["reasons"] == ["policy"] else [f"{after}"]
        if after["policy_rule"] != "quiet":
            problems.append(f"rule {after['policy_rule']}")
        if kept := self.rtp_kept(calls["after"]):
            problems.append(f"{kept} packets of it can be read")
        self.report.check("after: not recorded", problems)
        problems = [] if before["reasons"] == ["policy"] else [f"{before}"]
        if before["policy_rule"] != "quiet":
            problems.append(f"rule {before['policy_rule']}")
        if kept := self.rtp_kept(calls["before"]):
            problems.append(f"{kept} packets of it can be read")
        self.report.check("before: recorded until the rules changed, then destroyed", problems)
        other = calls["other"]
        problems = [] if self.rtp_kept(other) == 150 else [f"{self.rtp_kept(other)} packets"]
        if other["dialled"] != "xxx" or other["recording"]["policy_rule"] != "default":
            problems.append(f"{other['dialled']}, {other['recording']}")
        self.report.check("other: recorded, its log masked", problems)

    def run(self):
        self.write(WRONG)
        done = tapdeck(None, "run", config=self.service.config, timeout_s=60,
                       prefix=("ip", "netns", "exec", self.lab.tap))
        self.report.check("run refuses rules with mistakes, and tells them",
                          [] if done.status == 1 and "caller?" in done.stderr else [done.tail()])
        self.write(FIRST)
        self.service.start()
        sender = self.lab.start_in(self.lab.tap,
                                   *replay.command((write_capture(self.directory), "mon0")))
        time.sleep(RELOAD_AT_S)
        open_calls = program.calls(self.service.store)
        self.report.check("the first rules hold",
                          [] if [call["recording"]["policy_rule"] for call in open_calls] ==
                          ["default"] else [f"{open_calls}"])
        self.reload(SECOND, "policy: 1 rules")
        self.check_refusals()
        sender.wait(60)

        def all_final():
            log = program.calls(self.service.store)
            return log if len(log) == 3 and all(call["final"] for call in log) else None
        self.check_calls(netlab.wait_until(all_final, FINAL_S, 0.5) or
                         program.calls(self.service.store))
        status = self.service.stop()
        self.report.check("SIGTERM ends run cleanly",
                          [] if status == 0 else [f"exit status {status}: {self.service.tail()}"])
        found = tapdeck(self.service.store, "store", "check")
        self.report.check("the store is sound", [] if found.status == 0 else [found.tail()])


def main():
    report = Report()
    if require_linux_root(report, "policy"):
        with tempfile.TemporaryDirectory(prefix="tdy.") as directory, netlab.NetLab() as lab:
            with report.guard("policy"):
                PolicyTest(report, lab, directory).run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
