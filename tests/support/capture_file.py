"""Reads and writes plain pcap files (little endian, microseconds), and takes RTP out of them."""

import struct
from collections import namedtuple

RTP = 12  # header bytes, without CSRCs or extension
LINK_HEADERS = {1: 14, 101: 0}  # Ethernet, raw IP

Datagram = namedtuple("Datagram", "time source_port destination_port payload")


def read(path):
    """[(16-byte record header, frame)], up to the first record that is cut off."""
    with open(path, "rb") as file:
        data = file.read()
    packets, offset = [], 24
    while offset + 16 <= len(data):
        length = struct.unpack_from("<I", data, offset + 8)[0]
        if offset + 16 + length > len(data):
            break
        packets.append((data[offset:offset + 16], data[offset + 16:offset + 16 + length]))
        offset += 16 + length
    return packets


def write(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for header, frame in packets:
            file.write(header + frame)


def datagrams(path):
    """The UDP datagrams over IPv4 of a capture, in the order of the file."""
    with open(path, "rb") as file:
        link = LINK_HEADERS[struct.unpack_from("<I", file.read(24), 20)[0]]
    found = []
    for header, frame in read(path):
        packet = frame[link:]
        if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != 17:
            continue
        if struct.unpack_from(">H", packet, 6)[0] & 0x3FFF:
            continue  # a fragment
        udp = packet[4 * (packet[0] & 15):]
        second, microsecond = struct.unpack_from("<II", header)
        source, destination, length = struct.unpack_from(">HHH", udp)
        found.append(Datagram(second + microsecond / 1e6, source, destination, udp[8:length]))
    return found


def is_rtp_of(payload, ssrc):
    return (len(payload) > RTP and payload[0] == 0x80 and payload[1] & 0x7F < 64 and
            struct.unpack_from(">I", payload, 8)[0] == ssrc)


def rtp_payload(path, ssrc):
    """The payload bytes of one RTP stream, in the order of the file."""
    return b"".join(datagram.payload[RTP:] for datagram in datagrams(path)
                    if is_rtp_of(datagram.payload, ssrc))


def alaw_to_linear(payload):
    """ITU-T G.711 A-law to 16-bit samples."""
    return [_ALAW[byte] for byte in payload]


def _alaw_sample(byte):
    byte ^= 0x55
    exponent, mantissa = (byte >> 4) & 7, byte & 15
    sample = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return sample if byte & 0x80 else -sample


_ALAW = [_alaw_sample(byte) for byte in range(256)]
