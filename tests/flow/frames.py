"""Builds Ethernet frames around UDP payloads and TCP segments, RTP and RTCP packets, and a
capture file of them."""

import ipaddress
import json
import struct
import sys

sys.dont_write_bytecode = True
BASE_S = 1_700_000_000  # 2023-11-14T22:13:20Z is second 0 of every scenario


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp_frame(source, destination, payload, vlan=None, ip_options=b""):
    """One frame; `source` and `destination` are (address, port), both of one IP version."""
    udp = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    return ip_frame(source, destination, (17, udp, 6), vlan, ip_options)


def tcp_frame(source, destination, sequence, flags, payload=b"", vlan=None, ip_options=b""):
    """One segment; `flags` as in the header: 1 FIN, 2 SYN, 4 RST, 16 ACK."""
    tcp = struct.pack(">HHIIBBHHH", source[1], destination[1], sequence & 0xFFFFFFFF, 0, 5 << 4,
                      flags, 65535, 0, 0) + payload
    return ip_frame(source, destination, (6, tcp, 16), vlan, ip_options)


def ip_frame(source, destination, content, vlan, ip_options):
    """`content` is (protocol number, its bytes, where in them the checksum stands)."""
    protocol, body, checksum_at = content
    from_ip, to_ip = ipaddress.ip_address(source[0]), ipaddress.ip_address(destination[0])
    pseudo = from_ip.packed + to_ip.packed + struct.pack(">II", len(body), protocol)
    body = (body[:checksum_at] + struct.pack(">H", checksum(pseudo + body) or 0xFFFF)
            + body[checksum_at + 2:])
    if from_ip.version == 4:
        words = 5 + len(ip_options) // 4
        head = struct.pack(">BBHHHBBH4s4s", 0x40 | words, 0, words * 4 + len(body), 0, 0x4000, 64,
                           protocol, 0, from_ip.packed, to_ip.packed) + ip_options
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        ethertype = 0x0800
    else:
        head = struct.pack(">IHBB16s16s", 0x60000000, len(body), protocol, 64, from_ip.packed,
                           to_ip.packed)
        ethertype = 0x86DD
    link = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
    if vlan is not None:
        link += struct.pack(">HH", 0x8100, vlan)
    return link + struct.pack(">H", ethertype) + head + body


def rtp(ssrc, sequence, timestamp, payload_type, payload, marker=False):
    return struct.pack(">BBHII", 0x80, payload_type | (0x80 if marker else 0), sequence & 0xFFFF,
                       timestamp & 0xFFFFFFFF, ssrc) + payload


def udptl(sequence, primary, earlier=()):
    """T.38 in a datagram: an IFP packet, and those before it once more; each below 128 bytes."""
    fields = [primary, None, *earlier]
    body = b"".join(b"\0" + bytes([len(earlier)]) if field is None
                    else bytes([len(field)]) + field for field in fields)
    return struct.pack(">H", sequence & 0xFFFF) + body


def rtcp_block(about, fraction_lost=0, jitter=0, last_report=0, delay_s=0.0):
    return struct.pack(">IIIIII", about, fraction_lost << 24, 100, jitter, last_report,
                       round(delay_s * 65536))


def rtcp_report(ssrc, block=b"", ntp=0, from_sender=True):
    """SR (or RR) and an SDES with an empty CNAME; `ntp` is the middle of the SR's NTP time."""
    first = 0x80 | (1 if block else 0)
    report = struct.pack(">BBHI", first, 200 if from_sender else 201,
                         (6 if from_sender else 1) + len(block) // 4, ssrc)
    if from_sender:
        report += struct.pack(">HIHIII", 0, ntp, 0, 0, 1, 160)
    return report + block + struct.pack(">BBHIBBH", 0x81, 202, 2, ssrc, 1, 0, 0)


def rtcp_json(report):
    """The sender or receiver report at the front as capture agents retell it."""
    names = ("source_ssrc", "lost", "highest_seq_no", "ia_jitter", "lsr", "dlsr")
    is_sender, count = report[1] == 200, report[0] & 0x1F
    told = {"ssrc": struct.unpack_from(">I", report, 4)[0], "type": 202, "report_count": count}
    if is_sender:
        told["sender_information"] = dict(zip(
            ("ntp_timestamp_sec", "ntp_timestamp_usec", "rtp_timestamp", "packets", "octets"),
            struct.unpack_from(">IIIII", report, 8)))
    told["report_blocks"] = []
    for index in range(count):
        at = (28 if is_sender else 8) + 24 * index
        block = dict(zip(names, struct.unpack_from(">IIIIII", report, at)))
        lost = block.pop("lost")
        told["report_blocks"].append(
            {**block, "fraction_lost": lost >> 24, "packets_lost": lost & 0xFFFFFF})
    return json.dumps(told).encode()


class Cut(bytes):
    """A frame without its last bytes, as the snap length of a capture leaves it."""

    def __new__(cls, frame, missing):
        cut = super().__new__(cls, frame[:len(frame) - missing])
        cut.original = len(frame)
        return cut


def write_capture(path, frames):
    """`frames` is a list of (seconds since BASE_S, seconds to stamp, frame), put in order by the
    first; equal times keep their order."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for _, stamp, frame in sorted(frames, key=lambda item: item[0]):
            micros = round(stamp * 1_000_000)
            file.write(struct.pack("<IIII", BASE_S + micros // 1_000_000, micros % 1_000_000,
                                   len(frame), getattr(frame, "original", len(frame))) + frame)
