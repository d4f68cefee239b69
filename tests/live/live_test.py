#!/usr/bin/env python3
"""Calls that two sipp hosts make over veth links, recorded by `tapdeck run` from a mirror port.

Every call must be in the log with both directions complete, nothing lost by us, and the exported
audio must be exact to the last sample, while the call log is asked all the time. Needs root.
`--no-loss-assert` leaves the losses out: a sanitizer build on a small machine may drop packets.
"""

import argparse
import os
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import capture_file
import netlab
import program
import sipp_load
import wav
from program import tapdeck
from report import Report, require_linux_root
from service import Service

CALLS_PER_S = 20
FINAL_S = 60  # by then every call that has ended is final in the log


class Asker(threading.Thread):
    """Asks for the call log again and again while calls come in."""

    def __init__(self, store):
        super().__init__(daemon=True)
        self.store = store
        self.asked = self.in_progress = 0
        self.problems = []
        self.enough = threading.Event()

    def run(self):
        most = 0
        while not self.enough.wait(0.5) and not self.problems:
            try:
                log = program.calls(self.store)
            except (program.Crash, AssertionError, ValueError) as error:
                self.problems.append(f"calls, asked while running: {error}")
                return
            self.asked += 1
            self.in_progress = max(self.in_progress,
                                   sum(call["state"] == "in_progress" for call in log))
            if len(log) < most:
                self.problems.append(f"the log shrank from {most} to {len(log)} calls")
            most = len(log)

    def stop(self):
        self.enough.set()
        self.join(60)
        if not self.problems and self.asked == 0:
            self.problems.append("the log was never asked")
        if not self.problems and self.in_progress == 0:
            self.problems.append("no call was ever shown in progress")
        return self.problems


def call_problems(call, check_loss):
    """What is wrong with one call's record."""
    problems = []

    def expect(what, ours, wanted):
        if ours != wanted:
            problems.append(f"{call['call_id']}: {what} {ours}, not {wanted}")

    expect("final", call["final"], True)
    expect("outcome", call["outcome"], "answered")
    expect("hangup_by", call["hangup_by"], "caller")
    expect("directions", len({stream["party"] for stream in call["media"]}), 2)
    expect("streams", len(call["media"]), 2)
    if check_loss:
        expect("recording", call["recording"]["state"], "recorded")
        for stream in call["media"]:
            expect("codec", stream["codec"], "PCMA")
            expect("packets", stream["packets"], sipp_load.PACKETS)
            expect("lost", stream["lost"], 0)
            expect("lost_by_us", stream["lost_by_us"], 0)
    return problems


def audio_problems(directory, log, load, edge_packets=0):
    """Calls whose exported WAV does not hold exactly what was played, edges aside."""
    sides = [capture_file.alaw_to_linear(sipp_load.payloads(path))
             for path in (load.caller_capture, load.callee_capture)]
    edge = edge_packets * len(sides[0]) // sipp_load.PACKETS
    sides = [side[edge:len(side) - edge] for side in sides]
    problems = []
    for call in log:
        path = os.path.join(directory, call["uid"] + ".wav")
        if not os.path.exists(path):
            problems.append(f"{call['call_id']}: no WAV file")
            continue
        _, *channels = wav.channels(path)
        for name, channel, side in zip(("left", "right"), channels, sides):
            if wav.find_audio(channel, side) < 0:
                problems.append(f"{call['call_id']}: the {name} channel is not the audio played")
    return problems


def record(report, service, load, calls):
    """Lets the calls happen; the log of final calls, or None."""
    asker = Asker(service.store)
    asker.start()
    load.start(calls, CALLS_PER_S)
    problems = load.wait(calls / CALLS_PER_S + sipp_load.TALK_S + 60)
    if problems:
        report.fail("sipp played every call", problems)
        asker.stop()
        return None
    report.ok("sipp played every call")

    def all_final():
        log = program.calls(service.store)
        return log if len(log) >= calls and all(call["final"] for call in log) else None

    log = netlab.wait_until(all_final, FINAL_S, 1)
    report.check("the log answered while calls came in", asker.stop())
    if log is None:
        log = program.calls(service.store)
        final = sum(call["final"] for call in log)
        report.fail("every call is final", f"{len(log)} calls of {calls}, {final} final")
        return None
    report.ok("every call is final")
    return log


def run(report, lab, directory, arguments):
    service = Service(lab, directory)
    load = sipp_load.SippLoad(lab, directory)
    # The interface is one of the namespace.
    done = tapdeck(None, "config", "check", config=service.config,
                   prefix=("ip", "netns", "exec", lab.tap))
    report.check("config check", [] if done.status == 0 else [done.tail()])
    service.start()
    report.ok("run starts")
    log = record(report, service, load, arguments.calls)
    second = service.second_owner()
    report.check("a second owner is refused", [] if second.status == 1 and second.stderr.strip()
                 else [f"exit status {second.status}: {second.tail()}"])
    for command in (["stats"], ["stats", "--json"], ["status"], ["store", "stats"]):
        done = tapdeck(service.store, *command)
        report.check(" ".join(command), [] if done.status == 0 else [done.tail()])
    status = service.stop()
    report.check("SIGTERM ends run cleanly",
                 [] if status == 0 else [f"exit status {status}: {service.tail()}"])
    if log is None:
        return

    check_loss = not arguments.no_loss_assert
    count = len({call["call_id"] for call in log})
    report.check("one record per call", [] if count == len(log) == arguments.calls else
                 [f"{len(log)} records of {count} calls, not {arguments.calls}"])
    for call in log:
        report.check(f"call {call['call_id']}", call_problems(call, check_loss))
    output = os.path.join(directory, "export")
    begin = time.monotonic()
    done = tapdeck(service.store, "export", "--format", "wav", "--output", output, timeout_s=300)
    print(f"      exported in {time.monotonic() - begin:.1f} s")
    report.check("export", [] if done.status == 0 else [f"status {done.status}: {done.tail()}"])
    if check_loss:
        report.check("exported audio is sample-exact", audio_problems(output, log, load))
    done = tapdeck(service.store, "store", "check")
    report.check("store check", [] if done.status == 0 else [done.stdout.decode()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--no-loss-assert", action="store_true")
    arguments = parser.parse_args()
    report = Report()
    if require_linux_root(report, "live calls"):
        with tempfile.TemporaryDirectory(prefix="tdl.") as directory, netlab.NetLab() as lab:
            with report.guard("live calls"):
                run(report, lab, directory, arguments)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
