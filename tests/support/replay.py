#!/usr/bin/env python3
"""Sends the frames of capture files at their times into interfaces of a namespace.

Run there as a program: `replay.py CAPTURE INTERFACE [CAPTURE INTERFACE]…` sends them side by side.
An interface that is down or gone loses what is sent meanwhile, as a mirror without a link does; one
that is there again under its name is taken up again.
"""

import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import capture_file

LATE_START_S = 0.2
RETRY_S = 0.05  # closing a packet socket takes the kernel long enough to be late for the next frame


class Way:
    """An interface to send into, whatever happens to it."""

    def __init__(self, interface):
        self.interface, self.out, self.sent, self.retry_at = interface, None, 0, 0

    def send(self, frame):
        if self.out is None and time.monotonic() < self.retry_at:
            return
        try:
            if self.out is None:
                self.out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                self.out.bind((self.interface, 0))
            self.out.send(frame)
            self.sent += 1
        except OSError:
            if self.out is not None:
                self.out.close()
            self.out = None
            self.retry_at = time.monotonic() + RETRY_S


def records(path):
    """[(seconds from the first one, frame)]"""
    rows = [(*struct.unpack_from("<II", record), frame) for record, frame in
            capture_file.read(path)]
    if not rows:
        return []
    first = rows[0][0] + rows[0][1] / 1e6
    return [(seconds + micros / 1e6 - first, frame) for seconds, micros, frame in rows]


def send(path, choose, begin):
    """`choose` gives the way of a frame."""
    for at, frame in records(path):
        pause = begin + at - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        choose(frame).send(frame)


def send_side_by_side(pairs):
    begin = time.monotonic() + LATE_START_S
    print(f"begin {time.time() + LATE_START_S}", flush=True)
    ways = [Way(interface) for _, interface in pairs]
    threads = [threading.Thread(target=send, args=(path, lambda _, way=way: way, begin))
               for (path, _), way in zip(pairs, ways)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for way in ways:
        print(f"{way.interface} {way.sent}", flush=True)


def begin_of(output):
    """When it began, by what it printed; None while it has not."""
    with open(output, encoding="ascii") as file:
        words = file.readline().split()
    return float(words[1]) if words[:1] == ["begin"] else None


def command(*pairs):
    """The words that run this file for (capture, interface) pairs."""
    return [sys.executable, "-B", os.path.abspath(__file__),
            *(word for pair in pairs for word in pair)]


if __name__ == "__main__":
    send_side_by_side(list(zip(sys.argv[1::2], sys.argv[2::2])))
