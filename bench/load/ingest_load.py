#!/usr/bin/env python3
"""What a packet costs `tapdeck ingest`: generated captures in the page cache, recorded whole to
disk, in CPU time of all threads; and what hashing, encrypting, reading and writing as many bytes
costs by themselves, in the same run.

    bench/load/ingest_load.py                      # 500 and 5 000 calls at once, five runs each
    bench/load/ingest_load.py --calls 500 --runs 9 --json figures.json

Captures and stores are made in the build tree, on its disk, and removed. Every run is checked
against the generator's truth: packets, classes, drops, calls; the first one of each capture also
by `store check` and by every packet and byte of every stream in the call log."""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# Calls, calls a second and mean talk time that give about so many calls at once.
CAPTURES = {500: (2_500, 21, 30), 5_000: (7_500, 1_600, 14), 20: (60, 10, 4)}
BLOCK = 1 << 20


def generate(tree, calls, directory):
    """(capture, truth) of G.711 of 20 ms, both directions, a fifth of the calls failed."""
    count, per_second, talk = CAPTURES[calls]
    capture, truth = (os.path.join(directory, f"{calls}.{end}") for end in ("pcap", "json"))
    subprocess.run([os.path.join(tree, "bench", "traffic", "generate"), "--one-codec",
                    "--calls", str(count), "--rate", str(per_second), "--talk", str(talk),
                    "--pcap", capture, "--truth", truth], check=True, stdout=subprocess.DEVNULL)
    with open(truth, encoding="utf-8") as file:
        return capture, json.load(file)


def warm(path):
    """Reads a file once: what the host has taken away from an idle guest must come back before."""
    with open(path, "rb", buffering=0) as file:
        block = bytearray(BLOCK)
        while file.readinto(block):
            pass


def measured(command):
    """(stdout, rusage, seconds) of a command that must succeed."""
    with tempfile.TemporaryFile() as out:
        before = os.times().elapsed
        child = subprocess.Popen(command, stdout=out, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = os.times().elapsed - before
        if child.returncode != 0:
            raise RuntimeError(f"{command[0]} ended with status {child.returncode}")
        out.seek(0)
        return out.read(), usage, seconds


def directory_bytes(path):
    return sum(os.path.getsize(os.path.join(base, name))
               for base, _, names in os.walk(path) for name in names)


def demand(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: {found}, not {wanted}")


def check_summary(summary, truth):
    demand("packets", summary["packets"], truth["packets"])
    demand("RTP packets", summary["by_class"]["rtp_bound"], truth["rtp_packets"])
    demand("SIP messages", summary["by_class"]["sip"], truth["sip_messages"])
    demand("calls", summary["calls"], len(truth["calls"]))
    demand("streams", summary["streams"], len(truth["streams"]))
    demand("drops", [name for name, count in summary["drops"].items() if count], [])


def check_store(program, store, truth):
    """The call log stream by stream, and all that is stored read, decrypted and hashed again."""
    log = subprocess.run([program, "--store", store, "calls", "--json"], check=True,
                         capture_output=True).stdout
    calls = [json.loads(line) for line in log.splitlines()]
    outcomes = {call["call_id"]: call["outcome"] for call in calls}
    demand("outcomes", outcomes == {call["call_id"]: call["outcome"] for call in truth["calls"]},
           True)
    rows = {(call["call_id"], row["src"], row["dst"], int(row["ssrc"], 16)):
            (row["packets"], row["bytes"]) for call in calls for row in call["media"]}
    sent = {(row["call_id"], row["src"], row["dst"], row["ssrc"]): (row["packets"], row["bytes"])
            for row in truth["streams"]}
    demand("streams as sent", rows == sent, True)
    unlike = {call["call_id"] for call in calls
              if call["outcome"] == "answered" and call["recording"]["state"] != "recorded"}
    demand("answered calls not recorded", len(unlike), 0)
    subprocess.run([program, "--store", store, "store", "check"], check=True,
                   stdout=subprocess.DEVNULL)


def ingest_once(program, capture, truth, store, thorough):
    """One run from a warm page cache into a fresh store, checked."""
    shutil.rmtree(store, ignore_errors=True)
    warm(capture)
    out, usage, seconds = measured([program, "--store", store, "ingest", "--json", capture])
    check_summary(json.loads(out.splitlines()[-1]), truth)
    if thorough:
        check_store(program, store, truth)
    cpu = usage.ru_utime + usage.ru_stime
    row = {"user_s": usage.ru_utime, "system_s": usage.ru_stime, "wall_s": seconds, "cpu_s": cpu,
           "ns_per_packet": cpu * 1e9 / truth["packets"],
           "mpps_per_cpu_s": truth["packets"] / cpu / 1e6,
           "faults_minor": usage.ru_minflt, "faults_major": usage.ru_majflt,
           "resident_kib": usage.ru_maxrss, "stored_bytes": directory_bytes(store)}
    shutil.rmtree(store, ignore_errors=True)
    return row


def openssl_bytes_per_s(algorithm):
    """In blocks of 16 KiB, as an extent is."""
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "-bytes", "16384", "-evp",
                          algorithm], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"([0-9.]+)k\s*$", out.strip()).group(1)) * 1e3


