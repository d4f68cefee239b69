"""Captures for the table of counters: raw packets, SIP messages, and scenarios as tests/flow has
them."""

import os
import struct
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "flow"), os.path.join(HERE, "..", "support")]
import connections
import frames
import layers
from scenario import Scenario

ALICE, BOB = ("192.0.2.10", 5060), ("198.51.100.20", 5060)
PRELUDE = """
party alice 192.0.2.10:5060 number=1001
party bob 198.51.100.20:5060 number=2002
call c1 alice bob
connection t alice:40000>bob:5060
connection w alice:40001>bob:8088 ws
connection z alice:40002>bob:8088 ws deflate
"""
# A call with an address for media at each end.
CALL = """
0.0 alice>bob INVITE sdp=4000
1.0 bob>alice 200/INVITE sdp=5000
1.05 alice>bob ACK
"""
HEADERS = {"Via": "SIP/2.0/UDP a.example;branch=z9hG4bK1", "From": "<sip:1@a.example>;tag=a",
           "To": "<sip:2@b.example>", "Call-ID": "counted@a.example", "CSeq": "1 INVITE"}


class Capture:
    """Frames with their times; `config` are lines for `ingest --config`."""

    def __init__(self, *lines, config=()):
        self.frames, self.config = [], list(config)
        if lines:
            self.play("\n".join(lines))

    def play(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".call") as file:
            file.write(PRELUDE + text)
            file.flush()
            scenario = Scenario(file.name)
        self.frames += [(stamp, frame, len(frame)) for _, stamp, frame in
                        sorted(scenario.frames, key=lambda item: item[0])]
        return self

    def frame(self, frame, time=0.0, original=None):
        self.frames.append((time, frame, original or len(frame)))
        return self

    def udp(self, payload, time=0.0, source=ALICE, destination=BOB, cut=0):
        frame = frames.udp_frame(source, destination, payload)
        return self.frame(frame[:len(frame) - cut], time, len(frame))

    def tcp(self, sequence, flags, payload=b"", time=0.0, cut=0, source=(ALICE[0], 40000)):
        frame = frames.tcp_frame(source, BOB, sequence, flags, payload)
        return self.frame(frame[:len(frame) - cut], time, len(frame))

    def hep(self, payload, time=0.0):
        return self.udp(payload, time, ("203.0.113.5", 9060), ("203.0.113.6", 9060))

    def rtp(self, count, time=0.0, ssrc=0xA001, destination=(BOB[0], 5000), size=160, every=0.02,
            source=(ALICE[0], 4000), first=1):
        for index in range(count):
            packet = frames.rtp(ssrc, first + index, 160 * index, 0, b"\xd5" * size)
            self.udp(packet, time + every * index, source, destination)
        return self

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for time, frame, original in sorted(self.frames, key=lambda item: item[0]):
                micros = round(time * 1_000_000)
                file.write(struct.pack("<IIII", frames.BASE_S + micros // 1_000_000,
                                       micros % 1_000_000, len(frame), original) + frame)
        return len(self.frames)


def sip(start="INVITE sip:2@b.example SIP/2.0", body="", end="\r\n", without=(), more=(),
        **changed):
    """A message; `changed` values of HEADERS with `_` for `-`."""
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [start, *(f"{name}: {value}" for name, value in headers.items() if name not in without),
             *more]
    if "Content-Length" not in headers and "Content-Length" not in without:
        lines.append(f"Content-Length: {len(body)}")
    return (end.join(lines) + end + end + body).encode("latin-1")


def sip_with(body, kind="application/sdp", more=()):
    return sip(body=body, more=[f"Content-Type: {kind}", *more])


def ethernet(ethertype, payload):
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + struct.pack(">H", ethertype) + payload


def ipv4(protocol, payload, more=0):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, more, 64, protocol, 0,
                       bytes([192, 0, 2, 10]), bytes([198, 51, 100, 20]))
    return head[:10] + struct.pack(">H", frames.checksum(head)) + head[12:] + payload


def in_ip(protocol, payload, more=0):
    return ethernet(0x0800, ipv4(protocol, payload, more))


def ports(source, destination, rest=b""):
    return struct.pack(">HH", source, destination) + rest


def fragments(payload, size=64, ident=7, source=ALICE, destination=BOB):
    """The fragments of a UDP packet."""
    return layers.fragments(frames.udp_frame(source, destination, payload), size, ident)


def hep_packet(payload, kind=1, time=None, chunks=b""):
    packet = connections.hep(ALICE, BOB, frames.BASE_S if time is None else time, payload, kind)
    packet += chunks
    return packet[:4] + struct.pack(">H", len(packet)) + packet[6:]
