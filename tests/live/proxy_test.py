#!/usr/bin/env python3
"""Calls of real phones through a real proxy and a real media relay, recorded from a mirror port.

Three baresip phones, Kamailio and rtpengine, each host in a namespace of its own. The mirror sees
every message and every packet twice, before and behind the proxy, with other media addresses: it
must become one call, with the packets that the phones themselves say they sent, and each voice on
its own channel, once. Over UDP, TCP and IPv6; with a refusal, a cancelled call, a blind transfer,
and an attended one of scripted phones (baresip 1.0 knows none). Needs root.
"""

import collections
import math
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import netlab
import program
import proxy
import wav
from program import tapdeck
from report import Report, require_linux_root
from scripted_phone import ScriptedPhone
from service import Service
from softphone import Phone, Softphone

PROXY_HOST = 4
ANNA = Phone("3301001", 425, 1)
BEN = Phone("3302002", 697, 2)
CARL = Phone("3303003", 1209, 3)
MUTE = Phone("3303003", 1209, 3, answers=False)
TALK_S = 4
FINAL_S = 60
EDGE_PACKETS = 3  # sent while the line goes down: a phone counts them, or does not


def strength(samples, rate, tone_hz):
    """Share of the power that is at `tone_hz` (Goertzel's algorithm), of 0 to 1."""
    power = sum(value * value for value in samples)
    if power == 0:
        return 0
    turn = 2 * math.cos(2 * math.pi * tone_hz / rate)
    before = last = 0.0
    for value in samples:
        before, last = last, value + turn * last - before
    peak = before * before + last * last - turn * before * last
    return 2 * peak / (power * len(samples))


