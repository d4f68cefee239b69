#!/usr/bin/env python3
"""Numbers that make no sense are refused, and a bench that a signal ends leaves nothing behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "tests", "support")]
from program import PROGRAM
from report import run_all

BUILD = os.path.dirname(PROGRAM)
GENERATE = os.environ.get("TAPDECK_GENERATE",
                          os.path.join(BUILD, "bench", "traffic", "generate"))


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def test_generator():
    """Shares are from 0 to 100, rates are rates, and NaN is no number."""
    for words in (["--loss", "150"], ["--loss", "-1"], ["--loss", "nan"], ["--talk", "-3"],
                  ["--rate", "0"], ["--rate", "inf"], ["--failed", "200"], ["--jitter", "-100"]):
        with tempfile.TemporaryDirectory() as directory:
            done = run(GENERATE, "--pcap", os.path.join(directory, "x.pcap"), *words)
            assert done.returncode != 0 and words[0] in done.stderr + done.stdout, (words, done)
            assert not os.listdir(directory), words
    told = run(GENERATE, "--help").stdout
    assert "=10" in told and "same bytes" in told, told


def test_bench():
    """As the generator."""
    for words in (["worker", "--seconds", "nan"], ["capture", "--least", "nan"],
                  ["calls", "--rate", "nan"], ["record", "--seconds", "nan"]):
        done = run(PROGRAM, "bench", *words)
        assert done.returncode != 0 and "nan" in done.stderr + done.stdout, (words, done)


def test_too_much():
    """More memory than any host has, and more ports than DPDK: refused before any is taken."""
    many = ["--streams", "4000000"]
    for words, told in ((["worker", *many, "--workers", "32"], "MiB of memory"),
                        (["capture", *many, "--workers", "65"], "--workers"),
                        (["worker", "--streams", "1000", "--workers", "33"], "32 ports"),
                        (["capture", "--streams", "1000", "--workers", "17"], "16 queues")):
        done = run(PROGRAM, "bench", *words)
        assert done.returncode != 0 and told in done.stderr, (words, done)
    for words in (["store"], ["calls"]):
        done = run(PROGRAM, "bench", *words, "--no-hugepages")
        assert done.returncode == 2 and "--no-hugepages" in done.stderr, (words, done)


def test_plot():
    """A plot that cannot be written is told before the run."""
    done = run(PROGRAM, "bench", "capture", "--svg", "/no/such/folder/loss.svg")
    assert done.returncode == 1 and "/no/such/folder" in done.stderr, done


def test_interrupted():
    """SIGINT and SIGTERM end a bench in order; what a killed one left the next one removes."""
    with tempfile.TemporaryDirectory(prefix="bench.", dir=BUILD) as disk:
        store = os.path.join(disk, "store")
        command = [PROGRAM, "--store", store, "bench", "store", "--calls", "3000000"]
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 130),
                               (signal.SIGKILL, -signal.SIGKILL)):
            with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as bench:
                until = time.monotonic() + 30
                calls = os.path.join(store, "bench-calls")
                while not os.path.isdir(calls) or not os.listdir(calls):
                    assert time.monotonic() < until, "it makes no folder"
                    time.sleep(0.05)
                time.sleep(0.3)
                bench.send_signal(number)
                assert bench.wait(timeout=60) == status, bench.returncode
            assert os.path.exists(store) == (number == signal.SIGKILL), os.listdir(disk)
        done = run(PROGRAM, "--store", store, "bench", "store", "--calls", "1000")
        assert done.returncode == 0 and "was removed" in done.stderr, done
        assert os.listdir(store) == [], os.listdir(store)


TESTS = [test_generator, test_bench, test_too_much, test_plot, test_interrupted]


if __name__ == "__main__":
    sys.exit(run_all(TESTS))
