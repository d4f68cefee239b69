#!/usr/bin/env python3
"""SIGHUP ten times while calls run, with good, changed and broken configurations: no packet is
lost, every stream is whole and exact to the byte, and the log says of each reload what it took.
Needs root.
"""

import os
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support")]
import capture_file
import many_calls
import netlab
import program
import replay
from program import tapdeck
from report import Report, require_linux_root
from service import RING, Service

CALLS, TALK_S, CALLS_PER_S = 40, 6, 10
PACKETS = TALK_S * many_calls.PACKETS_PER_S
RELOADS = 10
CONFIGURATION = """\
general:
  store: {store}
  log_level: {level}
  timezone: {zone}
capture:
  workers: 2
  ports:
    - name: mirror
      device: "net_af_packet0,iface={interface},qpairs=2,{ring}"
      queues: 2
streams:
  flush_interval_ms: {flush}
"""
# What is taken over, what waits for a restart, what is refused.
VARIANTS = ({"level": "debug"}, {"zone": "Europe/Berlin"}, {"flush": 2000}, {"level": "nonsense"},
            {})


class ReloadTest:
    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        self.service = Service(lab, directory)

    def configure(self, **changes):
        values = {"level": "info", "zone": "UTC", "flush": 1000, **changes}
        with open(self.service.config, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(store=self.service.store, interface=self.lab.monitor,
                                            ring=RING.replace("65536", "8192"), **values))

    def pid(self):
        status = tapdeck(self.service.store, "status", "--json").lines()[0]
        return status["pid"]

    def reload_problems(self):
        with open(self.service.log, encoding="utf-8", errors="replace") as file:
            log = file.read()
        # Each variant twice: two of the ten are refused.
        wanted = {"configuration reloaded": 8, "reload refused": 2,
                  "timezone is taken over": 2, "takes effect at the next start": 2}
        return [f"{log.count(text)} times {text!r} in the log, not at least {count}"
                for text, count in wanted.items() if log.count(text) < count]

    def count_problems(self, sent):
        stats = tapdeck(self.service.store, "stats", "--json").expect(0).lines()[0]
        port, drops = stats["ports"][0], {n: c for n, c in stats["drops"].items() if c}
        classes = sum(stats["by_class"].values())
        counts = {"port": port["packets"], "classes": classes,
                  "workers": sum(worker["packets"] for worker in stats["workers"])}
        problems = [f"{name}: {count} packets, {sent} were sent" for name, count in counts.items()
                    if count != sent]
        if port["missed"] or port["no_buffer"] or drops:
            problems.append(f"missed {port['missed']}, no buffer {port['no_buffer']}, {drops}")
        return problems

    def run(self):
        capture = os.path.join(self.directory, "calls.pcap")
        many_calls.write(capture, CALLS, TALK_S, CALLS_PER_S)
        sent = len(capture_file.read(capture))
        self.configure()
        self.service.start()
        pid = self.pid()
        sender = self.lab.start_in(self.lab.tap, *replay.command((capture, "mon0")))
        time.sleep(1)
        for number in range(RELOADS):
            self.configure(**VARIANTS[number % len(VARIANTS)])
            os.kill(pid, signal.SIGHUP)
            time.sleep(0.7)
        self.configure()
        sender.wait(60)

        def all_final():
            log = program.calls(self.service.store, "--limit", "1000")
            return log if len(log) >= CALLS and all(call["final"] for call in log) else None

        log = netlab.wait_until(all_final, 30, 1) or program.calls(self.service.store)
        self.report.check("ten reloads are told", self.reload_problems())
        self.report.check("every stream is whole", many_calls.problems_of(log, CALLS, PACKETS))
        self.report.check("every byte is there", many_calls.media_problems(
            self.service.store, log, PACKETS, os.path.join(self.directory, "export")))
        self.report.check("every packet is counted", self.count_problems(sent))
        status = self.service.stop()
        self.report.check("SIGTERM ends run cleanly",
                          [] if status == 0 else [f"exit status {status}: {self.service.tail()}"])


def main():
    report = Report()
    if require_linux_root(report, "reload"):
        with tempfile.TemporaryDirectory(prefix="tdr.") as directory, netlab.NetLab() as lab:
            with report.guard("reload"):
                ReloadTest(report, lab, directory).run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
