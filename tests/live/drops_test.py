#!/usr/bin/env python3
"""A burst that the kernel must drop in part: the service is stopped (SIGSTOP) meanwhile, and the
ring of its port has room for a few packets only.

What the call's streams lost is `lost_suspect`, and `stats` shows what the kernel dropped. A call
before the burst, whose packets all came, has none. Needs root.
"""

import os
import signal
import socket
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

TINY_RING = "blocksz=4096,framesz=2048,framecnt=16"
BURST = 300
STOPPED_S = (4.25, 4.5)  # of the packets' times: around the burst
FINAL_S = 60

CALLS = f"""\
party alice 192.0.2.10:5060
party bob 198.51.100.20:5060
call quiet alice bob
call burst alice bob
0.0 alice>bob INVITE call=quiet sdp=4000
0.1 bob>alice 200/INVITE call=quiet sdp=5000
0.2 alice>bob ACK call=quiet
0.3 rtp alice:4000>bob:5000 ssrc=0x0000a001 count=50
1.5 alice>bob BYE call=quiet cseq=2
1.6 bob>alice 200/BYE call=quiet cseq=2
4.0 alice>bob INVITE call=burst sdp=4400
4.1 bob>alice 200/INVITE call=burst sdp=5500
4.2 alice>bob ACK call=burst
4.3 rtp alice:4400>bob:5500 ssrc=0x0000a002 count={BURST} every=0
4.6 rtp alice:4400>bob:5500 ssrc=0x0000a002 count=20 seq={BURST + 1}
6.0 alice>bob BYE call=burst cseq=2
6.1 bob>alice 200/BYE call=burst cseq=2
"""


def send(path, interface, pid):
    """Sends the frames of a capture file at their times, and stops the service during the burst."""
    signals = [(STOPPED_S[0], signal.SIGSTOP), (STOPPED_S[1], signal.SIGCONT)]
    with open(path, "rb") as file:
        data = file.read()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        begin, at, first = time.monotonic(), 24, None
        while at < len(data):
            seconds, micros, length, _ = struct.unpack_from("<IIII", data, at)
            stamp = seconds + micros / 1e6
            first = stamp if first is None else first
            while signals and stamp - first >= signals[0][0]:
                os.kill(int(pid), signals.pop(0)[1])
            time.sleep(max(0, begin + stamp - first - time.monotonic()))
            out.send(data[at + 16:at + 16 + length])
            at += 16 + length


def problems_of(log, stats):
    missed = stats["ports"][0]["missed"]
    if len(log) != 2:
        return [f"{len(log)} calls, not 2; the port missed {missed}"]
    quiet, burst = (call["media"][0] for call in log)
    problems = []
    if quiet["lost"] != 0 or quiet["lost_suspect"] != 0:
        problems.append(f"quiet call: {quiet['lost']} lost, {quiet['lost_suspect']} suspect")
    if burst["lost"] <= 0:
        problems.append("the burst lost nothing: the ring was not too small")
    if burst["lost_suspect"] != burst["lost"]:
        problems.append(f"{burst['lost']} lost, but {burst['lost_suspect']} suspect")
    if missed < burst["lost"]:
        problems.append(f"the port missed {missed}, fewer than the {burst['lost']} lost")
    return problems


def run(report, lab, directory):
    scenario, capture = os.path.join(directory, "calls"), os.path.join(directory, "calls.pcap")
    with open(scenario, "w", encoding="utf-8") as file:
        file.write(CALLS)
    frames.write_capture(capture, Scenario(scenario).frames)
    service = Service(lab, directory, TINY_RING)
    service.start()
    lab.run_in(lab.tap, sys.executable, "-B", os.path.abspath(__file__), "--send", capture, "mon0",
               str(service.process.pid))

    def all_final():
        log = program.calls(service.store)
        return log if len(log) >= 2 and all(call["final"] for call in log) else None

    log = netlab.wait_until(all_final, FINAL_S, 1) or program.calls(service.store)
    stats = tapdeck(service.store, "stats", "--json").expect(0).lines()[0]
    status = service.stop()
    report.check("what the kernel drops is lost_suspect", problems_of(log, stats))
    report.check("SIGTERM ends run cleanly", [] if status == 0 else [f"exit status {status}"])


def main():
    if sys.argv[1:2] == ["--send"]:
        send(*sys.argv[2:])
        return 0
    report = Report()
    if require_linux_root(report, "kernel drops"):
        with tempfile.TemporaryDirectory(prefix="tdd.") as directory, netlab.NetLab() as lab:
            with report.guard("kernel drops"):
                run(report, lab, directory)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
