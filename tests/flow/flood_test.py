#!/usr/bin/env python3
"""Scanners beside real calls, in a capture: thousands of INVITE, REGISTER and OPTIONS from two
sources, with new Call-IDs each and never answered. The calls in their midst are logged and recorded
like any other, what is given up is counted, and three times the flood takes no more memory."""

import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "counters"), os.path.join(HERE, "..", "support")]
import program
from packets import Capture, sip
from program import tapdeck
from report import Report

CALLS = 12
SECONDS = 12
CALLS_MAX = 500
PENDING_MAX = 500
MORE_KIB = 48 * 1024  # by which three times the flood may exceed it: caches of the store
CONFIG = ["calls:", f"  calls_max: {CALLS_MAX}", "events:", "  keep: all",
          f"  pending_max: {PENDING_MAX}"]
SCANNERS = [("203.0.113.66", 5070), ("203.0.113.67", 5071)]
TARGET = ("198.51.100.20", 5060)


def real_call(number):
    """One that rings for as long as the flood needs to fill the table several times."""
    start, port = 1 + 0.2 * number, 20_000 + 4 * number
    name = f"real{number}"
    return "\n".join([
        f"call {name} alice bob",
        f"{start} alice>bob INVITE call={name} sdp={port}",
        f"{start + 0.05} bob>alice 180/INVITE call={name}",
        f"{start + 4} bob>alice 200/INVITE call={name} sdp={port + 2}",
        f"{start + 4.05} alice>bob ACK call={name}",
        f"{start + 4.1} rtp alice:{port}>bob:{port + 2} ssrc={0xA000 + number} count=50",
        f"{start + 4.1} rtp bob:{port + 2}>alice:{port} ssrc={0xB000 + number} count=50",
        f"{start + 5.5} alice>bob BYE call={name} cseq=2",
        f"{start + 5.55} bob>alice 200/BYE call={name} cseq=2"])


def flooded(per_s):
    capture = Capture(*(real_call(number) for number in range(CALLS)), config=CONFIG)
    capture.play("call reg alice alice\n"
                 "6.0 alice>bob REGISTER call=reg "
                 "header=\"User-Agent: Desk Phone\"\n6.1 bob>alice 200/REGISTER call=reg")
    kinds = ("INVITE", "REGISTER", "OPTIONS")
    for index in range(per_s * SECONDS):
        kind = kinds[index % 3]
        capture.udp(sip(f"{kind} sip:100@b.example SIP/2.0", Call_ID=f"scan-{index:08}",
                        From=f"<sip:scan{index % 10_000}@scan.example>;tag=s", CSeq=f"1 {kind}"),
                    index / per_s, SCANNERS[index % 2], TARGET)
    return capture


class Ingested:
    """A capture in a store of its own, and how much memory that took at most."""

    def __init__(self, capture, directory):
        self.store = os.path.join(directory, "store")
        path, config = (os.path.join(directory, name) for name in ("flood.pcap", "tapdeck.yaml"))
        capture.write(path)
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join(capture.config) + "\n")
        command = [sys.executable, "-c",
                   "import resource, subprocess, sys\n"
                   "done = subprocess.run(sys.argv[1:])\n"
                   "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
                   "sys.exit(done.returncode)",
                   program.PROGRAM, "--config", config, "--store", self.store, "ingest", "--json",
                   path]
        done = subprocess.run(command, capture_output=True, timeout=300, check=True)
        lines = done.stdout.splitlines()
        self.summary, self.most_kib = json.loads(lines[0]), int(lines[-1])


def call_problems(store):
    log = program.calls(store, "--number", "1001")
    problems = [] if len(log) == CALLS else [f"{len(log)} calls, {CALLS} were made"]
    for call in log:
        media = [stream["packets"] for stream in call["media"]]
        if (call["outcome"], call["end_reason"], call["recording"]["state"], media) != (
                "answered", "bye", "recorded", [50, 50]):
            problems.append(f"{call['call_id']}: {call['outcome']}, {call['end_reason']}, "
                            f"{call['recording']['state']}, packets {media}")
    return problems


def device_problems(store):
    last = program.calls(store, "--number", "1001")[-1]
    device = last["caller"]["device"] or {}
    found = {name: device.get(name) for name in ("user_agent", "contact", "address")}
    wanted = {"user_agent": "Desk Phone", "contact": "sip:alice@192.0.2.10:5060",
              "address": "192.0.2.10:5060"}
    return [] if found == wanted else [f"{found}, not {wanted}"]


def event_problems(store):
    found = tapdeck(store, "events", "--json", "--number", "1001").expect(0).lines()
    said = [(event["method"], event["status_code"], event["user_agent"]) for event in found]
    return [] if said == [("REGISTER", 200, "Desk Phone")] else [str(said)]


def run(report, directory):
    small = Ingested(flooded(500), os.path.join(directory, "small"))
    large = Ingested(flooded(1500), os.path.join(directory, "large"))
    rejected, events = large.summary["sip_rejected"], large.summary["events"]
    print(f"      {large.summary['sip_messages']} messages; {small.most_kib // 1024} MiB, with "
          f"three times the flood {large.most_kib // 1024} MiB; rejected "
          f"{ {name: count for name, count in rejected.items() if count} }, events "
          f"{ {name: count for name, count in events.items() if count} }")
    report.check("the calls in its midst are recorded", call_problems(large.store))
    report.check("a call's party shows its device", device_problems(large.store))
    report.check("a real registration is an event", event_problems(large.store))
    log = program.calls(large.store)
    scans = 1500 * SECONDS // 3
    report.check("every INVITE of the flood is in the log",
                 [] if len(log) == scans + CALLS else [f"{len(log)} calls"])
    given_up = rejected["evicted_call"]
    report.check("what was given up is counted",
                 [] if scans - CALLS_MAX <= given_up <= scans and events["evicted_event"] > scans
                 else [str(rejected), str(events)])
    report.check("no answered call was given up",
                 [] if rejected["evicted_answered"] == 0 else [str(rejected)])
    growth = large.most_kib - small.most_kib
    report.check("three times the flood takes no more memory",
                 [] if growth < MORE_KIB else [f"{growth} KiB more"])
    done = tapdeck(large.store, "store", "check")
    report.check("store check", [] if done.status == 0 else [done.stdout.decode()])


def main():
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tapdeck-flood.") as directory:
        for name in ("small", "large"):
            os.mkdir(os.path.join(directory, name))
        with report.guard("floods"):
            run(report, directory)
    sys.exit(report.finish())


if __name__ == "__main__":
    main()
