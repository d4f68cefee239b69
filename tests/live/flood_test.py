#!/usr/bin/env python3
"""A flood of INVITEs that nobody answers, scans with REGISTER and OPTIONS, and calls that name new
ports all the time, into `run`.

Its memory stays bounded, what it drops is counted under a name, and the normal calls in the middle
are recorded like any other. Needs root. `--seconds` and `--per-s` make it longer and harder;
`--no-loss-assert` leaves losses and memory out: a sanitizer build needs more of both.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import netlab
import program
import sipp_load
from program import tapdeck
from report import Report, require_linux_root
from service import Service

CALLS = 10
CALLS_PER_S = 2
CALLS_MAX = 20_000  # fewer than the flood makes: the longest silent ones must go
PENDING_MAX = 1_000  # transactions beside calls, likewise
KIB_PER_CALL = 8  # of memory, generously: its record, dialog and message
REST_KIB = 150 * 1024  # what a service may grow by under load without any flood
FLOOD = os.path.join(program.ROOT, "tests", "support", "sip_flood.py")


def resident_kib(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def start_flood(lab, kind, per_s, seconds):
    return lab.start_in(lab.caller, sys.executable, "-B", FLOOD, kind, str(per_s), str(seconds),
                        netlab.CALLER_IP, netlab.CALLEE_IP, stdout=subprocess.PIPE)


def accounting_problems(stats):
    """Every packet is in one class, and every message that came in is accounted for."""
    packets = sum(worker["packets"] for worker in stats["workers"])
    classes = sum(stats["by_class"].values())
    return [] if packets == classes else [f"{packets} packets, {classes} in classes"]


def call_problems(store, check_loss):
    log = program.calls(store, "--callee", "49409900")
    problems = [] if len(log) == CALLS else [f"{len(log)} calls, {CALLS} were made"]
    for call in log:
        if call["outcome"] != "answered" or call["end_reason"] != "bye" or len(call["media"]) != 2:
            problems.append(f"{call['call_id']}: {call['outcome']}, {call['end_reason']}, "
                            f"{len(call['media'])} streams")
        for stream in call["media"] if check_loss else []:
            if stream["packets"] != sipp_load.PACKETS:
                problems.append(f"{call['call_id']}: {stream['packets']} packets, lost "
                                f"{stream['lost']}, by us {stream['lost_by_us']}")
    return problems


def run(report, lab, directory, arguments):
    service = Service(lab, directory)
    with open(service.config, "a", encoding="utf-8") as file:
        file.write(f"calls:\n  calls_max: {CALLS_MAX}\n"
                   f"events:\n  keep: all\n  pending_max: {PENDING_MAX}\n")
    service.start()
    before = resident_kib(service.process)
    load = sipp_load.SippLoad(lab, directory)
    load.start(CALLS, CALLS_PER_S)
    floods = [start_flood(lab, "invites", arguments.per_s, arguments.seconds),
              start_flood(lab, "reinvites", 100, arguments.seconds),
              start_flood(lab, "scans", arguments.per_s // 3, arguments.seconds)]
    most = 0
    while any(flood.poll() is None for flood in floods):
        most = max(most, resident_kib(service.process))
        netlab.wait_until(lambda: False, 0.5)
    made, storm, scans = (int(flood.communicate()[0].split()[0]) for flood in floods)
    report.check("sipp played every call", load.wait(60))
    time.sleep(2)  # figures of the call plane are a second old
    stats = tapdeck(service.store, "stats", "--json").expect(0).lines()[0]
    growth, bound = most - before, CALLS_MAX * KIB_PER_CALL + REST_KIB
    drops = {name: count for name, count in stats["drops"].items() if count}
    print(f"      {made} INVITEs, {storm} re-INVITEs, {scans} scans; memory grew by "
          f"{growth // 1024} MiB; calls {stats['calls']}, drops {drops}")
    report.check("memory is bounded", [] if arguments.no_loss_assert or growth < bound else
                 [f"grew by {growth} KiB, {bound} at most"])
    report.check("packets are accounted for", accounting_problems(stats))
    seen = stats["calls"]["calls_started"]
    report.check("the flood was seen", [] if seen > CALLS_MAX or arguments.no_loss_assert else
                 [f"{seen} calls"])
    report.check("no more calls than configured", [] if
                 stats["calls"]["calls_open"] <= CALLS_MAX else [str(stats["calls"])])
    report.check("new ports cost a call its oldest, under a name",
                 [] if stats["drops"]["claim_evicted"] > 0 else [str(stats["drops"])])
    events = stats["events"]
    report.check("no more transactions than configured, the others under a name", [] if
                 events["pending"] <= PENDING_MAX and
                 (events["evicted_event"] > 0 or arguments.no_loss_assert) else [str(events)])
    status = service.stop()
    report.check("SIGTERM ends run cleanly",
                 [] if status == 0 else [f"exit status {status}: {service.tail()}"])
    report.check("the calls in the middle are recorded",
                 call_problems(service.store, not arguments.no_loss_assert))
    flooded = tapdeck(service.store, "calls", "--json", "--callee", "49409911").expect(0)
    count = flooded.stdout.count(b"\n")
    report.check("every call of the flood is in the log",
                 [] if count + CALLS == seen else [f"{count} and {CALLS} in the log, {seen} seen"])
    done = tapdeck(service.store, "store", "check")
    report.check("store check", [] if done.status == 0 else [done.stdout.decode()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--per-s", type=int, default=3000)
    parser.add_argument("--no-loss-assert", action="store_true")
    arguments = parser.parse_args()
    report = Report()
    if require_linux_root(report, "floods"):
        with tempfile.TemporaryDirectory(prefix="tdf.") as directory, netlab.NetLab() as lab:
            with report.guard("floods"):
                run(report, lab, directory, arguments)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
