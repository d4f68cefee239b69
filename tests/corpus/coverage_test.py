#!/usr/bin/env python3
"""Keeps docs/COVERAGE.md true: which class of traffic is covered by which public capture, and what
no capture covers by which test. `--write` writes the page from the corpus that TAPDECK_CORPUS
names; without it the page is compared, as far as it can be without a corpus.
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import ground_truth
import program
from report import Report

PAGE = os.path.join(program.ROOT, "docs", "COVERAGE.md")
NAMES_MAX = 6  # captures of a class that its row names; the list of captures has all
HEAD = """\
# What the tests cover

Made by `tests/corpus/coverage_test.py --write`, which the corpus stage compares it with.

## Classes of traffic and their captures

Each capture is ingested and compared with what tshark sees in it (tests/corpus). In brackets:
captures that must be read without fault, but of which nothing else is judged yet.

"""
GROUPS = (
    ("Link layers and encapsulations",
     ("dlt-", "erf", "loop", "multi-linktype", "pcapng", "vlan", "gre", "gtp", "ipip", "pppoe",
      "esp", "vowifi", "encap-noise", "ip-fragments", "missing-fragment", "icmp-quoted", "ipv6-")),
    ("Signalling transports",
     ("sip-udp", "sip-tcp", "sip-tls", "sip-fragmented", "tls-", "sip-only", "long-message",
      "compact-form", "duplicate-packets", "retransmission")),
    ("Calls",
     ("call-", "multi-call", "many-calls", "incomplete-call", "cancel", "reinvite", "update",
      "prack", "hold", "early-media", "auth", "redirect", "transfer", "conference", "b2bua",
      "proxy-two-legs", "siprec", "ims", "info", "multipart")),
    ("Media", ("codec", "rtp-", "rtcp", "video", "fax", "dtmf", "one-", "loss", "ptime", "ssrc-",
               "audio-oracle")),
    ("Encryption of media", ("srtp", "dtls", "zrtp", "mikey", "webrtc")),
    ("Other than calls", ("",)),
)
# Class, test file, what must stand in it.
ENCAPSULATION, KERNEL = "tests/encapsulation/encapsulation_test.py", "tests/live/tunnels_test.py"
TESTS = (
    ("VXLAN, made by the kernel, captured live", KERNEL, '("VXLAN", 0'),
    ("VXLAN in 802.1Q and in VXLAN, by the kernel", KERNEL, '"VXLAN in 802.1Q"'),
    ("802.1Q and 802.1ad, by the kernel", KERNEL, '("QinQ", 30'),
    ("GRE, GENEVE and ERSPAN, by the kernel, where it has the devices", KERNEL, '"GENEVE"'),
    ("VXLAN, over IPv6 too, and in fragments", ENCAPSULATION, '"VXLAN over IPv6"'),
    ("GENEVE", ENCAPSULATION, '"GENEVE"'),
    ("QinQ and five tags", ENCAPSULATION, '"QinQ"'),
    ("MPLS and pseudowires", ENCAPSULATION, '"MPLS pseudowire"'),
    ("ERSPAN I, II and III", ENCAPSULATION, '"ERSPAN III"'),
    ("NVGRE, GRE with checksum, key and sequence", ENCAPSULATION, '"NVGRE"'),
    ("GTP-U with extension headers", ENCAPSULATION, '"GTP-U with extension headers"'),
    ("6in4, IPv6 in IPv6", ENCAPSULATION, '"6in4"'),
    ("tunnels in tunnels, to the configured depth", ENCAPSULATION,
     '"QinQ, MPLS, GRE, VXLAN, 802.1Q"'),
    ("HEPv3", "tests/flow/hep_call.call", "hep"),
    ("SIP over WebSocket", "tests/flow/websocket_call.call", "ws"),
    ("SIP over TCP on any port", "tests/flow/tcp_odd_port.call", "15060"),
    ("forged RST", "tests/flow/tcp_reset_forged.call", "reset"),
    ("fragments that overlap, are lost, come by IPv6", "tests/flow/fragments_overlap.call", "!"),
    ("first fragments alone, as a capture filter by port leaves them",
     "tests/flow/fragments_first_only.call", "order=0"),
    ("PPP, Cisco's HDLC, 802.11, NFLOG and PFLOG", ENCAPSULATION, '"802.11 with radiotap"'),
    ("802.3 with LLC and SNAP", ENCAPSULATION, '"802.3 with SNAP"'),
    ("ESP without encryption in UDP", ENCAPSULATION, '"ESP in UDP"'),
    ("SIP over TCP that a snaplen cut", "tests/flow/tcp_cut.call", "cut="),
    ("ZRTP", "tests/flow/zrtp.call", "5a525450"),
    ("a file whose pieces are not in order", "tests/flow/pieces_out_of_order.call", "stamp"),
    ("fragments and TCP segments of one message over several workers",
     "tests/live/fragments_test.py", "spread"),
    ("floods of TCP connections and of fragments", "tests/live/fragments_test.py", "flood"),
    ("several queues, ports and workers", "tests/live/queues_test.py", "two-ports"),
    ("links and interfaces that go away and come back", "tests/live/links_test.py", "lose_link"),
    ("reloads of the configuration under load", "tests/live/reload_test.py", "SIGHUP"),
    ("phones through a proxy and a media relay, blind transfer", "tests/live/proxy_test.py",
     "blind_transfer"),
    ("drops of the kernel", "tests/live/drops_test.py", "lost_suspect"),
    ("torture messages of RFC 4475 and RFC 5118", "docs/SIP.md", "rfc5118"),
)


def name_of(capture):
    name = os.path.basename(capture["file"])
    return f"({name})" if ground_truth.is_exempt(capture) else name


def group_of(feature):
    return next(title for title, starts in GROUPS if feature.startswith(starts))


def class_tables(captures):
    classes = {}
    for capture in captures:
        for feature in capture["features"]:
            classes.setdefault(feature, []).append(capture)
    text = ""
    for title, _ in GROUPS:
        rows = sorted(feature for feature in classes if group_of(feature) == title)
        if not rows:
            continue
        text += f"### {title}\n\n| class | number | captures |\n|---|---|---|\n"
        for feature in rows:
            # Those that are judged first.
            named = sorted(classes[feature], key=lambda one: (ground_truth.is_exempt(one),
                                                              one["file"]))
            names = [f"`{name_of(one)}`" for one in named[:NAMES_MAX]]
            more = len(named) - NAMES_MAX
            text += (f"| {feature} | {len(named)} | {', '.join(names)}"
                     f"{f' and {more} more' if more > 0 else ''} |\n")
        text += "\n"
    return text


def capture_table(captures):
    text = "## The captures\n\n| capture | repository | SHA-256 | classes |\n|---|---|---|---|\n"
    for one in sorted(captures, key=lambda one: one["file"]):
        text += (f"| `{name_of(one)}` | {one['repo']} | {one['sha256'][:16]} | "
                 f"{', '.join(sorted(one['features']))} |\n")
    return text


def test_table():
    text = ("## Classes without a capture, or beyond one\n\n"
            "Made by the tests themselves, confirmed by tshark where it is of encapsulations.\n"
            "\n| class | test |\n|---|---|\n")
    for what, path, _ in TESTS:
        text += f"| {what} | `{path}` |\n"
    return text + "\n"


def test_problems():
    problems = []
    for what, path, needle in TESTS:
        whole = os.path.join(program.ROOT, path)
        if not os.path.exists(whole):
            problems.append(f"{what}: there is no {path}")
            continue
        with open(whole, encoding="utf-8") as file:
            if needle not in file.read():
                problems.append(f"{what}: {path} has no {needle}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--write", action="store_true", help="write docs/COVERAGE.md")
    arguments = parser.parse_args()
    report = Report()
    report.check("classes without a capture have their tests", test_problems())
    page = ""
    if os.path.exists(PAGE):
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
    index = os.path.join(os.environ.get("TAPDECK_CORPUS") or "", "captures", "index.json")
    if not os.path.exists(index):
        report.check("docs/COVERAGE.md names these tests", [] if test_table() in page else
                     ["it does not: run coverage_test.py --write"])
        report.skip("docs/COVERAGE.md and the corpus", "TAPDECK_CORPUS names no corpus")
        return report.finish()
    with open(index, encoding="utf-8") as file:
        captures = json.load(file)
    wanted = HEAD + class_tables(captures) + test_table() + capture_table(captures)
    if arguments.write:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(wanted)
        page = wanted
    report.check("docs/COVERAGE.md is what the corpus has", [] if page == wanted else
                 ["it is not: run coverage_test.py --write"])
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
