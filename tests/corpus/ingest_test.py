#!/usr/bin/env python3
"""What `ingest` promises of any capture, checked on the sample capture of the repository:
one set of calls however often and over however many queues it is read, the exit statuses of
bad files, a store that is sound afterwards, and audio that is exact to the sample."""

import gzip
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import capture_file
import program
import wav
from program import SAMPLE, tapdeck
from report import Report

CALLS_IN_SAMPLE = 2


def logged(store):
    return tapdeck(store, "calls", "--json").expect(0).stdout


def without_digests(log):
    """Digests are salted, and so differ between two stores of the same calls."""
    return re.sub(rb'"sha256": ?"[0-9a-f]*"', b'"sha256":""', log)


def test_sample(directory):
    """The sample's two calls, as samples/README.md tells them."""
    store = os.path.join(directory, "store")
    summary = tapdeck(store, "ingest", "--json", SAMPLE).expect(0).lines()[-1]
    assert summary["packets"] == len(capture_file.read(SAMPLE)), f"packets: {summary['packets']}"
    classes = summary["by_class"]
    assert sum(classes.values()) == summary["packets"], f"rx is not the sum of classes: {classes}"
    first, second = program.calls(store)
    for call, outcome in ((first, "answered"), (second, "cancelled")):
        assert call["final"] is True and call["state"] == "ended", call["state"]
        assert call["outcome"] == outcome, call["outcome"]
        assert call["caller"]["number"] == "3301001", call["caller"]
        assert call["callee"]["number"] == "3302002", call["callee"]
    assert first["recording"]["state"] == "recorded", first["recording"]
    assert first["hangup_by"] == "caller" and first["end_reason"] == "bye", first["end_reason"]
    assert 20_000 < first["talk_ms"] < 30_000, first["talk_ms"]
    assert len(first["media"]) == 2, first["media"]
    for stream in first["media"]:
        assert stream["codec"] == "PCMA" and stream["lost"] == stream["lost_by_us"] == 0, stream
    assert second["recording"]["state"] == "not_recorded", second["recording"]
    assert second["recording"]["reasons"] == ["not_answered"], second["recording"]
    assert second["ringing"] and second["answered"] is None, second
    tapdeck(store, "store", "check").expect(0)


def test_twice(directory):
    """Reading a file again changes nothing and says so."""
    store = os.path.join(directory, "store")
    tapdeck(store, "ingest", SAMPLE).expect(0)
    before = logged(store)
    again = tapdeck(store, "ingest", "--json", SAMPLE).expect(0).lines()[-1]
    present = program.find_key(again, "already_present")
    assert present == CALLS_IN_SAMPLE, f"already_present: {present}"
    assert logged(store) == before, "the call log changed"
    tapdeck(store, "store", "check").expect(0)


def test_deterministic(directory):
    """Two fresh stores of one file give the same bytes, salted digests aside."""
    logs = []
    for name in ("one", "two"):
        store = os.path.join(directory, name)
        tapdeck(store, "ingest", SAMPLE).expect(0)
        logs.append(without_digests(logged(store)))
    assert logs[0] == logs[1], "the call logs differ"


def test_queues(directory):
    """Spreading packets over workers changes nothing."""
    logs = []
    for queues in ("1", "2", "4"):
        store = os.path.join(directory, queues)
        tapdeck(store, "ingest", "--queues", queues, SAMPLE).expect(0)
        logs.append(without_digests(logged(store)))
    assert logs[0] == logs[1], "--queues 2 differs from 1"
    assert logs[0] == logs[2], "--queues 4 differs from 1"


def test_merged_files(directory):
    """A capture cut in two gives the calls of the whole, in whichever order the files are named."""
    packets = capture_file.read(SAMPLE)
    halves = [os.path.join(directory, name) for name in ("a.pcap", "b.pcap")]
    capture_file.write(halves[0], packets[0::2])
    capture_file.write(halves[1], packets[1::2])
    logs = []
    for name, files in (("whole", [SAMPLE]), ("ab", halves), ("ba", halves[::-1])):
        store = os.path.join(directory, name)
        tapdeck(store, "ingest", *files).expect(0)
        logs.append(without_digests(logged(store)))
    assert logs[1] == logs[0] and logs[2] == logs[0], "the call logs differ"


