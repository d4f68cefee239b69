#!/usr/bin/env python3
"""Two capture ports, of which one loses its link for a while and the other its whole interface:
what could not come is told in the calls (a gap, `lost_suspect`), in `stats`, `status` and once in
the log; the other port goes on without losing a packet; each is captured from again when its link,
or an interface of its name, is there again. Needs root.
"""

import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow")]
import frames
import netlab
import program
import replay
from program import tapdeck
from report import Report, require_linux_root
from scenario import Scenario
from service import RING, Service

CONFIGURATION = """\
general:
  store: {store}
capture:
  workers: 2
  ports:
    - name: first
      device: "net_af_packet0,iface=mon1,{ring}"
    - name: second
      device: "net_af_packet1,iface=mon3,qpairs=2,{ring}"
      queues: 2
streams:
  flush_interval_ms: 1000
"""
# A call that lasts as long as the test on each port, and one that is over before anything happens.
CALLS = """\
party alice {network}.10:5060
party bob {network}.20:5060
call early{port} alice bob
call long{port} alice bob
0.0 alice>bob INVITE call=early{port} sdp=4000
0.1 bob>alice 200/INVITE call=early{port} sdp=5000
0.2 alice>bob ACK call=early{port}
0.3 rtp alice:4000>bob:5000 ssrc=0x0000a00{port} count=50
0.4 alice>bob INVITE call=long{port} sdp=4400
0.5 bob>alice 200/INVITE call=long{port} sdp=5500
0.6 alice>bob ACK call=long{port}
0.7 rtp alice:4400>bob:5500 ssrc=0x0000b00{port} count={long} every={every}
1.5 alice>bob BYE call=early{port} cseq=2
1.6 bob>alice 200/BYE call=early{port} cseq=2
{end} alice>bob BYE call=long{port} cseq=2
{end}1 bob>alice 200/BYE call=long{port} cseq=2
"""
TALK_S = 13
# The first port is busy, so that packets come there in each moment of the second one's opening.
PACKETS_PER_S = {"long1": 500, "long2": 50}
OUTAGE_S = 2
FINAL_S = 30


