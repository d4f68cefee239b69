"""Puts frames into tags and tunnels, and cuts IP packets into fragments."""

import struct

from frames import checksum

OUTER = ("203.0.113.1", "203.0.113.2")


def _ipv4(protocol, payload, ident=0, fragment=0, addresses=OUTER):
    packed = [bytes(map(int, address.split("."))) for address in addresses]
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol,
                       0, *packed)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def _udp(port, payload):
    return struct.pack(">HHHH", 50000, port, 8 + len(payload), 0) + payload


def _ethernet(ethertype, payload):
    return b"\x02\0\0\0\0\x04\x02\0\0\0\0\x03" + struct.pack(">H", ethertype) + payload


def _tag(frame, number):
    return frame[:12] + struct.pack(">HH", 0x8100, number) + frame[12:]


def _mpls(frame, number):
    return frame[:12] + struct.pack(">HI", 0x8847, number << 12 | 0x140) + frame[14:]


def _vxlan(frame, number):
    header = struct.pack(">II", 0x08000000, number << 8)
    return _ethernet(0x0800, _ipv4(17, _udp(4789, header + frame)))


def _gtp(frame, number):
    packet = frame[14:]
    header = struct.pack(">BBHI", 0x30, 255, len(packet), number)
    return _ethernet(0x0800, _ipv4(17, _udp(2152, header + packet)))


def _gre(frame, number):
    header = struct.pack(">HHI", 0x2000, int.from_bytes(frame[12:14], "big"), number)
    return _ethernet(0x0800, _ipv4(47, header + frame[14:]))


LAYERS = {"vlan": _tag, "mpls": _mpls, "vxlan": _vxlan, "gtp": _gtp, "gre": _gre}


def wrap(frame, words):
    """`words` is `vlan:7/vxlan:5000`: the outermost first, each with its number."""
    for word in reversed(words.split("/") if words else []):
        name, number = word.split(":")
        frame = LAYERS[name](frame, int(number))
    return frame


def fragments(frame, size, ident):
    """The IP packet of a frame, with one tag or none, in parts of `size` bytes, a multiple of 8."""
    link = 18 if frame[12:14] == b"\x81\0" else 14
    head, packet = frame[:link], frame[link:]
    if packet[0] >> 4 == 6:
        return [head + part for part in _fragments6(packet, size, ident)]
    payload, addresses = packet[20:], [".".join(map(str, packet[at:at + 4])) for at in (12, 16)]
    parts = []
    for at in range(0, len(payload), size):
        more = 0x2000 if at + size < len(payload) else 0
        parts.append(head + _ipv4(packet[9], payload[at:at + size], ident, more | at // 8,
                                  addresses))
    return parts


def _fragments6(packet, size, ident):
    head, payload = packet[:40], packet[40:]
    parts = []
    for at in range(0, len(payload), size):
        more = 1 if at + size < len(payload) else 0
        part = struct.pack(">BBHI", head[6], 0, at | more, ident) + payload[at:at + size]
        parts.append(head[:4] + struct.pack(">HB", len(part), 44) + head[7:] + part)
    return parts


def altered(fragment):
    """The same fragment with its last byte another."""
    return fragment[:-1] + bytes([fragment[-1] ^ 1])
