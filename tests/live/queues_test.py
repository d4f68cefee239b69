#!/usr/bin/env python3
"""Calls over several receive queues, workers and ports: net_af_packet with `qpairs`, net_tap with
queues, two ports at once.

Each stream must stay on one queue (it has one row, and nothing is missing in it), though its call's
signalling and its other direction may be another worker's; nothing may be lost or seen twice. Needs
root.
"""

import os
import struct
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support")]
import many_calls
import netlab
import program
import replay
from program import tapdeck
from report import Report, require_linux_root
from service import RING, Service

CALLS, TALK_S, CALLS_PER_S = 60, 3, 20
PACKETS = TALK_S * many_calls.PACKETS_PER_S
CONFIGURATION = """\
general:
  store: {store}
capture:
  workers: {workers}
  ports:
{ports}
streams:
  flush_interval_ms: 1000
"""
AF_PACKET = ("    - name: {name}\n      device: \"net_af_packet{number},iface={interface},"
             "qpairs={queues},{ring}\"\n      queues: {queues}\n")
TAP = "    - name: tap\n      device: \"net_tap0,iface=tdtap0\"\n      queues: {queues}\n"


def send(path, interfaces):
    """Sends a capture's frames: signalling into the first interface, media into the last."""
    ways = [replay.Way(interface) for interface in interfaces]
    replay.send(path, lambda frame: ways[0] if struct.unpack_from(">H", frame, 36)[0] == 5060
                else ways[-1], time.monotonic())


def is_signalling_only(port):
    """All of it is between the same two addresses and ports, which is one queue."""
    return port["packets"] < CALLS * PACKETS


def spread_problems(stats, wanted):
    """Each worker has had its part."""
    packets = [worker["packets"] for worker in stats["workers"]]
    drops = {name: count for name, count in stats["drops"].items() if count}
    classes = sum(stats["by_class"].values())
    problems = [] if len(packets) == wanted and min(packets) > sum(packets) / wanted / 4 else \
        [f"packets of the workers: {packets}"]
    if classes != sum(packets):
        problems.append(f"{sum(packets)} packets, {classes} in their classes")
    for port in stats["ports"]:
        queues = [queue["packets"] for queue in port["by_queue"]]
        if len(queues) != port["queues"] or sum(queues) != port["packets"]:
            problems.append(f"{port['name']}: {port['packets']} packets, {queues} of its queues")
        if not is_signalling_only(port) and min(queues) < sum(queues) / len(queues) / 4:
            problems.append(f"{port['name']}: packets of its queues {queues}")
    return problems + ([str(drops)] if drops else [])


def run(report, lab, directory, name, workers, ports, interfaces, late_interface=None):
    where = os.path.join(directory, name)
    os.makedirs(where)
    service = Service(lab, where)
    with open(service.config, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(store=service.store, workers=workers, ports=ports))
    service.start()
    if late_interface:
        lab.run_in(lab.tap, "sysctl", "-qw", f"net.ipv6.conf.{late_interface}.disable_ipv6=1")
        lab.run_in(lab.tap, "ip", "link", "set", late_interface, "up")
    lab.run_in(lab.tap, sys.executable, "-B", os.path.abspath(__file__), "--send",
               os.path.join(directory, "calls.pcap"), *interfaces)

    def all_final():
        log = program.calls(service.store, "--limit", "1000")
        return log if len(log) >= CALLS and all(call["final"] for call in log) else None

    log = netlab.wait_until(all_final, 60, 1) or program.calls(service.store, "--limit", "1000")
    stats = tapdeck(service.store, "stats", "--json").expect(0).lines()[0]
    print(f"      {name}: packets of the workers {[w['packets'] for w in stats['workers']]}")
    report.check(f"{name}: every stream is whole, and one",
                 many_calls.problems_of(log, CALLS, PACKETS))
    report.check(f"{name}: the queues share the packets", spread_problems(stats, workers))
    status = service.stop()
    report.check(f"{name}: SIGTERM ends run cleanly",
                 [] if status == 0 else [f"exit status {status}: {service.tail()}"])
    with open(service.log, encoding="utf-8", errors="replace") as text:
        said = [line for line in text if " port " in line]
    print("      " + "      ".join(said), end="")
    done = tapdeck(service.store, "store", "check")
    report.check(f"{name}: store check", [] if done.status == 0 else [done.stdout.decode()])


def second_monitor(lab):
    """Another mirror port: mon2 -> mon3."""
    netlab.ip("-n", lab.tap, "link", "add", "mon2", "type", "veth", "peer", "name", "mon3")
    for name in ("mon2", "mon3"):
        lab.run_in(lab.tap, "sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")
        netlab.ip("-n", lab.tap, "link", "set", name, "up")


def all_runs(report, lab, directory):
    many_calls.write(os.path.join(directory, "calls.pcap"), CALLS, TALK_S, CALLS_PER_S)
    small = RING.replace("65536", "8192")

    def packet_port(number, interface, queues):
        return AF_PACKET.format(name=interface, number=number, interface=interface, queues=queues,
                                ring=small)

    run(report, lab, directory, "two-queues", 2, packet_port(0, lab.monitor, 2), ["mon0"])
    run(report, lab, directory, "four-queues-one-worker", 1, packet_port(0, lab.monitor, 4),
        ["mon0"])
    second_monitor(lab)
    run(report, lab, directory, "two-ports", 2,
        packet_port(0, lab.monitor, 2) + packet_port(1, "mon3", 2), ["mon0", "mon2"])
    if os.path.exists("/dev/net/tun"):
        run(report, lab, directory, "tap", 2, TAP.format(queues=2), ["tdtap0"], "tdtap0")
    else:
        report.skip("net_tap with queues", "there is no /dev/net/tun")


def main():
    if sys.argv[1:2] == ["--send"]:
        send(sys.argv[2], sys.argv[3:])
        return 0
    report = Report()
    if require_linux_root(report, "receive queues"):
        with tempfile.TemporaryDirectory(prefix="tdq.") as directory, netlab.NetLab() as lab:
            with report.guard("receive queues"):
                all_runs(report, lab, directory)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
