#!/usr/bin/env python3
"""Calls through tunnels and tags that the kernel itself makes, captured live: a VXLAN device,
802.1Q, 802.1ad with 802.1Q in it, VXLAN in a VLAN, and GRE, GENEVE and ERSPAN where the kernel has
them (else tests/encapsulation builds them). tshark must see in tcpdump's capture of the same port
what each claims to be, and `run` and `ingest` must both have each call with all its packets. Needs
root.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow")]
import frames
import netlab
import program
from program import tapdeck
from report import Report, require_linux_root
from service import Service

RTP_EACH = 50
# Name, VLAN that the call names, what tshark must call it, devices below the last one of a host:
# words of `ip link add`, in which {me} and {peer} are the numbers of the hosts.
VXLAN = ("{name} type vxlan id {vni} dstport 4789 local {net}.{me} remote {net}.{peer} dev {below}")
KINDS = (
    ("plain", 0, "eth:ethertype:ip:udp:rtp", ()),
    ("VXLAN", 0, "udp:vxlan:eth:ethertype:ip:udp:rtp", (VXLAN,)),
    ("802.1Q", 100, "eth:ethertype:vlan:ethertype:ip:udp:rtp",
     ("link {below} name {name} type vlan id 100",)),
    ("QinQ", 30, "vlan:ethertype:ip:udp:rtp",
     ("link {below} name {name} type vlan proto 802.1ad id 30",
      "link {below} name {name} type vlan id 40")),
    ("VXLAN in 802.1Q", 200, "vlan:ethertype:ip:udp:vxlan:eth:ethertype:ip:udp:rtp",
     ("link {below} name {name} type vlan id 200", VXLAN)),
    ("VXLAN in VXLAN", 0, "udp:vxlan:eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:udp:rtp",
     (VXLAN, VXLAN)),
    ("GRE", 0, "gre:ip:udp:rtp", ("{name} type gre local {net}.{me} remote {net}.{peer}",)),
    ("GRE tap", 0, "gre:eth:ethertype:ip:udp:rtp",
     ("{name} type gretap local {net}.{me} remote {net}.{peer}",)),
    ("GENEVE", 0, "geneve:eth:ethertype:ip:udp:rtp",
     ("{name} type geneve id {vni} remote {net}.{peer}",)),
    ("ERSPAN", 0, "gre:erspan:eth:ethertype:ip:udp:rtp",
     ("{name} type erspan seq key 5 local {net}.{me} remote {net}.{peer} erspan_ver 1",)),
)
BASE_NET = "10.77.0"  # of the hosts' eth0


def network(kind, level):
    return f"10.{90 + level}.{kind}"


def build(lab, kind):
    """The devices of one kind on both hosts; why not, when this kernel has no such device."""
    for me, (host, peer) in enumerate(zip(lab.hosts, (2, 1)), 1):
        below, net = "eth0", BASE_NET
        for level, words in enumerate(KINDS[kind][3]):
            name = f"t{kind}l{level}"
            made = subprocess.run(["ip", "-n", host, "link", "add", *words.format(
                name=name, below=below, net=net, me=me, peer=peer,
                vni=100 * kind + level).split()], capture_output=True, text=True)
            if made.returncode != 0:
                return made.stderr.strip()
            net, below = network(kind, level), name
            netlab.ip("-n", host, "addr", "add", f"{net}.{me}/24", "dev", name)
            netlab.ip("-n", host, "link", "set", name, "up")
    return None


def call_id(kind):
    return f"tunnel-{kind}@kernel.example"


def ends(kind):
    levels = len(KINDS[kind][3])
    net = network(kind, levels - 1) if levels else BASE_NET
    return f"{net}.1", f"{net}.2"


def message(kind, start, method, number, body_of=None):
    body = ""
    if body_of:
        address, port = body_of
        body = (f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
                f"m=audio {port} RTP/AVP 0\r\n")
    tag = "" if start.startswith("INVITE") else ";tag=b"
    return (f"{start}\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{kind}{method}\r\n"
            f"From: <sip:1001@a>;tag=a{kind}\r\nTo: <sip:2002@b>{tag}\r\n"
            f"Call-ID: {call_id(kind)}\r\nCSeq: {number} {method}\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def script(kind, side):
    """[(seconds, from port, to port, payload)] that one side (0 calls, 1 is called) sends."""
    alice, bob = ends(kind)
    if side == 0:
        rows = [(0, 5060, 5060, message(kind, "INVITE sip:2002@b SIP/2.0", "INVITE", 1,
                                        (alice, 4000))),
                (0.4, 5060, 5060, message(kind, "ACK sip:2002@b SIP/2.0", "ACK", 1)),
                (2, 5060, 5060, message(kind, "BYE sip:2002@b SIP/2.0", "BYE", 2))]
    else:
        rows = [(0.2, 5060, 5060, message(kind, "SIP/2.0 200 OK", "INVITE", 1, (bob, 5000))),
                (2.2, 5060, 5060, message(kind, "SIP/2.0 200 OK", "BYE", 2))]
    ports = (4000, 5000) if side == 0 else (5000, 4000)
    ssrc = 0xA000 + 16 * kind + side
    return rows + [(0.6 + 0.02 * i, *ports, frames.rtp(ssrc, i, 160 * i, 0, b"\xd5" * 160))
                   for i in range(RTP_EACH)]


def talk(side, begin, kinds):
    """One host's part of all calls."""
    sockets, rows = {}, []
    for kind in kinds:
        addresses = ends(kind)
        for port in (5060, 4000 + 1000 * side):
            sockets[kind, port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sockets[kind, port].bind((addresses[side], port))
        rows += [(at, kind, source, (addresses[1 - side], to), payload)
                 for at, source, to, payload in script(kind, side)]
    for at, kind, source, place, payload in sorted(rows):
        time.sleep(max(0, begin + at - time.monotonic()))
        sockets[kind, source].sendto(payload, place)


def log_problems(log, kinds):
    problems = []
    for kind in kinds:
        name, vlan = KINDS[kind][:2]
        found = [call for call in log if call["call_id"] == call_id(kind)]
        if len(found) != 1:
            problems.append(f"{name}: {len(found)} calls")
            continue
        call = found[0]
        rows = sorted((row["packets"], row["lost"], row["duplicated"]) for row in call["media"])
        if call["outcome"] != "answered" or call["end_reason"] != "bye" or \
                rows != [(RTP_EACH, 0, 0)] * 2:
            problems.append(f"{name}: {call['outcome']}, {call['end_reason']}, {rows}")
        if (call["vlan"] or 0) != vlan:
            problems.append(f"{name}: VLAN {call['vlan']}, not {vlan}")
    return problems


def claim_problems(capture, kinds):
    """What tshark sees in the RTP of each kind."""
    done = subprocess.run(["tshark", "-n", "-r", capture, "-d", "udp.port==4000,rtp",
                           "-Y", "rtp", "-T", "fields", "-e", "rtp.ssrc", "-e", "frame.protocols"],
                          capture_output=True, text=True, timeout=120, check=True)
    seen = {}
    for line in done.stdout.splitlines():
        ssrc, protocols = line.split("\t")
        seen.setdefault((int(ssrc, 16) - 0xA000) // 16, set()).add(protocols)
    return [f"{KINDS[kind][0]}: tshark sees {seen.get(kind)}, not {KINDS[kind][2]}"
            for kind in kinds
            if not seen.get(kind) or any(KINDS[kind][2] not in text for text in seen[kind])]


def run(report, lab, directory):
    kinds = []
    for kind, row in enumerate(KINDS):
        refusal = build(lab, kind)
        if refusal:
            print(f"      {row[0]}: this kernel has no such device ({refusal})")
        else:
            kinds.append(kind)
    service = Service(lab, directory)
    service.start()
    capture = os.path.join(directory, "wire.pcap")
    dump = lab.start_in(lab.tap, "tcpdump", "--immediate-mode", "-U", "-i", lab.monitor, "-w",
                        capture, "-Z", "root", stderr=subprocess.DEVNULL)
    netlab.wait_until(lambda: os.path.exists(capture) and os.path.getsize(capture) >= 24, 10)
    begin = time.monotonic() + 1
    talkers = [lab.start_in(host, sys.executable, "-B", os.path.abspath(__file__), "--talk",
                            str(side), str(begin), *map(str, kinds))
               for side, host in enumerate(lab.hosts)]
    if any(talker.wait(60) for talker in talkers):
        raise RuntimeError("a host could not talk")

    def all_final():
        log = program.calls(service.store)
        return log if len(log) >= len(kinds) and all(call["final"] for call in log) else None

    log = netlab.wait_until(all_final, 30, 1) or program.calls(service.store)
    netlab.stop(dump)
    names = ", ".join(KINDS[kind][0] for kind in kinds)
    report.check(f"tshark sees {names}", claim_problems(capture, kinds))
    report.check("run has the calls", log_problems(log, kinds))
    status = service.stop()
    report.check("SIGTERM ends run cleanly",
                 [] if status == 0 else [f"exit status {status}: {service.tail()}"])
    store = os.path.join(directory, "ingested")
    tapdeck(store, "ingest", capture).expect(0)
    report.check("ingest has the calls", log_problems(program.calls(store), kinds))


def main():
    if sys.argv[1:2] == ["--talk"]:
        talk(int(sys.argv[2]), float(sys.argv[3]), list(map(int, sys.argv[4:])))
        return 0
    report = Report()
    if require_linux_root(report, "tunnels of the kernel"):
        with tempfile.TemporaryDirectory(prefix="tdt.") as directory, netlab.NetLab() as lab:
            with report.guard("tunnels of the kernel"):
                run(report, lab, directory)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