def cpu_of(command):
    usage = measured(command)[1]
    return usage.ru_utime + usage.ru_stime


def floors(capture, truth, stored_bytes, directory):
    """ns a packet that no program can avoid which does these things with these tools."""
    packets = truth["packets"]
    payload = sum(stream["bytes"] for stream in truth["streams"])
    warm(capture)
    copy = os.path.join(directory, "written")
    megabytes = max(stored_bytes >> 20, 1)
    rows = {
        "read": cpu_of(["dd", f"if={capture}", "of=/dev/null", "bs=256k", "status=none"]),
        "sha256": payload / openssl_bytes_per_s("sha256"),
        "aes_256_gcm": payload / openssl_bytes_per_s("aes-256-gcm"),
        "write": cpu_of(["dd", "if=/dev/zero", f"of={copy}", "bs=1M", f"count={megabytes}",
                         "oflag=direct", "conv=fdatasync", "status=none"]),
    }
    os.remove(copy)
    return {name: seconds * 1e9 / packets for name, seconds in rows.items()}


def measure(tree, calls, directory, runs, with_floors=True):
    """All figures of one capture: rows of every run, and the floors."""
    program = os.path.join(tree, "tapdeck")
    capture, truth = generate(tree, calls, directory)
    store = os.path.join(directory, "store")
    # The first is not measured: it brings memory to this guest that its host may have taken back.
    ingest_once(program, capture, truth, store, thorough=True)
    rows = [ingest_once(program, capture, truth, store, thorough=False) for _ in range(runs)]
    result = {"calls_at_once": calls, "packets": truth["packets"], "calls": len(truth["calls"]),
              "capture_bytes": os.path.getsize(capture), "runs": rows,
              "ns_per_packet": statistics.median(row["ns_per_packet"] for row in rows)}
    if with_floors:
        result["floors_ns"] = floors(capture, truth, rows[0]["stored_bytes"], directory)
    os.remove(capture)
    return result


def show(result):
    rows = result["runs"]
    print(f"{result['calls_at_once']} calls at once: {result['packets']} packets, "
          f"{result['calls']} calls, {result['capture_bytes'] / 1e9:.2f} GB in the page cache, "
          f"{rows[0]['stored_bytes'] / 1e9:.2f} GB stored, all checked")
    def span(name, scale=1.0, digits=0):
        values = sorted(row[name] * scale for row in rows)
        return f"{statistics.median(values):.{digits}f} ({values[0]:.{digits}f} to " \
               f"{values[-1]:.{digits}f})"
    print(f"  CPU      {span('cpu_s', 1, 2)} s: user {span('user_s', 1, 2)}, "
          f"system {span('system_s', 1, 2)}; wall {span('wall_s', 1, 2)}")
    print(f"  a packet {span('ns_per_packet')} ns; "
          f"{span('mpps_per_cpu_s', 1, 2)} million packets per CPU second")
    print(f"  faults   {span('faults_minor')} minor, {span('faults_major')} major; "
          f"resident {span('resident_kib', 1 / 1024)} MiB, the capture's pages among them")
    if "floors_ns" in result:
        parts = result["floors_ns"]
        told = ", ".join(f"{name} {value:.0f}" for name, value in parts.items())
        total = sum(parts.values())
        print(f"  floors   {told}: {total:.0f} ns a packet; "
              f"ingest takes {result['ns_per_packet'] / total:.2f} times as much")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tree", default=os.path.join(ROOT, "build-rel"), help="build tree")
    parser.add_argument("--calls", type=int, action="append", choices=sorted(CAPTURES))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-floors", action="store_true")
    parser.add_argument("--json", metavar="FILE", help="write all figures here")
    arguments = parser.parse_args()
    results = []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for calls in arguments.calls or (500, 5_000):
        with tempfile.TemporaryDirectory(prefix="ingest-load.", dir=arguments.tree) as directory:
            results.append(measure(arguments.tree, calls, directory, arguments.runs,
                                   not arguments.no_floors))
        show(results[-1])
    print("simulated: the capture is generated, and read from memory; the disk is the build tree's")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
