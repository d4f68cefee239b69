#!/usr/bin/env python3
"""`tapdeck bench capture` over a pair of interfaces: what it says adds up, and loss is told.

A ramp over a veth pair in a namespace of its own, once as interfaces of the kernel and once as
virtual devices of DPDK. No rate is expected of any machine. Needs root.
"""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support")]
import program
from report import Report, require_linux_root

SETUP = ("sysctl -qw net.ipv6.conf.all.disable_ipv6=1; "
         "ip link add tdb0 type veth peer name tdb1; ip link set tdb0 up; ip link set tdb1 up; "
         'exec "$@"')
RAMP = ["--mode", "ramp", "--steps", "2", "--least", "0.005", "--most", "0.4", "--streams", "500",
        "--seconds", "0.5", "--json"]


def bench(*words):
    """Exit status, report and stderr of `tapdeck bench capture` between two new interfaces."""
    done = subprocess.run(["unshare", "-n", "bash", "-c", SETUP, "bash", program.PROGRAM, "bench",
                           "capture", *words], capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else None, done.stderr


def ramp_problems(status, report, stderr):
    if status != 0 or report is None:
        return [f"exit status {status}: {stderr}"]
    problems = list(report["wrong"])
    if len(report["rows"]) != 2:
        problems.append(f"{len(report['rows'])} rows, not 2")
    for row in report["rows"]:
        drops = sum(int(part.rpartition(":")[2]) for part in (row["drops"] or "").split())
        if row["sent_packets"] == 0 or row["lost_packets"] >= row["sent_packets"]:
            problems.append(f"nothing was recorded: {row}")
        if row["verdict"] == "lost" and drops < row["lost_packets"]:
            problems.append(f"loss without its stage: {row}")
    if not report["simulated"] or not report["host"]["processor"]:
        problems.append("it does not say what was simulated, or where")
    return problems


def main():
    report = Report()
    if not require_linux_root(report, "bench"):
        return report.finish()
    with tempfile.TemporaryDirectory() as directory:
        plot = os.path.join(directory, "loss.svg")
        report.check("interfaces", ramp_problems(
            *bench("--interface-pair", "tdb0,tdb1", "--svg", plot, *RAMP)))
        root = xml.etree.ElementTree.parse(plot).getroot()
        report.check("plot", [] if root.tag.endswith("svg") else [f"no plot but {root.tag}"])
    report.check("devices", ramp_problems(
        *bench("--ports", "net_af_packet0,iface=tdb0",
               "net_af_packet1,iface=tdb1,blocksz=1048576,framesz=2048,framecnt=4096", *RAMP)))
    status, _, stderr = bench("--interface-pair", "tdb0,tdabsent", *RAMP)
    told = status == 1 and "tdabsent" in stderr
    report.check("absent", [] if told else [f"exit status {status}: {stderr}"])
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
