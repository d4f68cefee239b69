"""Captures that hold nothing but beginnings: TCP connections that never bring a whole message, and
first fragments whose rest never comes."""

import struct

BASE_S = 1_700_000_000
SERVER = bytes((10, 66, 0, 1))
BODY = (b"INVITE sip:4940@b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bKflood\r\n" +
        b"X-Padding: " + b"x" * 600)  # its header section does not end
SYN, ACK, MORE_FRAGMENTS = 2, 16, 0x2000


def _frame(number, protocol, body, fragment=0x4000):
    client = struct.pack(">I", 0x0A420100 + number % 60_000)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), number & 0xFFFF, fragment, 64,
                       protocol, 0, client, SERVER)
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + head + body


def _segment(number, sequence, flags, payload=b""):
    port = 1_024 + number % 60_000
    tcp = struct.pack(">HHIIBBHHH", port, 5060, sequence, 0, 5 << 4, flags, 65535, 0, 0)
    return _frame(number, 6, tcp + payload)


def connections(count):
    """Of each a SYN, the beginning of a message, and a segment that is far too early."""
    for number in range(count):
        yield _segment(number, 999, SYN)
        yield _segment(number, 1_000, ACK, BODY)
        yield _segment(number, 9_000, ACK, BODY)


def fragments(count):
    for number in range(count):
        udp = struct.pack(">HHHH", 5060, 5060, 3_000, 0)
        yield _frame(number, 17, udp + (BODY * 2)[:1_000], MORE_FRAGMENTS)


def resets(count):
    """RST with numbers that nobody expects, of the connections of many_calls-like ports."""
    for number in range(count):
        yield _segment(number, (number * 2_654_435_761) & 0xFFFFFFFF, 4)


def write(path, frames, first_s, per_s):
    """How many frames."""
    count = 0
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for frame in frames:
            at = first_s + count / per_s
            file.write(struct.pack("<IIII", BASE_S + int(at), int(at % 1 * 1e6), len(frame),
                                   len(frame)) + frame)
            count += 1
    return count
