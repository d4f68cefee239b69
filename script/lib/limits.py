"""What DPDK itself takes for a packet on virtual devices, measured by its `testpmd`."""

import os
import re
import signal
import subprocess
import time

PROGRAM = "dpdk-testpmd"
# The same kind of port as the benches have, packets going round: taken and given; and one that
# fills a buffer of the pool for each packet, which testpmd frees: taken only.
RUNS = {"testpmd_ring_ns": ("net_ring0", ["--forward-mode=io", "--tx-first"]),
        "testpmd_null_rx_ns": ("net_null0", ["--forward-mode=rxonly"])}


class Failed(Exception):
    """testpmd is not there, or says nothing."""


def packet_ns(text):
    """Nanoseconds a packet in the best second of its statistics; None without any packet."""
    rates = [int(rate) for rate in re.findall(r"Rx-pps:\s+(\d+)", text)]
    return 1e9 / max(rates) if any(rates) else None


def command(device, mode, cpus):
    """Memory of its own, no cards, and a CPU beside the first for what forwards."""
    return [PROGRAM, "--no-huge", "-m", "256", "--no-pci", "--no-telemetry", "--no-shconf",
            f"--vdev={device}", "--lcores", f"0@{cpus[0]},1@{cpus[-1]}", "--", *mode,
            "--stats-period", "1", "--total-num-mbufs=8191"]


def testpmd(seconds):
    """Name -> nanoseconds a packet, for each of RUNS."""
    cpus = sorted(os.sched_getaffinity(0))
    found = {}
    for name, (device, mode) in RUNS.items():
        try:
            with subprocess.Popen(command(device, mode, cpus), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace") as process:
                time.sleep(1 + seconds)  # a second for its start
                process.send_signal(signal.SIGINT)
                try:
                    text = process.communicate(timeout=20)[0]
                except subprocess.TimeoutExpired:
                    process.kill()
                    text = process.communicate()[0]
        except OSError as error:
            raise Failed(str(error)) from error
        found[name] = packet_ns(text)
        if found[name] is None:
            raise Failed("no packets: " + " ".join(text.split()[-20:]))
    return found
