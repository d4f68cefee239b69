#!/usr/bin/env python3
"""Generated traffic, ingested: calls, streams, counts and every payload byte must be the
generator's own. The generator is found in TAPDECK_GENERATE, else in the build tree."""

import json
import os
import subprocess
import sys
import tempfile
import zlib
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import capture_file
import program
from program import tapdeck
from report import Report

GENERATE = os.environ.get("TAPDECK_GENERATE",
                          os.path.join(os.path.dirname(program.PROGRAM), "bench", "traffic",
                                       "generate"))


def generate(directory, *options):
    """(capture, truth) of a run of the generator."""
    capture, truth = (os.path.join(directory, name) for name in ("traffic.pcap", "truth.json"))
    subprocess.run([GENERATE, "--pcap", capture, "--truth", truth, *options], check=True,
                   stdout=subprocess.DEVNULL)
    with open(truth, encoding="utf-8") as file:
        return capture, json.load(file)


def found_streams(calls):
    """The rows of all calls, in the words of the generator."""
    return {(call["call_id"], row["src"], row["dst"], int(row["ssrc"], 16)):
            {name: row[name] for name in
             ("codec", "packets", "bytes", "lost", "duplicated", "reordered")}
            for call in calls for row in call["media"]}


def checksums(directory):
    """Per SSRC and destination port, of every exported RTP packet."""
    sums = Counter()
    for name in os.listdir(directory):
        if not name.endswith(".pcap"):
            continue
        for datagram in capture_file.datagrams(os.path.join(directory, name)):
            if 5060 in (datagram.source_port, datagram.destination_port):
                continue
            ssrc = int.from_bytes(datagram.payload[8:12], "big")
            sums[(datagram.destination_port, ssrc)] += zlib.crc32(datagram.payload)
    return sums


def compare(directory, *options):
    capture, truth = generate(directory, *options)
    store, out = os.path.join(directory, "store"), os.path.join(directory, "out")
    summary = tapdeck(store, "ingest", "--json", capture).expect(0).lines()[-1]
    assert summary["packets"] == truth["packets"], summary["packets"]
    twice = sum(stream["duplicated"] for stream in truth["streams"])
    assert summary["by_class"]["rtp_duplicate"] == twice, summary["by_class"]
    assert summary["by_class"]["rtp_bound"] == truth["rtp_packets"] - twice, summary["by_class"]
    assert summary["by_class"]["sip"] == truth["sip_messages"], summary["by_class"]
    assert not any(summary["drops"].values()), summary["drops"]
    calls = program.calls(store)
    wanted = {call["call_id"]: call["outcome"] for call in truth["calls"]}
    assert {call["call_id"]: call["outcome"] for call in calls} == wanted, "calls differ"
    rows = found_streams(calls)
    for stream in truth["streams"]:
        key = tuple(stream[name] for name in ("call_id", "src", "dst", "ssrc"))
        row = rows.pop(key, None)
        assert row is not None, f"a stream is missing: {stream}"
        told = {name: stream[name] for name in row}
        assert row == told, f"{row} is not {told}"
    assert not rows, f"streams nobody sent: {list(rows)[:3]}"
    tapdeck(store, "export", "--format", "pcap", "--output", out).expect(0, 3)
    sums = checksums(out)
    for stream in truth["streams"]:
        key = (int(stream["dst"].rpartition(":")[2]), stream["ssrc"])
        assert sums[key] == stream["checksum"], f"payload of {stream} differs"


def test_healthy(directory):
    """A network that loses nothing, with every kind of call."""
    compare(directory, "--calls", "120", "--rate", "40", "--talk", "6", "--seed", "3")


def test_bad_network(directory):
    """Loss, duplicates, disorder, jitter, new SSRCs, silence and many retransmissions."""
    compare(directory, "--calls", "120", "--rate", "40", "--talk", "6", "--seed", "4", "--loss",
            "2", "--duplicate", "1", "--reorder", "1", "--jitter", "3000", "--ssrc-change", "20",
            "--dtx", "100", "--retransmit", "20")


def test_repeatable(directory):
    """The same seed gives the same bytes, another one others."""
    digests = []
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        path = os.path.join(directory, name)
        os.mkdir(path)
        capture, _ = generate(path, "--calls", "20", "--talk", "3", "--seed", seed)
        with open(capture, "rb") as file:
            digests.append(zlib.crc32(file.read()))
    assert digests[0] == digests[1], "the same seed gave other bytes"
    assert digests[0] != digests[2], "another seed gave the same bytes"


TESTS = [test_healthy, test_bad_network, test_repeatable]


def main():
    report = Report()
    for test in TESTS:
        with tempfile.TemporaryDirectory(prefix="tdt.") as directory:
            with report.guard(test.__name__):
                test(directory)
                report.ok(test.__name__)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
