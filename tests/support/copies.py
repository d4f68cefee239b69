"""Captures of any length: copies of the sample capture, each later and with Call-IDs of its own."""

import re
import struct

import capture_file
from program import SAMPLE

APART_S = 60  # longer than the sample's calls


def write(path, count, tag):
    """`count` copies of the sample under `tag` (one letter or digit); returns the calls in it."""
    packets = capture_file.read(SAMPLE)
    ids = {found.group(1) for _, frame in packets
           if (found := re.search(rb"Call-ID: ([^\r]+)", frame))}
    copies = []
    for number in range(count):
        mark = b"%s%06d" % (tag.encode(), number)
        for header, frame in packets:
            second, rest = struct.unpack("<I12s", header)
            if b"Call-ID: " in frame:
                for one in ids:
                    frame = frame.replace(one, mark + one[len(mark):])
            copies.append((struct.pack("<I12s", second + number * APART_S, rest), frame))
    capture_file.write(path, copies)
    return count * len(ids)