def test_compressed(directory):
    """A gzip file is read like the file in it."""
    packed = os.path.join(directory, "sample.pcap.gz")
    with open(SAMPLE, "rb") as plain, gzip.open(packed, "wb") as out:
        shutil.copyfileobj(plain, out)
    store = os.path.join(directory, "store")
    tapdeck(store, "ingest", packed).expect(0)
    assert len(program.calls(store)) == CALLS_IN_SAMPLE


def write(directory, name, data):
    path = os.path.join(directory, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def bad_files(directory):
    """Files without any usable packet: (name, path)."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147)  # DLT_USER0: unknown
    record = struct.pack("<IIII", 1, 0, 60, 60) + bytes(60)
    noise = bytes((i * 197 + 41) % 256 for i in range(4096))
    return [("zero length", write(directory, "zero.pcap", b"")),
            ("garbage", write(directory, "garbage.pcap", noise)),
            ("half a header", write(directory, "half.pcap", header[:11])),
            ("unknown link type", write(directory, "link.pcap", header + record)),
            ("broken gzip", write(directory, "broken.pcap.gz", b"\x1f\x8b\x08" + noise[:64]))]


def test_bad_alone(directory):
    """A file without a readable header is status 1, told in words, and the store works on."""
    for name, path in bad_files(directory):
        store = os.path.join(directory, "store")
        done = tapdeck(store, "ingest", path)
        assert done.status == 1, f"{name}: exit status {done.status}, not 1"
        assert os.path.basename(path) in done.stderr, f"{name}: stderr does not name the file"
    tapdeck(store, "ingest", SAMPLE).expect(0)
    assert len(program.calls(store)) == CALLS_IN_SAMPLE
    tapdeck(store, "store", "check").expect(0)


def test_bad_among_good(directory):
    """The same beside a good file is status 3, and the good file's calls are there."""
    for name, path in bad_files(directory):
        store = os.path.join(directory, "store " + name)
        done = tapdeck(store, "ingest", path, SAMPLE)
        assert done.status == 3, f"{name}: exit status {done.status}, not 3"
        assert len(program.calls(store)) == CALLS_IN_SAMPLE, name
        tapdeck(store, "store", "check").expect(0)


def test_truncated(directory):
    """A file cut inside a packet is taken up to the cut: status 3."""
    with open(SAMPLE, "rb") as file:
        whole = file.read()
    cut = write(directory, "cut.pcap", whole[:len(whole) // 3])
    store = os.path.join(directory, "store")
    done = tapdeck(store, "ingest", "--json", cut).expect(3)
    kept = len(capture_file.read(cut))
    assert done.lines()[-1]["packets"] == kept, f"not {kept} packets: {done.lines()[-1]}"
    log = program.calls(store)
    assert len(log) == 1 and log[0]["end_reason"] == "capture_ended", log
    tapdeck(store, "store", "check").expect(0)


def position_of(process, path):
    """How far the process has read the file; 0 before it has opened it."""
    for number in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            if os.readlink(f"/proc/{process.pid}/fd/{number}") == path:
                with open(f"/proc/{process.pid}/fdinfo/{number}", encoding="ascii") as file:
                    return int(file.readline().split()[1])
        except FileNotFoundError:
            continue
    return 0


def cut_while_read(path, store, size):
    """Cuts the file in the middle of its being read; what came of it, or None when it was late."""
    process = subprocess.Popen([program.PROGRAM, "--store", store, "ingest", "--json", path],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        while process.poll() is None and position_of(process, path) == 0:
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        at = position_of(process, path)
        os.truncate(path, size // 2)
        process.send_signal(signal.SIGCONT)
        out, errors = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    in_time = 0 < at < size // 2
    return (process.returncode, out, errors.decode(errors="replace")) if in_time else None


def test_cut_while_read(directory):
    """A file that is cut while it is read is taken up to there, which is told: status 3."""
    record = struct.pack("<IIII", 1_800_000_000, 0, 60, 60) + bytes(60)
    with open(SAMPLE, "rb") as file:
        whole = file.read() + record * 3_000_000
    for turn in range(5):
        path = write(os.path.realpath(directory), "shrinking.pcap", whole)
        store = os.path.join(directory, f"store{turn}")
        came = cut_while_read(path, store, len(whole))
        if came:
            break
    assert came, "the file could not be cut in time"
    status, out, errors = came
    assert status == 3, f"exit status {status}: {errors[-300:]}"
    assert "cut off" in errors and "shrinking.pcap" in errors, errors[-300:]
    packets = json.loads(out.splitlines()[-1])["packets"]
    kept = len(capture_file.read(SAMPLE)) + (len(whole) // 2 - os.path.getsize(SAMPLE)) // 76
    assert packets == kept, f"{packets} packets, not {kept}"
    assert len(program.calls(store)) == CALLS_IN_SAMPLE
    tapdeck(store, "store", "check").expect(0)


def test_usage(directory):
    """Wrong usage is status 2."""
    for arguments in (["no-such-command"], ["ingest"], ["calls", "--no-such-option"], []):
        done = tapdeck(os.path.join(directory, "store"), *(arguments or ["--no-such-option"]))
        assert done.status == 2, f"{arguments}: exit status {done.status}, not 2"


def test_audio(directory):
    """Left is the caller, right the callee, both exact to the sample."""
    store = os.path.join(directory, "store")
    tapdeck(store, "ingest", SAMPLE).expect(0)
    call = program.calls(store, "--outcome", "answered")[0]
    output = os.path.join(directory, "out")
    tapdeck(store, "export", "--uid", call["uid"], "--format", "wav", "--output", output).expect(0)
    rate, *sides = wav.channels(os.path.join(output, call["uid"] + ".wav"))
    assert rate == 8000, f"{rate} Hz"
    for name, channel, party in zip(("left", "right"), sides, ("caller", "callee")):
        stream = next(s for s in call["media"] if s["party"] == call[party]["id"])
        spoken = capture_file.rtp_payload(SAMPLE, int(stream["ssrc"], 16))
        assert wav.find_audio(channel, capture_file.alaw_to_linear(spoken)) >= 0, \
            f"the {party}'s {len(spoken)} samples are not in the {name} channel"


def test_pcap_export(directory):
    """An exported capture gives the same call again."""
    store = os.path.join(directory, "store")
    tapdeck(store, "ingest", SAMPLE).expect(0)
    call = program.calls(store, "--outcome", "answered")[0]
    output = os.path.join(directory, "out")
    tapdeck(store, "export", "--uid", call["uid"], "--format", "pcap", "--output", output).expect(0)
    again = os.path.join(directory, "again")
    tapdeck(again, "ingest", os.path.join(output, call["uid"] + ".pcap")).expect(0)
    copy = program.calls(again)[0]
    for field in ("uid", "call_id", "start", "answered", "ended", "outcome", "talk_ms"):
        assert copy[field] == call[field], f"{field}: {copy[field]}, not {call[field]}"
    counts = lambda record: sorted((s["ssrc"], s["packets"], s["lost"]) for s in record["media"])
    assert counts(copy) == counts(call), f"media: {counts(copy)}, not {counts(call)}"


def test_manifest(directory):
    """The manifest lists every matching call: matched = exported + explained."""
    store = os.path.join(directory, "store")
    tapdeck(store, "ingest", SAMPLE).expect(0)
    output = os.path.join(directory, "out")
    tapdeck(store, "export", "--format", "wav", "--output", output).expect(3)
    with open(os.path.join(output, "manifest.json"), "rb") as file:
        manifest = file.read().decode()
    for call in program.calls(store):
        assert call["uid"] in manifest, f"{call['uid']} is not in the manifest"
    assert "not_answered" in manifest, "no reason for the call without recording"
    assert len([n for n in os.listdir(output) if n.endswith(".wav")]) == 1, os.listdir(output)


TESTS = [test_sample, test_twice, test_deterministic, test_queues, test_merged_files,
         test_compressed, test_bad_alone, test_bad_among_good, test_truncated,
         test_cut_while_read, test_usage, test_audio, test_pcap_export, test_manifest]


def main():
    report = Report()
    for test in TESTS:
        with tempfile.TemporaryDirectory(prefix="tdi.") as directory:
            with report.guard(test.__name__):
                test(directory)
                report.ok(test.__name__)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
