"""A small SIP phone on one host of a NetLab, for what baresip cannot do: attended transfer
(RFC 5589: a consultation call, REFER with Replaces, INVITE with Replaces). It answers every call,
sends a tone of its own as PCMA, and counts what it sent in each call.

Its sockets are made in the host's namespace; it needs no process of its own there.
"""

import array
import audioop
import math
import re
import socket
import threading
import time
import urllib.parse

import netlab
from proxy import bracketed
from sip_wire import TcpWire, UdpWire, socket_in

RATE_HZ, PACKET_S = 8_000, 0.02
RTP_PORT = 21_000


def fields(message):
    """(start line, [(name in small letters, value)], body)"""
    head, _, body = message.partition("\r\n\r\n")
    lines = head.split("\r\n")
    rows = [line.split(":", 1) for line in lines[1:] if ":" in line]
    return lines[0], [(name.strip().lower(), value.strip()) for name, value in rows], body


def first(rows, name):
    return next((value for key, value in rows if key == name), "")


def tag_of(value):
    found = re.search(r";tag=([^;>\s]+)", value)
    return found.group(1) if found else ""


class Tone(threading.Thread):
    """RTP of one call, until it is stopped."""

    def __init__(self, out, place, phone, ssrc):
        super().__init__(daemon=True)
        self.out, self.place, self.ssrc = out, place, ssrc
        turn = 2 * math.pi * phone.tone_hz / RATE_HZ
        samples = array.array("h", (int(8_000 * math.sin(turn * i)) for i in range(RATE_HZ)))
        self.second = audioop.lin2alaw(samples.tobytes(), 2)
        self.sent, self.over = 0, threading.Event()

    def run(self):
        begin, size = time.monotonic(), int(RATE_HZ * PACKET_S)
        while not self.over.wait(max(0, begin + self.sent * PACKET_S - time.monotonic())):
            at = self.sent * size
            head = bytes((0x80, 8)) + (self.sent & 0xFFFF).to_bytes(2, "big") + \
                at.to_bytes(4, "big") + self.ssrc.to_bytes(4, "big")
            self.out.sendto(head + self.second[at % RATE_HZ:at % RATE_HZ + size], self.place)
            self.sent += 1


class Call:
    """A dialog, with its media."""

    def __init__(self, number, call_id, local, remote):
        self.number, self.id, self.local, self.remote = number, call_id, local, remote
        self.target, self.routes, self.cseq = "", [], 0
        self.tone = self.replaced = self.told = None
        self.state = "new"

    def tags(self):
        return tag_of(self.local), tag_of(self.remote)


