"""Reads and writes plain pcap files (little endian, Ethernet), and takes RTP out of them."""

import struct

ETHERNET, IPV4, UDP, RTP = 14, 20, 8, 12  # header sizes; IPv4 without options


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


def rtp_payload(packets, ssrc):
    """The payload bytes of one RTP stream, in the order of the file."""
    payload = b""
    for _, frame in packets:
        rtp = frame[ETHERNET + IPV4 + UDP:]
        if (len(rtp) > RTP and rtp[0] == 0x80 and rtp[1] & 0x7F < 64 and
                struct.unpack_from(">I", rtp, 8)[0] == ssrc):
            payload += rtp[RTP:]
    return payload


def alaw_to_linear(payload):
    """ITU-T G.711 A-law to 16-bit samples."""
    return [_ALAW[byte] for byte in payload]


def _alaw_sample(byte):
    byte ^= 0x55
    exponent, mantissa = (byte >> 4) & 7, byte & 15
    sample = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return sample if byte & 0x80 else -sample


_ALAW = [_alaw_sample(byte) for byte in range(256)]
