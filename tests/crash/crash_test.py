#!/usr/bin/env python3
"""`kill -9` of `tapdeck run` in the middle of load, several times over on one store; and of
`tapdeck ingest`, after which reading the file again must give what an undisturbed ingest gives.

After each kill the store opens within a second per open GiB, every call that was answered more than
a second before the kill is in the log, and each stream's media is there up to the `durable_until`
that `show --json` gave before the kill, which no crash lowers. Beside the load go calls over TCP in
segments and in fragments, of which some wait for the rest at the moment of the kill. Needs root.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import capture_file
import many_calls
import mixed_calls
import netlab
import program
import replay
import sipp_load
from program import tapdeck
from report import Report, require_linux_root
from service import Service

CALLS, CALLS_PER_S = 120, 20
OPEN_LEAST_S = 1.0  # the least that is asked of an opening
WATCHED_CALLS = 4
MIXED_CALLS, MIXED_PER_S, MIXED_TALK_S = 60, 6, 20
INGESTED_CALLS = 200


def seconds(rfc3339):
    return datetime.fromisoformat(rfc3339.replace("Z", "+00:00")).timestamp()


def answered_on_the_wire(datagrams):
    """{Call-ID: time of the first 2xx to its INVITE}"""
    answers = {}
    for datagram in datagrams:
        lines = datagram.payload.split(b"\r\n")
        if not lines[0].startswith(b"SIP/2.0 2"):
            continue
        fields = dict(line.split(b":", 1) for line in lines[1:] if b":" in line)
        if fields.get(b"CSeq", b"").strip().endswith(b"INVITE"):
            answers.setdefault(fields[b"Call-ID"].strip().decode(), datagram.time)
    return answers


def rtp_times(datagrams, stream):
    """Arrival times of one stream, told by its ports and SSRC."""
    ports = tuple(int(stream[end].rsplit(":", 1)[1]) for end in ("src", "dst"))
    ssrc = int(stream["ssrc"], 16)
    return [datagram.time for datagram in datagrams
            if (datagram.source_port, datagram.destination_port) == ports and
            capture_file.is_rtp_of(datagram.payload, ssrc)]


def durable_streams(store, uid):
    """{(dst, ssrc): stream with durable_until} of one call, from `show --json`."""
    shown = tapdeck(store, "show", "--json", uid).expect(0).lines()
    found = {}

    def visit(value):
        if isinstance(value, dict):
            if value.get("durable_until"):
                found[value["dst"], value["ssrc"]] = value
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                visit(part)

    visit(shown)
    return found


def watch(store, until):
    """Polls calls in progress until it is time to kill: {uid: durable streams, as last seen}."""
    seen = {}
    while time.time() < until:
        log = [call for call in program.calls(store)
               if call["state"] == "in_progress" and call["answered"] and
               time.time() - seconds(call["answered"]) > 2]
        for call in log[:WATCHED_CALLS]:
            if time.time() < until:
                seen[call["uid"]] = durable_streams(store, call["uid"])
        time.sleep(0.05)
    return {uid: streams for uid, streams in seen.items() if streams}


def open_gib(store):
    """Allocated size of the segment files, an upper bound of what recovery has to read."""
    size = 0
    for folder, _, names in os.walk(os.path.join(store, "segments")):
        size += sum(os.stat(os.path.join(folder, name)).st_blocks * 512 for name in names)
    return size / 2**30


def opening_problems(store):
    limit = max(OPEN_LEAST_S, open_gib(store))
    begin, before = time.monotonic(), os.times()
    done = tapdeck(store, "calls", "--json", "--limit", "1")
    took, after = time.monotonic() - begin, os.times()
    # Of the processor, which says what was read however busy the host is.
    cpu = sum(after[2:4]) - sum(before[2:4])
    print(f"      opened in {took:.2f} s, {cpu:.2f} s of it the processor's")
    if done.status != 0:
        return [f"exit status {done.status}: {done.tail()}"]
    return [] if cpu <= limit else [f"took {cpu:.2f} s of the processor, at most {limit:.2f} s"]


def log_problems(store, answers, killed_at):
    due = {call_id for call_id, at in answers.items() if at < killed_at - 1}
    logged = {call["call_id"] for call in program.calls(store) if call["answered"]}
    missing = due - logged
    if not due:
        return ["the load answered no call in time: nothing was tested"]
    return [f"{len(missing)} of {len(due)} calls are not in the log"] if missing else []


def media_problems(store, seen, wire, directory):
    """Streams whose durable_until sank, or whose media before it is not all there."""
    problems = []
    for uid, streams in seen.items():
        now = durable_streams(store, uid)
        output = os.path.join(directory, "export-" + uid)
        done = tapdeck(store, "export", "--uid", uid, "--format", "pcap", "--output", output)
        path = os.path.join(output, uid + ".pcap")
        kept = capture_file.datagrams(path) if os.path.exists(path) else []
        if not kept:
            problems.append(f"{uid}: export gave no media: {done.tail()}")
        for key, stream in streams.items():
            name = f"{uid} {key[1]} to {key[0]}"
            until = seconds(stream["durable_until"])
            if key not in now or seconds(now[key]["durable_until"]) < until:
                problems.append(f"{name}: durable_until sank below {stream['durable_until']}")
            # 5 ms: tcpdump and Tapdeck stamp a packet each for itself.
            due = sum(at < until - 0.005 for at in rtp_times(wire, stream))
            have = len(rtp_times(kept, stream))
            if have < due:
                problems.append(f"{name}: {have} packets kept, {due} were durable")
    return problems


class Killed:
    """`run` under load until it is killed: what was on the wire, and what it had said by then."""

    def __init__(self, lab, service, directory, number, rng):
        load = sipp_load.SippLoad(lab, directory)
        wire = os.path.join(directory, "wire.pcap")
        service.start()
        lab.start_in(lab.tap, "tcpdump", "--immediate-mode", "-U", "-B", "32768",
                     "-i", lab.monitor, "-w", wire, "-Z", "root", "udp",
                     stderr=subprocess.DEVNULL)
        netlab.wait_until(lambda: os.path.exists(wire), 10)
        mixed, said = (os.path.join(directory, name) for name in ("mixed.pcap", "mixed.out"))
        answers = mixed_calls.write(mixed, MIXED_CALLS, MIXED_PER_S, MIXED_TALK_S,
                                    f"mixed{number}")
        with open(said, "wb") as out:
            lab.start_in(lab.tap, *replay.command((mixed, "mon0")), stdout=out)
        load.start(CALLS, CALLS_PER_S)
        begin = netlab.wait_until(lambda: replay.begin_of(said), 10)
        self.answers = {call_id: begin + at for call_id, at in answers.items()}
        self.seen = watch(service.store, time.time() + rng.uniform(5, 8))
        self.at = time.time()
        service.kill()
        lab.stop_all()
        self.wire = capture_file.datagrams(wire)
        self._directory = directory

    def look(self, report, name, store):
        """At what there is afterwards."""
        report.check(f"{name}: the store opens", opening_problems(store))
        report.check(f"{name}: answered calls are in the log",
                     log_problems(store, answered_on_the_wire(self.wire), self.at))
        report.check(f"{name}: answered calls over TCP and in fragments are in the log",
                     log_problems(store, self.answers, self.at))
        report.check(f"{name}: durable media is there",
                     media_problems(store, self.seen, self.wire, self._directory) if self.seen
                     else ["no stream was durable before: nothing was tested"])
        done = tapdeck(store, "store", "check")
        report.check(f"{name}: store check",
                     [] if done.status == 0 else [done.stdout.decode()])


def one_kill(report, lab, directory, number, rng):
    """Load, kill, and what must be true afterwards."""
    round_directory = os.path.join(directory, str(number))
    os.makedirs(round_directory)
    service = Service(lab, directory)  # the same store each time
    killed = Killed(lab, service, round_directory, number, rng)
    killed.look(report, f"kill {number}", service.store)


def without_digests(call):
    """Digests are salted, and so differ between two stores of the same calls."""
    call["recording"]["sha256"] = bool(call["recording"]["sha256"])
    return call


def exported_bytes(store, call, directory):
    """The packets of one call, as `export` gives them."""
    tapdeck(store, "export", "--uid", call["uid"], "--format", "pcap",
            "--output", directory).expect(0)
    with open(os.path.join(directory, call["uid"] + ".pcap"), "rb") as file:
        return file.read()


def killed_ingest(report, directory, kills, rng):
    """Each kill at another moment of the same ingest, into one store, then a whole one."""
    capture = os.path.join(directory, "many.pcap")
    many_calls.write(capture, INGESTED_CALLS, 40)
    mixed = os.path.join(directory, "mixed.pcap")
    mixed_calls.write(mixed, MIXED_CALLS, MIXED_PER_S, MIXED_TALK_S)
    whole, store = (os.path.join(directory, name) for name in ("whole", "killed"))
    begin = time.monotonic()
    tapdeck(whole, "ingest", capture, mixed).expect(0)
    took = time.monotonic() - begin
    cut_short = 0
    for _ in range(kills):
        process = subprocess.Popen([program.PROGRAM, "--store", store, "ingest", capture,
                                    mixed],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(took * rng.uniform(0.3, 0.9))
        process.kill()
        cut_short += process.wait() < 0
        opened = opening_problems(store) if os.path.exists(os.path.join(store, "FORMAT")) else []
        report.check("killed ingest: the store opens", opened)
    tapdeck(store, "ingest", capture, mixed).expect(0)
    expected = [without_digests(call) for call in program.calls(whole, "--limit", "1000")]
    found = [without_digests(call) for call in program.calls(store, "--limit", "1000")]
    problems = [] if cut_short else ["no ingest was cut short: nothing was tested"]
    if len(found) != len(expected) or len(expected) != INGESTED_CALLS + MIXED_CALLS:
        problems.append(f"{len(found)} calls, {len(expected)} undisturbed")
    problems += [f"{ours['call_id']} differs: {ours}" for ours, wanted in zip(found, expected)
                 if ours != wanted][:3]
    report.check("killed ingest: the calls are those of an undisturbed one", problems)
    problems = [call["call_id"] for call in rng.sample(expected, 10)
                if exported_bytes(whole, call, os.path.join(directory, "a")) !=
                exported_bytes(store, call, os.path.join(directory, "b"))]
    report.check("killed ingest: recordings are whole", problems)
    done = tapdeck(store, "store", "check")
    report.check("killed ingest: store check", [] if done.status == 0 else [done.stdout.decode()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    arguments = parser.parse_args()
    report = Report()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="tdk.") as directory:
        with report.guard("killed ingest"):
            killed_ingest(report, directory, arguments.kills, rng)
    if require_linux_root(report, "kill -9 under load"):
        with tempfile.TemporaryDirectory(prefix="tdk.") as directory, netlab.NetLab() as lab:
            for number in range(1, arguments.kills + 1):
                with report.guard(f"kill {number}"):
                    one_kill(report, lab, directory, number, rng)
                lab.stop_all()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