def tone_of(samples, rate):
    """The phone whose tone this is, by the middle second; None for silence or a mixture."""
    middle = samples[len(samples) // 2:len(samples) // 2 + rate]
    heard = {phone.number: strength(middle, rate, phone.tone_hz) for phone in (ANNA, BEN, CARL)}
    number = max(heard, key=heard.get)
    return number if heard[number] > 0.8 else None


class ProxyTest:
    def __init__(self, report, directory, transport="udp", ipv6=False):
        self.report, self.transport, self.ipv6 = report, transport, ipv6
        self.name = "IPv6" if ipv6 else transport.upper()
        self.directory = os.path.join(directory, self.name)
        os.makedirs(self.directory)
        self.lab = netlab.NetLab(hosts=4, ipv6=ipv6)
        self.proxy = proxy.Proxy(self.lab, self.lab.hosts[PROXY_HOST - 1], self.directory)
        self.proxy_address = netlab.address_of(PROXY_HOST, ipv6)
        self.service = Service(self.lab, self.directory)
        self.wanted_calls = 0

    def check(self, what, problems):
        self.report.check(f"{self.name}: {what}", problems)

    def start(self):
        self.service.start()
        users = [(phone.number, netlab.address_of(phone.host, self.ipv6))
                 for phone in (ANNA, BEN, CARL)]
        self.proxy.start(self.proxy_address, users, self.transport)

    def phones(self, name, *phones):
        directory = os.path.join(self.directory, name)
        made = [Softphone(self.lab, directory, phone, self.transport, self.proxy_address, self.ipv6)
                for phone in phones]
        for phone in made:
            phone.start()
        return made

    def wait(self, what, condition, seconds=15):
        if not netlab.wait_until(condition, seconds):
            raise RuntimeError(f"{what}: not within {seconds} s; {self.proxy.tail()}")

    def log(self, calls):
        """All final calls so far, in order; the last `calls` are new."""
        self.wanted_calls += calls

        def all_final():
            log = program.calls(self.service.store)
            return log if len(log) >= self.wanted_calls and all(c["final"] for c in log) else None
        log = netlab.wait_until(all_final, FINAL_S, 1) or program.calls(self.service.store)
        if len(log) != self.wanted_calls:
            raise RuntimeError(f"{len(log)} calls are in the log, not {self.wanted_calls}: " +
                               ", ".join(f"{c['call_id']} {c['outcome']}" for c in log))
        return log[-calls:]

    def stream_problems(self, call, sent):
        """`sent`: phone -> packets that it says it sent in this call."""
        problems = []
        for phone, packets in sent.items():
            address = proxy.bracketed(netlab.address_of(phone.host, self.ipv6))
            own = [stream for stream in call["media"] if stream["src"].startswith(address + ":")]
            seen = sum(stream["packets"] for stream in own)
            if not own or abs(seen - packets) > EDGE_PACKETS:
                problems.append(f"{phone.number} sent {packets} packets, {seen} are in the log")
        for stream in call["media"]:
            if stream["lost"] or stream["lost_by_us"] or stream["codec"] != "PCMA":
                problems.append(f"{stream['src']}: {stream['codec']}, {stream['lost']} lost, "
                                f"{stream['lost_by_us']} by us")
        return problems

    def fact_problems(self, call, **wanted):
        return [f"{name} is {call[name]!r}, not {value!r}" for name, value in wanted.items()
                if call[name] != value]

    def audio_problems(self, call, left, right):
        output = os.path.join(self.directory, "export")
        tapdeck(self.service.store, "export", "--uid", call["uid"], "--format", "wav", "--output",
                output).expect(0)
        rate, *sides = wav.channels(os.path.join(output, call["uid"] + ".wav"))
        heard = [tone_of(side, rate) for side in sides]
        seconds = len(sides[0]) / rate
        problems = [] if heard == [left.number, right.number] else [
            f"left and right are {heard}, not {left.number} and {right.number}"]
        if not TALK_S - 1 <= seconds <= 3 * TALK_S:
            problems.append(f"{seconds:.1f} s were exported")
        return problems

    def transport_problems(self, call):
        """Messages that did not come the way they were sent."""
        shown = tapdeck(self.service.store, "show", call["uid"], "--json").expect(0).lines()[0]
        messages = shown["messages"]
        wrong = [m for m in messages if m["transport"] != self.transport]
        return [] if messages and not wrong else [f"{len(wrong)} of {len(messages)}: {wrong[:1]}"]

    def plain_call(self):
        anna, ben = self.phones("plain", ANNA, BEN)
        anna.dial(BEN.number)
        self.wait("the call is established", lambda: anna.established() and ben.established())
        time.sleep(TALK_S)
        anna.hang_up()
        self.wait("both have hung up", lambda: anna.closed() and ben.closed())
        call = self.log(1)[0]
        self.check("one call through the proxy", self.fact_problems(
            call, outcome="answered", hangup_by="caller", dialled=BEN.number, end_reason="bye") +
            ([] if call["recording"]["state"] == "recorded" else [str(call["recording"])]))
        self.check("messages say how they came", self.transport_problems(call))
        self.check("what the phones sent is in the log",
                   self.stream_problems(call, {ANNA: anna.closed()[0], BEN: ben.closed()[0]}))
        self.check("each voice is on its channel", self.audio_problems(call, ANNA, BEN))
        for phone in (anna, ben):
            phone.stop()

    def unanswered_calls(self):
        anna, carl = self.phones("unanswered", ANNA, MUTE)
        anna.dial("3309009")
        self.wait("the call is refused", lambda: anna.has_said("404"))
        anna.dial(CARL.number)
        self.wait("the phone rings", lambda: anna.has_said("180") or carl.has_said("Incoming call"))
        time.sleep(1)
        anna.hang_up()
        refused, cancelled = self.log(2)
        self.check("a number that is not there", self.fact_problems(
            refused, outcome="failed", status_code=404, dialled="3309009"))
        self.check("a caller who gives up", self.fact_problems(
            cancelled, outcome="cancelled", end_reason="cancel", hangup_by="caller"))
        for phone in (anna, carl):
            phone.stop()

    def blind_transfer(self):
        anna, ben, carl = self.phones("transfer", ANNA, BEN, CARL)
        anna.dial(BEN.number)
        self.wait("the first call is established", lambda: anna.established() and ben.established())
        time.sleep(TALK_S)
        ben.transfer(CARL.number)
        self.wait("the second call is established", carl.established)
        time.sleep(TALK_S)
        carl.hang_up()
        self.wait("all have hung up", lambda: carl.closed() and len(anna.closed()) >= 1)
        for phone in (anna, ben):
            phone.command("hangup")
        first, second = self.log(2)
        transferred = first["transferred"] or {}
        told = collections.Counter([transferred.get("to"), transferred.get("kind")])
        self.check("the transfer is told", [] if told[CARL.number] and told["blind"] else
                   [str(first["transferred"])])
        self.check("the call that it made", self.fact_problems(
            second, outcome="answered", dialled=CARL.number, hangup_by="callee"))
        self.check("voices of the first call", self.audio_problems(first, ANNA, BEN))
        self.check("voices of the second call", self.audio_problems(second, ANNA, CARL))
        for phone in (anna, ben, carl):
            phone.stop()

    def attended_transfer(self):
        phones = anna, ben, carl = [
            ScriptedPhone(self.lab, phone, self.proxy_address, self.ipv6, self.transport)
            for phone in (ANNA, BEN, CARL)]
        for phone in phones:
            phone.start()
        talking = anna.dial(BEN.number)
        self.wait("the first call is established", lambda: talking.state == "talking")
        time.sleep(TALK_S)
        consultation = ben.dial(CARL.number)
        self.wait("ben consults carl", lambda: consultation.state == "talking")
        time.sleep(TALK_S)
        ben.transfer(ben.calls[0], consultation)
        self.wait("both calls of ben are over",
                  lambda: all(call.state == "over" for call in ben.calls))
        time.sleep(TALK_S)
        carl.hang_up(carl.calls[1])
        self.wait("all calls are over", lambda: all(
            call.state == "over" for phone in phones for call in phone.calls))
        for phone in phones:
            phone.stop()
        first, second, third = self.log(3)
        transferred = first["transferred"] or {}
        self.check("an attended transfer is told", self.fact_problems(
            {"to": None, "kind": None, **transferred}, to=CARL.number, kind="attended"))
        self.check("the transferor hangs up", self.fact_problems(
            first, outcome="answered", end_reason="bye", hangup_by="callee", dialled=BEN.number))
        self.check("the consultation is replaced", self.fact_problems(
            second, outcome="answered", end_reason="bye", hangup_by="callee", dialled=CARL.number))
        self.check("the call that replaces it", self.fact_problems(
            third, outcome="answered", end_reason="bye", hangup_by="callee", dialled=CARL.number))
        for call, ends in ((first, (anna, ben)), (second, (ben, carl)), (third, (anna, carl))):
            said = {phone.phone: sum(phone.sent(one) for one in phone.calls
                                     if one.id == call["call_id"]) for phone in ends}
            self.check(f"what {' and '.join(phone.number for phone in said)} sent is in the log",
                       self.stream_problems(call, said))
        self.check("voices of the consultation", self.audio_problems(second, BEN, CARL))
        self.check("voices after the transfer", self.audio_problems(third, ANNA, CARL))

    def run(self):
        with self.lab:
            self.start()
            self.plain_call()
            self.unanswered_calls()
            self.blind_transfer()
            self.attended_transfer()
            status = self.service.stop()
            self.check("SIGTERM ends run cleanly",
                       [] if status == 0 else [f"exit status {status}: {self.service.tail()}"])
            done = tapdeck(self.service.store, "store", "check")
            self.check("store check", [] if done.status == 0 else [done.stdout.decode()])


def main():
    report = Report()
    if require_linux_root(report, "calls through a proxy"):
        if not proxy.installed():
            report.skip("calls through a proxy", "Kamailio or rtpengine is not installed")
            return report.finish()
        for transport, ipv6 in (("udp", False), ("tcp", False), ("udp", True)):
            with tempfile.TemporaryDirectory(prefix="tdp.") as directory:
                with report.guard("calls through a proxy"):
                    ProxyTest(report, directory, transport, ipv6).run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