def write_calls(directory):
    """(capture, interface) for each port."""
    pairs = []
    for port, interface in ((1, "mon0"), (2, "mon2")):
        scenario = os.path.join(directory, f"calls{port}")
        with open(scenario, "w", encoding="utf-8") as file:
            rate = PACKETS_PER_S[f"long{port}"]
            file.write(CALLS.format(port=port, network=f"192.0.{port}", long=TALK_S * rate,
                                    every=1000 // rate, end=f"{TALK_S + 1}.0"))
        capture = scenario + ".pcap"
        frames.write_capture(capture, Scenario(scenario).frames)
        pairs.append((capture, interface))
    return pairs


class LinksTest:
    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        self.service = Service(lab, directory)
        ring = RING.replace("65536", "8192")
        with open(self.service.config, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(store=self.service.store, ring=ring))
        self.add_second_monitor()

    def add_second_monitor(self):
        netlab.ip("-n", self.lab.tap, "link", "add", "mon2", "type", "veth", "peer", "name", "mon3")
        for name in ("mon2", "mon3"):
            self.lab.run_in(self.lab.tap, "sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")
            netlab.ip("-n", self.lab.tap, "link", "set", name, "up")

    def ports(self):
        return tapdeck(self.service.store, "stats", "--json").expect(0).lines()[0]["ports"]

    def status_problems(self, wanted):
        """`status` must be unwell and name this."""
        done = tapdeck(self.service.store, "status", "--json").expect(1)
        said = done.lines()[0]["problems"]
        return [] if any(wanted in text for text in said) else [f"no {wanted!r} in {said}"]

    def wait_for(self, port, state):
        if not netlab.wait_until(lambda: self.ports()[port]["link"] == state, 5):
            raise RuntimeError(f"port {port} is not {state} within 5 s: {self.ports()[port]}")

    def lose_link(self):
        netlab.ip("-n", self.lab.tap, "link", "set", "mon0", "down")
        begin = time.monotonic()
        self.wait_for(0, "down")
        self.report.check("status tells a lost link", self.status_problems("port first is down"))
        time.sleep(max(0, begin + OUTAGE_S - time.monotonic()))
        netlab.ip("-n", self.lab.tap, "link", "set", "mon0", "up")
        self.wait_for(0, "up")

    def lose_interface(self):
        netlab.ip("-n", self.lab.tap, "link", "del", "mon2")
        begin = time.monotonic()
        self.wait_for(1, "gone")
        self.report.check("status tells a lost interface", self.status_problems("second is gone"))
        time.sleep(max(0, begin + OUTAGE_S - time.monotonic()))
        self.add_second_monitor()
        self.wait_for(1, "up")

    def call_problems(self, log):
        problems = [] if len(log) == 4 else [f"{len(log)} calls, not 4"]
        for call in log:
            row, name = call["media"][0], call["call_id"].split("@")[0]
            lost, suspect = row["lost"], row["lost_suspect"]
            if len(call["media"]) != 1 or row["duplicated"]:
                problems.append(f"{name}: {row['duplicated']} duplicates, "
                                f"{len(call['media'])} rows")
            if name.startswith("early") and (row["packets"], lost, suspect) != (50, 0, 0):
                problems.append(f"{name}: {row['packets']} packets, {lost} lost, {suspect} suspect")
            if not name.startswith("long"):
                continue
            gaps = call["recording"]["gaps"]
            rate = PACKETS_PER_S[name]
            longest = OUTAGE_S + 3  # it takes a while to look, and to open the port again
            if row["packets"] + lost != TALK_S * rate:
                problems.append(f"{name}: {row['packets']} packets and {lost} lost of "
                                f"{TALK_S * rate}")
            if not OUTAGE_S * rate * 0.8 < lost < longest * rate:
                problems.append(f"{name}: {lost} lost in {OUTAGE_S} s without a link")
            if suspect != lost or sum(gap["packets"] for gap in gaps) != lost:
                problems.append(f"{name}: {lost} lost, {suspect} suspect, gaps {gaps}")
            if call["end_reason"] != "bye":
                problems.append(f"{name}: {call['end_reason']}")
        return problems

    def stats_problems(self, ports):
        problems = []
        for port in ports:
            name, lost_ms = port["name"], port["link_lost_ms"]
            if port["link_losses"] != 1 or not OUTAGE_S * 800 < lost_ms < (OUTAGE_S + 3) * 1000:
                problems.append(f"{name}: {port['link_losses']} losses of the link, {lost_ms} ms")
            if port["missed"] or port["errors"] or port["no_buffer"]:
                problems.append(f"{name}: {port}")
            queues = sum(queue["packets"] for queue in port["by_queue"])
            if len(port["by_queue"]) != port["queues"] or queues != port["packets"]:
                problems.append(f"{name}: {port['packets']} packets, {queues} of its queues")
        return problems

    def log_problems(self):
        with open(self.service.log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        problems = [] if len(lines) < 60 else [f"{len(lines)} lines in the log"]
        for text in ("port first: no link on mon1", "port first: mon1 has its link again",
                     "port second: mon3 is gone", "port second: mon3 has its link again"):
            count = sum(text in line for line in lines)
            if count != 1:
                problems.append(f"{count} times {text!r} in the log")
        return problems

    def run(self):
        self.service.start()
        before = [port["packets"] for port in self.ports()]
        pairs = write_calls(self.directory)
        sender = self.lab.start_in(self.lab.tap, *replay.command(*pairs))
        time.sleep(2.5)
        self.lose_link()
        time.sleep(0.5)
        self.lose_interface()
        sender.wait(60)

        def all_final():
            log = program.calls(self.service.store)
            return log if len(log) >= 4 and all(call["final"] for call in log) else None

        log = netlab.wait_until(all_final, FINAL_S, 1) or program.calls(self.service.store)
        print(f"      packets of the ports {before} {[p['packets'] for p in self.ports()]}")
        self.report.check("calls tell what was lost with the link", self.call_problems(log))
        self.report.check("stats tell it", self.stats_problems(self.ports()))
        self.report.check("the log tells each change once", self.log_problems())
        status = self.service.stop()
        self.report.check("SIGTERM ends run cleanly",
                          [] if status == 0 else [f"exit status {status}: {self.service.tail()}"])


def main():
    report = Report()
    if require_linux_root(report, "links"):
        with tempfile.TemporaryDirectory(prefix="tdl.") as directory, netlab.NetLab() as lab:
            with report.guard("links"):
                LinksTest(report, lab, directory).run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
