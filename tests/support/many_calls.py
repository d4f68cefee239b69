"""Writes a capture of many calls with media in both directions, whatever size is asked for."""

import os
import struct

import capture_file
from program import tapdeck

BASE_S = 1_700_000_000
PACKETS_PER_S = 10  # of each direction: 100 ms of G.711 in a packet
PAYLOAD = bytes(range(160)) * 5
CALLER, CALLEE = "10.9.0.1", "10.9.0.2"


def _frame(to_callee, ports, payload):
    hosts = [bytes(map(int, host.split("."))) for host in (CALLER, CALLEE)]
    if not to_callee:
        hosts.reverse()
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0x4000, 64, 17, 0, *hosts)
    udp = struct.pack(">HHHH", *ports, 8 + len(payload), 0)
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + head + udp + payload


def _sip(number, first, body_port=None, cseq="1 INVITE"):
    body = ""
    if body_port:
        host = CALLER if first.startswith("INVITE") else CALLEE
        body = (f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
                f"m=audio {body_port} RTP/AVP 8\r\n")
    tag = "" if first.startswith("INVITE") else ";tag=b"
    return (f"{first}\r\nVia: SIP/2.0/UDP {CALLER}:5060;branch=z9hG4bK{number}{cseq[0]}\r\n"
            f"From: <sip:4930{number:06}@a>;tag=a{number}\r\nTo: <sip:4940@b>{tag}\r\n"
            f"Call-ID: many-{number}@a\r\nCSeq: {cseq}\r\nContact: <sip:x@{CALLER}>\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def _call(number, start, talk_s):
    """(time, frame) of one call; its ports are its own."""
    a, b = 10_000 + 2 * number, 30_000 + 2 * number
    invite = f"INVITE sip:4940@{CALLEE} SIP/2.0"
    yield start, _frame(True, (5060, 5060), _sip(number, invite, a))
    yield start + 0.1, _frame(False, (5060, 5060), _sip(number, "SIP/2.0 200 OK", b))
    yield start + 0.11, _frame(True, (5060, 5060),
                               _sip(number, f"ACK sip:x@{CALLEE} SIP/2.0", None, "1 ACK"))
    for i in range(int(talk_s * PACKETS_PER_S)):
        at = start + 0.12 + i / PACKETS_PER_S
        for side, ports in ((0, (a, b)), (1, (b, a))):
            head = struct.pack(">BBHII", 0x80, 8, i & 0xFFFF, i * 800, 2 * number + side + 1)
            yield at + side / 1000, _frame(side == 0, ports, head + PAYLOAD)
    end = start + talk_s + 0.2
    yield end, _frame(True, (5060, 5060),
                      _sip(number, f"BYE sip:x@{CALLEE} SIP/2.0", None, "2 BYE"))
    yield end + 0.01, _frame(False, (5060, 5060), _sip(number, "SIP/2.0 200 OK", None, "2 BYE"))


def write(path, calls, talk_s, calls_per_s=5, first=0):
    """About 18 kB for each call and second; `first` is the number of the first call."""
    packets = [packet for number in range(first, first + calls)
               for packet in _call(number, number / calls_per_s, talk_s)]
    packets.sort(key=lambda packet: packet[0])
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for time, frame in packets:
            file.write(struct.pack("<IIII", BASE_S + int(time), int(time % 1 * 1e6), len(frame),
                                   len(frame)) + frame)


def problems_of(log, calls, packets):
    """What keeps the call log from having all calls whole, `packets` recorded each way."""
    problems = [] if len(log) == calls else [f"{len(log)} calls of {calls}"]
    for call in log:
        rows = [(row["packets"], row["lost"], row["duplicated"], row["lost_by_us"])
                for row in call["media"]]
        if rows != [(packets, 0, 0, 0)] * 2 or call["recording"]["state"] != "recorded":
            problems.append(f"{call['call_id']}: {call['recording']['state']}, streams {rows}")
    return problems


def media_problems(store, log, packets, output, config=None):
    """What keeps these calls' media from being theirs to the byte, as an export to `output`."""
    tapdeck(store, "export", "--format", "pcap", "--output", output, config=config).expect(0, 3)
    problems, whole = [], PAYLOAD * packets
    for call in log:
        path = os.path.join(output, call["uid"] + ".pcap")
        if not os.path.exists(path):
            problems.append(f"{call['call_id']}: nothing was exported")
            continue
        for row in call["media"]:
            payload = capture_file.rtp_payload(path, int(row["ssrc"], 16))
            if payload != whole:
                problems.append(f"{call['call_id']} {row['ssrc']}: {len(payload)} bytes, not "
                                f"{len(whole)}, or others")
    return problems
