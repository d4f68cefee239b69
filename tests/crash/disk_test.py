#!/usr/bin/env python3
"""A disk that fills up under `ingest` and under `run`: what is lost is told in the calls that lost
it, the call log goes on, the store stays sound, and recording goes on when there is room again.
Some calls come over TCP in segments and in fragments, of which some wait for the rest meanwhile.
A kernel that denies io_uring: everything works, with a warning that names the remedy.
Needs root, for a small file system and network namespaces.
"""

import collections
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import many_calls
import mixed_calls
import netlab
import program
import replay
import sipp_load
from program import tapdeck
from report import Report, require_linux_root
from service import Service
from small_disk import SmallDisk

INGESTED_CALLS = 100
LIVE_CALLS, CALLS_PER_S = 40, 20
MIXED_CALLS, MIXED_PER_S, MIXED_TALK_S = 40, 4, 6


def configuration(directory):
    path = os.path.join(directory, "small.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("storage:\n  preallocate_mib: 1\n")
    return path


def states(store):
    log = program.calls(store, "--limit", "1000")
    return log, collections.Counter(call["recording"]["state"] for call in log)


def loss_problems(log):
    """A call is whole, or says that we lost some or all of it."""
    problems = []
    for call in log:
        state, reasons = call["recording"]["state"], call["recording"]["reasons"]
        told = {"recorded": reasons == [], "recorded_with_gaps": "loss_by_us" in reasons,
                "not_recorded": reasons == ["resources"]}
        if not told.get(state) or not call["final"]:
            problems.append(f"{call['call_id']}: {state} {reasons}, final {call['final']}")
        gaps = [gap for gap in call["recording"]["gaps"] if gap["reason"] == "loss_by_us"]
        if state == "recorded_with_gaps" and not sum(gap["packets"] for gap in gaps):
            problems.append(f"{call['call_id']}: no gap says what is missing")
    return problems


def ingest_on_full_disk(report, directory):
    capture = os.path.join(directory, "many.pcap")
    many_calls.write(capture, INGESTED_CALLS, 60)  # 100 MiB
    mixed = os.path.join(directory, "mixed.pcap")
    mixed_calls.write(mixed, MIXED_CALLS, MIXED_PER_S, MIXED_TALK_S)
    config = configuration(directory)
    with SmallDisk(os.path.join(directory, "disk")) as disk:
        store = os.path.join(disk.path, "store")
        done = tapdeck(store, "ingest", capture, mixed, config=config)
        report.check("ingest on a full disk fails and says why",
                     [] if done.status == 1 and "disk" in done.stderr else
                     [f"exit status {done.status}: {done.tail()}"])
        log, seen = states(store)
        problems = loss_problems(log)
        every = INGESTED_CALLS + MIXED_CALLS
        if len(log) != every or seen["recorded"] == every:
            problems.append(f"{len(log)} calls: {dict(seen)}")
        report.check("ingest on a full disk tells each call's loss", problems)
        done = tapdeck(store, "store", "check")
        report.check("ingest on a full disk leaves a sound store",
                     [] if done.status == 0 else [done.stdout.decode()])


def run_on_full_disk(report, directory, lab):
    with SmallDisk(os.path.join(directory, "disk")) as disk:
        service = Service(lab, disk.path)
        service.log = os.path.join(directory, "run.log")
        with open(service.config, "a", encoding="utf-8") as file:
            file.write("storage:\n  preallocate_mib: 1\n")
        service.start()
        mixed = os.path.join(directory, "mixed.pcap")
        mixed_calls.write(mixed, MIXED_CALLS, MIXED_PER_S, MIXED_TALK_S)
        lab.start_in(lab.tap, *replay.command((mixed, "mon0")), stdout=subprocess.DEVNULL)
        load = sipp_load.SippLoad(lab, directory)
        load.start(LIVE_CALLS, CALLS_PER_S)
        time.sleep(4)
        disk.fill()
        problems = load.wait(LIVE_CALLS / CALLS_PER_S + sipp_load.TALK_S + 60)
        report.check("run goes on on a full disk",
                     problems or ([] if service.process.poll() is None else [service.tail()]))
        disk.free()
        before, _ = states(service.store)
        time.sleep(3)  # the disk is asked again every second
        load = sipp_load.SippLoad(lab, directory)
        load.start(LIVE_CALLS, CALLS_PER_S)
        problems = load.wait(LIVE_CALLS / CALLS_PER_S + sipp_load.TALK_S + 60)
        every = 2 * LIVE_CALLS + MIXED_CALLS
        netlab.wait_until(lambda: sum(call["final"] for call in states(service.store)[0]) == every,
                          30)
        log, seen = states(service.store)
        print(f"      {len(before)} calls in the log when there was room again; then {dict(seen)}")
        problems += loss_problems(log)
        if len(log) != every:
            problems.append(f"{len(log)} calls in the log")
        of_sipp = [call for call in log if not mixed_calls.is_mixed(call)]
        second_load = sorted(of_sipp, key=lambda call: call["uid"])[LIVE_CALLS:]
        problems += [f"{call['call_id']}: {call['recording']['reasons']}" for call in second_load
                     if call["recording"]["state"] != "recorded"]
        report.check("run records again when there is room", problems)
        if seen["recorded"] == every:
            report.fail("run loses media on a full disk", "nothing was lost: nothing was tested")
        status = service.stop()
        report.check("run stops in order", [] if status == 0 else [f"{status}: {service.tail()}"])
        done = tapdeck(service.store, "store", "check")
        report.check("run leaves a sound store", [] if done.status == 0 else [done.stdout.decode()])


def ingest_without_io_uring(report, directory):
    """The same calls and media as with it."""
    stores = [os.path.join(directory, name) for name in ("with", "without")]
    tapdeck(stores[0], "ingest", program.SAMPLE).expect(0)
    wrapper = os.path.join(program.ROOT, "tests", "support", "no_io_uring.py")
    done = tapdeck(stores[1], "ingest", program.SAMPLE, prefix=(sys.executable, "-B", wrapper))
    problems = [] if done.status == 0 else [f"exit status {done.status}: {done.tail()}"]
    for needed in ("io_uring", "seccomp", "kernel.io_uring_disabled"):
        if needed not in done.stderr:
            problems.append(f"the warning does not name {needed}: {done.tail()}")
    logs = [[(call["call_id"], call["recording"]["state"], call["recording"]["duration_ms"])
             for call in program.calls(store)] for store in stores]
    if logs[0] != logs[1]:
        problems.append(f"the calls differ: {logs}")
    check = tapdeck(stores[1], "store", "check")
    report.check("ingest works without io_uring",
                 problems + ([] if check.status == 0 else [check.stdout.decode()]))


def main():
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tdd.") as directory:
        with report.guard("ingest without io_uring"):
            ingest_without_io_uring(report, directory)
    if os.geteuid() != 0:
        report.skip("full disk", "needs root to mount a small file system")
        return report.finish()
    with tempfile.TemporaryDirectory(prefix="tdd.") as directory:
        ingesting, running = (os.path.join(directory, name) for name in ("ingest", "run"))
        os.makedirs(ingesting)
        os.makedirs(running)
        with report.guard("full disk"):
            ingest_on_full_disk(report, ingesting)
            if require_linux_root(report, "full disk under run"):
                with netlab.NetLab() as lab:
                    run_on_full_disk(report, running, lab)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