class ScriptedPhone:
    def __init__(self, lab, phone, proxy_address, ipv6=False, transport="udp"):
        self.phone, self.proxy = phone, proxy_address
        self.family = socket.AF_INET6 if ipv6 else socket.AF_INET
        self.address = netlab.address_of(phone.host, ipv6)
        self.namespace = lab.hosts[phone.host - 1]
        self.wire = (TcpWire if transport == "tcp" else UdpWire)(
            self.namespace, self.family, self.address, proxy_address, self._receive)
        self.calls, self.media = [], []
        self.lock = threading.RLock()

    def start(self):
        self.wire.start()

    def stop(self):
        for call in self.calls:
            self._end(call)
        self.wire.stop()
        for out in self.media:
            out.close()

    # What a user does.

    def dial(self, number, replaces=None, told=None):
        """A new call; `replaces` is a Replaces header, `told` the call that is notified of it."""
        with self.lock:
            host = bracketed(self.proxy)
            call = Call(len(self.calls), f"{self.phone.number}-{len(self.calls)}-{time.time_ns()}",
                        f"<sip:{self.phone.number}@{host}>;tag=t{time.time_ns()}",
                        f"<sip:{number}@{host}>")
            call.target, call.told = f"sip:{number}@{host}", told
            self.calls.append(call)
            more = [f"Replaces: {replaces}"] if replaces else []
            self._request(call, "INVITE", more, self._sdp(call))
            return call

    def hang_up(self, call):
        with self.lock:
            if call.state == "talking":
                self._request(call, "BYE")
                self._end(call)

    def transfer(self, call, consultation):
        """Joins the other ends of two calls of this phone."""
        local, remote = consultation.tags()
        replaces = urllib.parse.quote(f"{consultation.id};to-tag={remote};from-tag={local}", "")
        target = re.search(r"<([^>]+)>", consultation.remote).group(1)
        with self.lock:
            self._request(call, "REFER", [f"Refer-To: <{target}?Replaces={replaces}>",
                                          f"Referred-By: <sip:{self.phone.number}@proxy>"])

    def sent(self, call):
        return call.tone.sent if call.tone else 0

    # How it does it.

    def _sdp(self, call):
        kind = "IP6" if ":" in self.address else "IP4"
        return (f"v=0\r\no=- {call.number} 1 IN {kind} {self.address}\r\ns=-\r\n"
                f"c=IN {kind} {self.address}\r\nt=0 0\r\n"
                f"m=audio {RTP_PORT + 2 * call.number} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n")

    @staticmethod
    def _send(send, lines, body=""):
        if body:
            kind = "message/sipfrag" if body.startswith("SIP/") else "application/sdp"
            lines.append(f"Content-Type: {kind}")
        lines += [f"Content-Length: {len(body)}", "", body]
        send("\r\n".join(lines))

    def _request(self, call, method, more=(), body=""):
        if method != "ACK":
            call.cseq += 1
        place = f"{bracketed(self.address)}:5060"
        via = f"SIP/2.0/{self.wire.name} {place};branch=z9hG4bK{time.time_ns()}"
        self._send(self.wire.send,
                   [f"{method} {call.target} SIP/2.0", f"Via: {via}", "Max-Forwards: 70",
                    *(f"Route: {route}" for route in call.routes),
                    f"From: {call.local}", f"To: {call.remote}", f"Call-ID: {call.id}",
                    f"CSeq: {call.cseq} {method}", self._contact(place), *more], body)

    def _contact(self, place):
        return f"Contact: <sip:{self.phone.number}@{place};transport={self.wire.name.lower()}>"

    def _answer(self, reply, rows, call, status, body=""):
        to = first(rows, "to")
        if call and not tag_of(to):
            to = call.local
        place = f"{bracketed(self.address)}:5060"
        kept = [f"{name}: {value}" for name, value in rows
                if name in ("via", "record-route", "from", "call-id", "cseq")]
        self._send(reply, [f"SIP/2.0 {status}", *kept, f"To: {to}", self._contact(place)], body)

    def _receive(self, message, reply):
        with self.lock:
            self._take(reply, *fields(message))

    def _take(self, reply, start, rows, body):
        call = next((one for one in self.calls if one.id == first(rows, "call-id")), None)
        if start.startswith("SIP/2.0"):
            if call and start[8] == "2" and first(rows, "cseq").endswith("INVITE"):
                self._answered(call, rows, body)
            return
        method = start.split(" ", 1)[0]
        if method == "INVITE" and call is None:
            self._called(reply, rows, body)
        elif method == "ACK" and call and call.replaced:
            self.hang_up(call.replaced)
            call.replaced = None
        elif method in ("BYE", "NOTIFY"):
            self._answer(reply, rows, call, "200 OK")
            if method == "BYE" and call:
                self._end(call)
            elif call and "200" in body.split("\r\n", 1)[0]:
                self.hang_up(call)  # the transfer is done
        elif method == "REFER" and call:
            self._answer(reply, rows, call, "202 Accepted")
            self._referred(call, first(rows, "refer-to"))

    def _answered(self, call, rows, body):
        if call.state == "new":
            call.state, call.remote = "talking", first(rows, "to")
            call.target = re.search(r"<([^>]+)>", first(rows, "contact")).group(1)
            call.routes = [value for name, value in rows if name == "record-route"][::-1]
            self._talk(call, body)
            if call.told:
                self._request(call.told, "NOTIFY", ["Event: refer",
                                                    "Subscription-State: terminated"],
                              "SIP/2.0 200 OK\r\n")
        self._request(call, "ACK")

    def _called(self, reply, rows, body):
        call = Call(len(self.calls), first(rows, "call-id"),
                    first(rows, "to") + f";tag=t{time.time_ns()}", first(rows, "from"))
        call.target = re.search(r"<([^>]+)>", first(rows, "contact")).group(1)
        call.routes = [value for name, value in rows if name == "record-route"]
        call.state = "talking"
        replaces = first(rows, "replaces").split(";")[0]
        call.replaced = next((one for one in self.calls if one.id == replaces), None)
        self.calls.append(call)
        self._answer(reply, rows, call, "200 OK", self._sdp(call))
        self._talk(call, body)

    def _referred(self, call, refer_to):
        uri = re.search(r"<([^>]+)>", refer_to).group(1)
        number = re.match(r"sip:([^@]+)@", uri).group(1)
        headers = urllib.parse.parse_qs(uri.partition("?")[2])
        self._request(call, "NOTIFY", ["Event: refer", "Subscription-State: active;expires=60"],
                      "SIP/2.0 100 Trying\r\n")
        self.dial(number, headers["Replaces"][0], call)

    def _talk(self, call, body):
        port = RTP_PORT + 2 * call.number
        out = socket_in(self.namespace, self.family, socket.SOCK_DGRAM, (self.address, port))
        self.media.append(out)
        host = re.search(r"c=IN IP[46] (\S+)", body).group(1)
        to = int(re.search(r"m=audio (\d+)", body).group(1))
        call.tone = Tone(out, (host, to), self.phone,
                         0x51000000 + 256 * self.phone.host + call.number)
        call.tone.start()

    def _end(self, call):
        call.state = "over"
        if call.tone:
            call.tone.over.set()
            call.tone.join()
