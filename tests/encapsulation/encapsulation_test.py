#!/usr/bin/env python3
"""One SIP call with RTP in every encapsulation, as scapy builds it: tshark must see in each capture
what it claims to be, and Tapdeck the call, its streams and all their packets.

`encapsulation_test.py NAME…` runs only the cases whose names contain a NAME.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")  # scapy's own, of the libraries it finds
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.append("/usr/lib/python3/dist-packages")  # where Debian puts scapy, whichever python runs
import program
from program import tapdeck
from report import Report

try:
    from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
    from scapy.contrib.geneve import GENEVE
    from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
    from scapy.contrib.mpls import MPLS
    from scapy.layers.inet import IP, UDP, fragment
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import GRE, Dot1AD, Dot1Q, Ether
    from scapy.layers.ppp import PPP, PPPoE
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Raw
    from scapy.utils import wrpcap
except ImportError:
    IP = None

ALICE, BOB = ("192.0.2.10", "2001:db8::10"), ("198.51.100.20", "2001:db8::20")
RTP_EACH = 50
SIP_COUNT = 6


def message(start, number, method, body=""):
    kind = "Content-Type: application/sdp\r\n" if body else ""
    tag = "" if start.startswith("INVITE") else ";tag=b"
    return (f"{start}\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK{method}{number}\r\n"
            f"From: <sip:1001@a.example>;tag=a\r\nTo: <sip:2002@b.example>{tag}\r\n"
            f"Call-ID: encapsulated@a.example\r\nCSeq: {number} {method}\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}").encode()


def sdp(address, port):
    family = "IP6" if ":" in address else "IP4"
    return (f"v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\n")


def rtp(ssrc, number):
    return (b"\x80\x00" + number.to_bytes(2, "big") + (160 * number).to_bytes(4, "big") +
            ssrc.to_bytes(4, "big") + b"\xd5" * 160)


def datagrams(family):
    """[(seconds, from alice, source port, destination port, payload)] of the call."""
    alice, bob = ALICE[family], BOB[family]
    rows = [(0.0, True, 5060, 5060,
             message("INVITE sip:2002@b.example SIP/2.0", 1, "INVITE", sdp(alice, 4000))),
            (0.5, False, 5060, 5060, message("SIP/2.0 180 Ringing", 1, "INVITE")),
            (1.0, False, 5060, 5060, message("SIP/2.0 200 OK", 1, "INVITE", sdp(bob, 5000))),
            (1.1, True, 5060, 5060, message("ACK sip:2002@b.example SIP/2.0", 1, "ACK"))]
    for number in range(RTP_EACH):
        at = 1.2 + 0.02 * number
        rows.append((at, True, 4000, 5000, rtp(0xA001, number)))
        rows.append((at + 0.01, False, 5000, 4000, rtp(0xB001, number)))
    return rows + [(3.0, True, 5060, 5060, message("BYE sip:2002@b.example SIP/2.0", 2, "BYE")),
                   (3.1, False, 5060, 5060, message("SIP/2.0 200 OK", 2, "BYE"))]


def packets(family=0):
    """[(seconds, from alice, IP packet)]."""
    for at, forth, source, destination, payload in datagrams(family):
        ends = (ALICE[family], BOB[family]) if forth else (BOB[family], ALICE[family])
        header = IPv6(src=ends[0], dst=ends[1]) if family else IP(src=ends[0], dst=ends[1])
        yield at, forth, header / UDP(sport=source, dport=destination) / Raw(payload)


def mac():
    return Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")


def outer(forth=True):
    ends = ("203.0.113.1", "203.0.113.2") if forth else ("203.0.113.2", "203.0.113.1")
    return mac() / IP(src=ends[0], dst=ends[1])


def outer6():
    return mac() / IPv6(src="2001:db8:1::1", dst="2001:db8:1::2")


def pseudowire(packet):
    return mac() / MPLS(label=16, s=0) / MPLS(label=17, s=1) / Raw(b"\0\0\0\0" +
                                                                   bytes(mac() / packet))


def cases():
    """{name: (what tshark must call it, packet and direction -> frame)}"""
    vxlan = lambda inner, vni=7: UDP(sport=50000, dport=4789) / VXLAN(vni=vni, flags=8) / inner
    gtp = lambda inner, teid: (UDP(sport=2152, dport=2152) /
                               GTP_U_Header(teid=teid, gtp_type=255) / inner)
    container = lambda: GTP_U_Header(teid=9, E=1, next_ex=0x85, gtp_type=255) / \
        GTPPDUSessionContainer(type=1, QFI=9)
    return {
        "802.1Q": ("vlan", lambda p, f: mac() / Dot1Q(vlan=100) / p),
        "QinQ": ("ieee8021ad:ethertype:vlan",
                 lambda p, f: mac() / Dot1AD(vlan=30) / Dot1Q(vlan=40) / p),
        "five tags": ("vlan:ethertype:vlan:ethertype:vlan:ethertype:vlan:ethertype:vlan",
                      lambda p, f: mac() / Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) /
                      Dot1Q(vlan=4) / Dot1Q(vlan=5) / p),
        "MPLS": ("mpls", lambda p, f: mac() / MPLS(label=16, s=0) / MPLS(label=17, s=1) / p),
        "MPLS pseudowire": ("mpls", lambda p, f: pseudowire(p)),
        "PPPoE": ("pppoes:ppp", lambda p, f: mac() / PPPoE(sessionid=7) / PPP(proto=0x21) / p),
        "GRE": ("gre", lambda p, f: outer(f) / GRE() / p),
        "GRE with checksum, key and sequence":
            ("gre", lambda p, f: outer(f) / GRE(chksum_present=1, key_present=1, key=9,
                                                seqnum_present=1, sequence_number=3) / p),
        "NVGRE": ("gre:eth", lambda p, f: outer(f) / GRE(key_present=1, key=0x123401,
                                                        proto=0x6558) / mac() / p),
        "ERSPAN I": ("gre:erspan", lambda p, f: outer(f) / GRE(proto=0x88BE) / mac() / p),
        "ERSPAN II": ("gre:erspan", lambda p, f: outer(f) / GRE(
            proto=0x88BE, seqnum_present=1, sequence_number=1) / ERSPAN_II(
                ver=1, vlan=0, session_id=5) / mac() / p),
        "ERSPAN III": ("gre:erspan", lambda p, f: outer(f) / GRE(
            proto=0x22EB, seqnum_present=1, sequence_number=1) / ERSPAN_III(
                vlan=0, session_id=5, o=0) / mac() / p),
        "ERSPAN III with subheader": ("gre:erspan", lambda p, f: outer(f) / GRE(
            proto=0x22EB, seqnum_present=1, sequence_number=1) / ERSPAN_III(
                vlan=0, session_id=5, o=1) / ERSPAN_PlatformSpecific() / mac() / p),
        "VXLAN": ("vxlan:eth", lambda p, f: outer(f) / vxlan(mac() / p)),
        "VXLAN over IPv6": ("ipv6:udp:vxlan", lambda p, f: outer6() / vxlan(mac() / p)),
        "GENEVE": ("geneve:eth", lambda p, f: outer(f) / UDP(sport=50000, dport=6081) /
                   GENEVE(vni=7, proto=0x6558) / mac() / p),
        "GTP-U": ("gtp:ip", lambda p, f: outer(f) / gtp(p, 17 if f else 4711)),
        "GTP-U with extension headers": ("gtp:ip", lambda p, f: outer(f) / UDP(
            sport=2152, dport=2152) / container() / p),
        "IP in IP": ("ip:ip", lambda p, f: outer(f) / p),
        "QinQ, MPLS, GRE, VXLAN, 802.1Q":
            ("ieee8021ad:ethertype:vlan:ethertype:mpls:ip:gre:ip:udp:vxlan:eth:ethertype:vlan",
             lambda p, f: mac() / Dot1AD(vlan=30) / Dot1Q(vlan=40) / MPLS(label=16, s=1) /
             IP(src="203.0.113.1", dst="203.0.113.2") / GRE() /
             IP(src="203.0.113.3", dst="203.0.113.4") / vxlan(mac() / Dot1Q(vlan=50) / p)),
        "PPPoE, IP in IP, GTP-U":
            ("pppoes:ppp:ip:ip:udp:gtp:ip",
             lambda p, f: mac() / PPPoE(sessionid=7) / PPP(proto=0x21) /
             IP(src="203.0.113.1", dst="203.0.113.2") /
             IP(src="203.0.113.3", dst="203.0.113.4") / gtp(p, 5)),
        "VXLAN in VXLAN": ("vxlan:eth:ethertype:ip:udp:vxlan", lambda p, f: outer(f) / vxlan(
            outer(f) / vxlan(mac() / p, 8))),
    }


def cases6():
    return {"6in4": ("ip:ipv6", lambda p, f: outer(f) / p),
            "IPv6 in IPv6": ("ipv6:ipv6", lambda p, f: outer6() / p),
            "IPv6 in MPLS": ("mpls:ipv6", lambda p, f: mac() / MPLS(label=16, s=1) / p)}


SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"


def wifi(kind, flags, more=b""):
    return bytes([kind, flags, 0, 0]) + bytes(range(18)) + b"\x10\0" + more + SNAP


def radiotap(flags):
    return b"\0\0\x11\0\x03\0\0\0" + bytes(8) + bytes([flags])


def nflog(packet):
    value = bytes(packet)
    return (b"\x02\0\0\x05" + struct.pack("<HH", 6, 10) + b"a\0\0\0" +
            struct.pack("<HH", 4 + len(value), 9) + value + bytes(-len(value) % 4))


def esp(packet):
    """Null encryption: the datagram, padding, its length, UDP, and a tag of 96 bits."""
    datagram = bytes(packet)[20:]
    size = -(len(datagram) + 2) % 4
    return (struct.pack(">II", 0xC000, 1) + datagram + bytes(range(1, size + 1)) +
            bytes([size, 17]) + b"\xa5" * 12)


def link_cases():
    """{name: (what tshark must call it, link type, packet -> frame)}"""
    ethernet = bytes(mac())[:12]
    return {
        "PPP": ("ppp:ip", 9, lambda p: b"\xff\x03\0\x21" + bytes(p)),
        "serial PPP": ("ppp:ip", 50, lambda p: b"\xff\x03\0\x21" + bytes(p)),
        "serial, Cisco's HDLC": ("chdlc:ip", 50, lambda p: b"\x0f\0\x08\0" + bytes(p)),
        "PPPoE without Ethernet": ("pppoes:ppp:ip", 51,
                                   lambda p: bytes(PPPoE(sessionid=7) / PPP(proto=0x21) / p)),
        "Cisco's HDLC": ("chdlc:ip", 104, lambda p: b"\x0f\0\x08\0" + bytes(p)),
        "PPP with a direction": ("ppp:ip", 204, lambda p: b"\x01\xff\x03\0\x21" + bytes(p)),
        "802.11": ("wlan:llc:ip", 105, lambda p: wifi(0x08, 1) + bytes(p)),
        "802.11 with quality of service": ("wlan:llc:ip", 105,
                                           lambda p: wifi(0x88, 2, b"\0\0") + bytes(p)),
        "802.11 with four addresses": ("wlan:llc:ip", 105,
                                       lambda p: wifi(0x08, 3, bytes(6)) + bytes(p)),
        "802.11 with radiotap": ("radiotap:wlan_radio:wlan:llc:ip", 127,
                                 lambda p: radiotap(0) + wifi(0x08, 1) + bytes(p)),
        "802.11 with radiotap, padded": ("radiotap:wlan_radio:wlan:llc:ip", 127, lambda p: radiotap(
            0x20) + wifi(0x88, 1, b"\0\0\0\0") + bytes(p)),
        "NFLOG": ("nflog:ip", 239, nflog),
        "PFLOG": ("pflog:ip", 117, lambda p: b"\x3d\x02" + bytes(62) + bytes(p)),
        "802.3 with SNAP": ("eth:llc:ip", 1, lambda p: ethernet + struct.pack(
            ">H", 8 + len(p)) + SNAP + bytes(p)),
        "ESP in UDP": ("udpencap:esp", 1, lambda p: bytes(
            mac() / IP(src=p.src, dst=p.dst) / UDP(sport=4500, dport=4500) / Raw(esp(p)))),
    }


def run_link(report, name, claim, link_type, wrap):
    with tempfile.TemporaryDirectory(prefix="tapdeck-encapsulation.") as directory:
        capture = os.path.join(directory, "call.pcap")
        count = write(capture, 0, lambda packet, forth: Raw(wrap(packet)), link_type)
        strangers = {text for text in protocols(capture) if claim not in text}
        problems = [f"tshark sees {text}, not {claim}" for text in sorted(strangers)]
        report.check(name, problems + problems_of(capture, directory, count))


def write(path, family, wrap, link_type=1):
    """The capture; how many frames."""
    frames = []
    for at, forth, packet in packets(family):
        frame = wrap(packet, forth)
        for part in frame if isinstance(frame, list) else [frame]:
            part.time = 1_700_000_000 + at
            frames.append(part)
    wrpcap(path, frames, linktype=link_type)
    return len(frames)


def problems_of(capture, directory, frame_count, rtp_each=RTP_EACH):
    store = os.path.join(directory, "store")
    lines = tapdeck(store, "ingest", "--json", "--streams", capture).expect(0).lines()
    summary, calls, problems = lines[-1], program.calls(store), []

    def expect(what, wanted, found):
        if wanted != found:
            problems.append(f"{what}: {found}, not {wanted}")

    expect("packets", frame_count, summary["packets"])
    expect("sum over classes", frame_count, sum(summary["by_class"].values()))
    expect("SIP messages", SIP_COUNT, summary["sip_messages"])
    expect("calls", [("encapsulated@a.example", "answered")],
           [(call["call_id"], call["outcome"]) for call in calls])
    expect("streams", [("0x0000a001", rtp_each, 0), ("0x0000b001", rtp_each, 0)],
           sorted((row["ssrc"], row["packets"], row["lost"])
                  for call in calls for row in call["media"]))
    if problems:
        problems.append(str({k: v for k, v in summary["by_class"].items() if v}))
    return problems


def protocols(capture):
    """What tshark makes of each frame."""
    done = subprocess.run(["tshark", "-n", "-r", capture, "-T", "fields", "-e", "frame.protocols"],
                          capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.split()


def run(report, name, family, claim, wrap):
    with tempfile.TemporaryDirectory(prefix="tapdeck-encapsulation.") as directory:
        capture = os.path.join(directory, "call.pcap")
        count = write(capture, family, wrap)
        strangers = {text for text in protocols(capture) if claim not in text}
        problems = [f"tshark sees {text}, not {claim}" for text in sorted(strangers)]
        report.check(name, problems + problems_of(capture, directory, count))


def run_fragments(report):
    """The tunnel's own packets in fragments: signalling makes its call, media is recorded."""
    wrap = lambda packet, forth: fragment(
        IP(src="203.0.113.1", dst="203.0.113.2", id=int(packet[UDP].chksum or 0)) /
        UDP(sport=50000, dport=4789) / VXLAN(vni=7, flags=8) / mac() / packet, 160)
    with tempfile.TemporaryDirectory(prefix="tapdeck-encapsulation.") as directory:
        capture, store = (os.path.join(directory, name) for name in ("call.pcap", "store"))
        numbers = iter(range(1, 10_000))

        def cut(packet, forth):
            parts = wrap(packet, forth)
            number = next(numbers)
            for part in parts:
                part.id = number
            return [mac() / part for part in parts]

        count = write(capture, 0, cut)
        summary = tapdeck(store, "ingest", "--json", capture).expect(0).lines()[-1]
        found = summary["fragments"]
        problems = [f"{what}: {got}, not {wanted}" for what, wanted, got in (
            ("packets", count, summary["packets"]),
            ("SIP", SIP_COUNT, found["sip"]),
            ("media", 2 * RTP_EACH, found["fragmented_media"]),
            ("calls", ["answered"], [call["outcome"] for call in program.calls(store)]),
            ("recorded", [RTP_EACH, RTP_EACH], [media["packets"] for call in program.calls(store)
                                                for media in call["media"]]),
            ("fragments", count, summary["by_class"]["ip_fragment"])) if wanted != got]
        report.check("VXLAN in fragments", problems)


def main():
    report = Report()
    if IP is None or shutil.which("tshark") is None:
        report.skip("encapsulations", "scapy or tshark is not installed")
        sys.exit(report.finish())
    if not os.access(program.PROGRAM, os.X_OK):
        report.fail("program", f"{program.PROGRAM} is not built")
        sys.exit(report.finish())
    names = sys.argv[1:] or [""]
    for family, table in ((0, cases()), (1, cases6())):
        for name, (claim, wrap) in table.items():
            if any(part in name for part in names):
                with report.guard(name):
                    run(report, name, family, claim, wrap)
    for name, (claim, link_type, wrap) in link_cases().items():
        if any(part in name for part in names):
            with report.guard(name):
                run_link(report, name, claim, link_type, wrap)
    if any(part in "VXLAN in fragments" for part in names):
        run_fragments(report)
    sys.exit(report.finish())


if __name__ == "__main__":
    main()
