"""How SIP messages come to a scripted phone and leave it: UDP, or TCP with streams that either side
opened (RFC 3261 section 18). Sockets are made in a host's network namespace.
"""

import ctypes
import os
import re
import socket
import threading


def socket_in(namespace, family, kind, place):
    """A bound socket of another network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(other, 0) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        made = socket.socket(family, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
        return made
    finally:
        libc.setns(own, 0)
        os.close(own)
        os.close(other)


class UdpWire:
    """Calls `take(message, reply)` for what comes, on a thread of its own; `reply(message)` goes
    where that came from."""

    name = "UDP"

    def __init__(self, namespace, family, address, proxy, take):
        self.take, self.proxy = take, (proxy, 5060)
        self.socket = socket_in(namespace, family, socket.SOCK_DGRAM, (address, 5060))

    def start(self):
        threading.Thread(target=self._receive, daemon=True).start()

    def send(self, message):
        self.socket.sendto(message.encode(), self.proxy)

    def stop(self):
        self.socket.close()

    def _receive(self):
        while True:
            try:
                message = self.socket.recv(65_536).decode(errors="replace")
            except OSError:
                return
            if message.strip():
                self.take(message, self.send)


class TcpWire:
    """Requests go out on a connection of the phone's own; the proxy opens others to its port."""

    name = "TCP"

    def __init__(self, namespace, family, address, proxy, take):
        self.take, self.proxy = take, (proxy, 5060)
        self.listener = socket_in(namespace, family, socket.SOCK_STREAM, (address, 5060))
        self.own = socket_in(namespace, family, socket.SOCK_STREAM, (address, 0))
        self.open = [self.listener, self.own]

    def start(self):
        self.own.connect(self.proxy)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._receive, args=(self.own,), daemon=True).start()

    def send(self, message):
        self.own.sendall(message.encode())

    def stop(self):
        for one in self.open:
            try:
                one.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it
            except OSError:
                pass
            one.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection):
        waiting = b""
        while True:
            try:
                more = connection.recv(65_536)
            except OSError:
                return
            if not more:
                return
            waiting = (waiting + more).lstrip(b"\r\n")
            while True:
                head, found, rest = waiting.partition(b"\r\n\r\n")
                length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
                size = int(length.group(1)) if length else 0
                if not found or len(rest) < size:
                    break
                message = (head + found + rest[:size]).decode(errors="replace")
                waiting = rest[size:].lstrip(b"\r\n")
                self.take(message, lambda text: connection.sendall(text.encode()))
