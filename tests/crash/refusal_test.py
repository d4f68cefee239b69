#!/usr/bin/env python3
"""A call store that refuses every write, because its disk is full while that of the media is not:
`ingest` and `run` end within a minute, say how many call records are not stored, and fail. What is
in the log is sound, and reading the same packets again stores the rest.
Needs root, for a small file system and network namespaces.
"""

import os
import re
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import many_calls
import netlab
import program
import sipp_load
from program import tapdeck
from report import Report, require_linux_root
from service import Service
from small_disk import SmallDisk

CALLS_DISK_MIB = 64
INGESTED_CALLS = 6000  # more than may wait for the call store
LIVE_CALLS, CALLS_PER_S = 40, 20
PATIENCE_S = 30
END_S = PATIENCE_S + 60  # generous


def not_stored(text):
    """How many records the last message says are lost; 0 when it says nothing of the kind."""
    found = re.findall(r"has refused every write.*: (\d+) call records are not stored", text)
    return int(found[-1]) if found else 0


def move_calls(store, disk):
    """Makes a store, with its call log on a disk of its own."""
    tapdeck(store, "ingest", program.SAMPLE).expect(0)
    place = os.path.join(disk.path, "calls")
    shutil.move(os.path.join(store, "calls"), place)
    os.symlink(place, os.path.join(store, "calls"))


def log_of(store):
    return program.calls(store, "--limit", str(2 * INGESTED_CALLS))


def ingest_ends(report, directory):
    capture = os.path.join(directory, "many.pcap")
    many_calls.write(capture, INGESTED_CALLS, 0.1, calls_per_s=1000)
    store = os.path.join(directory, "store")
    with SmallDisk(os.path.join(directory, "disk"), CALLS_DISK_MIB) as disk:
        move_calls(store, disk)
        before = len(log_of(store))
        disk.fill(spare_bytes=8 << 20)  # enough to open it, not for all
        begin = time.monotonic()
        done = tapdeck(store, "ingest", capture, timeout_s=2 * END_S)
        seconds = time.monotonic() - begin
        lost = not_stored(done.stderr)
        print(f"      ingest ended after {seconds:.0f} s; {lost} records not stored")
        report.check("ingest ends, fails and says how many call records are lost",
                     [] if done.status == 1 and lost > 0 and seconds < END_S else
                     [f"exit status {done.status} after {seconds:.0f} s: {done.tail()}"])
        disk.free()
        log = log_of(store)
        problems = ([] if before < len(log) < INGESTED_CALLS else
                    [f"{len(log)} calls are in the log"])
        tapdeck(store, "ingest", capture, timeout_s=2 * END_S).expect(0)
        again = log_of(store)
        finals = sum(call["final"] for call in again)
        if len(again) != before + INGESTED_CALLS or finals != len(again):
            problems.append(f"then {len(again)} calls, {finals} of them final")
        done = tapdeck(store, "store", "check")
        problems += [] if done.status == 0 else [done.stdout.decode()]
        report.check("reading the same packets again stores the rest", problems)


def run_ends(report, directory, lab):
    with SmallDisk(os.path.join(directory, "disk"), CALLS_DISK_MIB) as disk:
        service = Service(lab, directory)
        move_calls(service.store, disk)
        disk.fill(spare_bytes=4 << 20)  # too little for RocksDB to reserve any of it
        service.start()
        load = sipp_load.SippLoad(lab, directory)
        load.start(LIVE_CALLS, CALLS_PER_S)
        time.sleep(1)
        disk.fill()
        problems = load.wait(LIVE_CALLS / CALLS_PER_S + sipp_load.TALK_S + 60)
        time.sleep(4)  # the calls' late packets
        begin = time.monotonic()
        status = netlab.stop(service.process, signal.SIGTERM, 2 * END_S)
        seconds = time.monotonic() - begin
        lost = not_stored(service.tail())
        print(f"      run ended {seconds:.0f} s after SIGTERM; {lost} records not stored")
        if status != 1 or lost == 0 or seconds > END_S:
            problems.append(f"exit status {status} after {seconds:.0f} s: {service.tail()}")
        report.check("run ends, fails and says how many call records are lost", problems)
        disk.free()
        done = tapdeck(service.store, "store", "check")
        report.check("run leaves a sound store", [] if done.status == 0 else [done.stdout.decode()])


def main():
    report = Report()
    if os.geteuid() != 0:
        report.skip("refusing call store", "needs root to mount a small file system")
        return report.finish()
    with tempfile.TemporaryDirectory(prefix="tdr.") as directory:
        ingesting, running = (os.path.join(directory, name) for name in ("ingest", "run"))
        with report.guard("refusing call store"):
            os.makedirs(ingesting)
            os.makedirs(running)
            ingest_ends(report, ingesting)
            if require_linux_root(report, "refusing call store under run"):
                with netlab.NetLab() as lab:
                    run_ends(report, running, lab)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
