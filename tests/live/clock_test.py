#!/usr/bin/env python3
"""A clock that jumps, under `tapdeck run`: within an hour what is due goes on time; beyond it,
either way, nothing goes until somebody has confirmed the clock, whatever is started anew meanwhile.

The program's wall clock is shifted by tests/support/shifted_clock.cc. Needs root.
"""

import os
import struct
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow")]
import frames
import netlab
import program
from program import tapdeck
from report import Report, require_linux_root
from scenario import Scenario
from service import Service

LIBRARY = os.path.join(os.path.dirname(program.PROGRAM), "tests", "support", "shifted_clock.so")
DAY_S = 86_400
CLASSES = "retention_classes:\n  - {name: short, days: 1}\n"
CALL = """\
party alice 192.0.2.10:5060 number=493012345
party bob 198.51.100.20:5060 number=498912345
call {name} alice bob
0.0 alice>bob INVITE call={name} sdp=4000
0.1 bob>alice 200/INVITE call={name} sdp=6000
0.2 alice>bob ACK call={name}
0.3 rtp alice:4000>bob:6000 ssrc=0x0000b001 count=50
2.0 alice>bob BYE call={name} cseq=2
2.1 bob>alice 200/BYE call={name} cseq=2
"""
GOES_S = 60  # what is over is gone within a minute
NOTICED_S = 25  # a step of expiry, and some time for a busy host


class ShiftedService(Service):
    """A service whose wall clock `shift()` moves, in minutes against that of the host."""

    def __init__(self, lab, directory):
        super().__init__(lab, directory)
        self.shift_file = os.path.join(directory, "shift")
        self.shift(0)
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(CLASSES)

    def shift(self, minutes):
        flags = os.O_WRONLY | os.O_CREAT
        file = os.open(self.shift_file, flags, 0o600)
        os.pwrite(file, struct.pack("<q", minutes * 60 * 10**9), 0)
        os.close(file)

    def _ready(self):
        """Also with an alarm."""
        return (os.path.exists(os.path.join(self.store, "control.sock")) and
                tapdeck(self.store, "status", "--json").stdout.startswith(b"{"))

    def start(self):
        os.environ.update(LD_PRELOAD=LIBRARY, TAPDECK_CLOCK_SHIFT=self.shift_file)
        try:
            super().start()
        finally:
            del os.environ["LD_PRELOAD"], os.environ["TAPDECK_CLOCK_SHIFT"]


class ClockTest:
    def __init__(self, report, service, directory):
        self.report, self.service, self.directory = report, service, directory
        self.begin = time.time()

    def ask(self, *words):
        return tapdeck(self.service.store, *words, config=self.service.config)

    def record(self, name, due_min):
        """A call that is due so many minutes after the test began."""
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(CALL.format(name=name))
        frames.BASE_S = int(self.begin) - DAY_S + due_min * 60
        frames.write_capture(path + ".pcap", Scenario(path).frames)
        self.ask("ingest", "--class", "short", path + ".pcap").expect(0)

    def calls(self):
        return {call["call_id"].partition("@")[0]
                for call in self.ask("calls", "--json").expect(0).lines()}

    def alarm(self):
        done = self.ask("status", "--json").expect(0, 1, 3)
        return any("nothing expires" in problem for problem in done.lines()[0]["problems"])

    def expect(self, name, condition, within_s):
        self.report.check(name, [] if netlab.wait_until(condition, within_s) else
                          [f"not within {within_s} s; in the log: {sorted(self.calls())}, alarm: "
                           f"{self.alarm()}; {self.service.tail()}"])

    def expect_nothing_goes(self, name, *calls):
        """Longer than a step of expiry takes to come."""
        time.sleep(NOTICED_S)
        missing = set(calls) - self.calls()
        self.report.check(name, [f"{call} is gone" for call in sorted(missing)])

    def confirm(self):
        self.ask("retention", "confirm-clock").expect(0)

    def run(self):
        for name, due_min in (("soon", 20), ("later", 100), ("held", 10)):
            self.record(name, due_min)
        held = [call["uid"] for call in self.ask("calls", "--json").expect(0).lines()
                if call["call_id"].startswith("held")]
        matter = ("--matter", "M-1", "--reason", "counsel")
        self.ask("hold", "add", "--uid", *held, *matter).expect(0)
        self.report.check("before it jumps there is no alarm", ["alarm"] if self.alarm() else [])
        self.service.shift(30)
        self.expect("half an hour on, what is due goes",
                    lambda: self.calls() == {"later", "held"}, GOES_S)
        self.report.check("and there is no alarm", ["alarm"] if self.alarm() else [])
        self.service.shift(150)
        self.expect("two hours on there is an alarm", self.alarm, NOTICED_S)
        self.expect_nothing_goes("and nothing goes", "later", "held")
        self.service.stop()
        self.service.start()
        self.expect("a new start does not end it", self.alarm, NOTICED_S)
        self.expect_nothing_goes("and lets nothing go", "later", "held")
        self.confirm()
        self.expect("what is due goes when it is confirmed", lambda: self.calls() == {"held"},
                    GOES_S)
        self.expect("the alarm ends", lambda: not self.alarm(), NOTICED_S)
        self.service.shift(20)
        self.expect("two hours back there is an alarm", self.alarm, NOTICED_S)
        self.ask("hold", "release", *matter).expect(0)
        self.expect_nothing_goes("and nothing goes that is overdue either way", "held")
        self.confirm()
        self.expect("it goes when that is confirmed", lambda: not self.calls(), GOES_S)
        self.expect("the alarm ends then", lambda: not self.alarm(), NOTICED_S)


def main():
    report = Report()
    if not require_linux_root(report, "a clock that jumps"):
        return report.finish()
    with tempfile.TemporaryDirectory(prefix="tdc.") as directory, netlab.NetLab() as lab:
        with report.guard("a clock that jumps"):
            service = ShiftedService(lab, directory)
            service.start()
            try:
                ClockTest(report, service, directory).run()
            finally:
                status = service.stop()
            report.check("SIGTERM ends run cleanly", [] if status == 0 else [service.tail()])
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
