#!/usr/bin/env python3
"""What an erasure leaves in the files of a store: nothing of whom it was about.

Erased with everything, and of one party; on a store that nobody owns and on one that `tapdeck run`
owns. Every file is read as it is, and RocksDB's tables (with marks of removals), logs and lists of
tables also as RocksDB's own tools decode them.
"""

import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow")]
import frames
import netlab
import store_files
from program import tapdeck
from report import Report, require_linux_root
from scenario import Scenario
from service import Service
from store_files import StoreFiles

# The number that goes is the least of all in one call and the greatest in the other: tables begin
# and end with them. Runs of zeroes would be found in any file that is decoded to hexadecimal.
SCENARIO = """\
party low 192.0.2.10:5060 number=412738465
party mid 198.51.100.20:5060 number=498912345
party high 192.0.2.30:5060 number=998374652
party other 198.51.100.40:5060 number=498955555
call erased low mid dialled=412738465
call partly high mid
call kept other mid
"""
CALL = """\
{begin}.0 {caller}>mid INVITE call={name} sdp={port} {asserted}
{begin}.1 mid>{caller} 200/INVITE call={name} sdp={answer}
{begin}.2 {caller}>mid ACK call={name}
{begin}.3 rtp {caller}:{port}>mid:{answer} ssrc=0x0000b{port} count=100
{end}.0 {caller}>mid BYE call={name} cseq=2
{end}.1 mid>{caller} 200/BYE call={name} cseq=2
"""
ASSERTED = r'header="P-Asserted-Identity: \"{}\" <sip:{}@example.com>"'
CALLERS = {"erased": ("low", "412738465", "Zenobia Quux"),
           "partly": ("high", "998374652", "Xerxes Vole"),
           "kept": ("other", "498955555", "Olga Wren")}
NOTE = "waits for the plumber"


def write_capture(directory):
    path = os.path.join(directory, "calls")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SCENARIO)
        for n, (name, (caller, number, display)) in enumerate(CALLERS.items()):
            file.write(CALL.format(name=name, caller=caller, begin=10 * n, end=10 * n + 4,
                                   asserted=ASSERTED.format(display, number),
                                   port=4100 + 100 * n, answer=6100 + 100 * n))
    frames.write_capture(path + ".pcap", Scenario(path).frames)
    return path + ".pcap"


class TracesTest:
    def __init__(self, report, directory, store, config, title):
        self.report, self.store, self.config, self.title = report, store, config, title
        self.capture = write_capture(directory)

    def ask(self, *words):
        return tapdeck(self.store, *words, config=self.config).expect(0)

    def check(self, name, problems):
        self.report.check(f"{self.title}: {name}", problems)

    def record(self):
        self.ask("ingest", self.capture)
        log = self.ask("calls", "--json").lines()
        self.uids = {call["call_id"].partition("@")[0]: call["uid"] for call in log}
        self.ask("annotate", self.uids["erased"], f"note={NOTE}", "tag=plumber")

    def erase(self):
        """Everything of one call; of another the one party that has a number."""
        whole, partly = self.uids["erased"], self.uids["partly"]
        gone = {f"secret {n} of the erased": secret for n, secret in
                enumerate(store_files.key_secrets(self.store, whole))}
        messages = store_files.key_secrets(self.store, partly)
        self.check("the keys are known", [] if len(gone) >= 6 and len(messages) >= 6 else
                   [f"{len(gone)} and {len(messages)} secrets"])
        for name in ("erased", "partly"):
            _, number, display = CALLERS[name]
            # Local and international forms, with and without prefixes, end alike.
            gone[f"the number of the {name}"] = number[2:].encode()
            gone[f"the name of the {name}"] = display.encode()
        gone["the note"] = NOTE.encode()
        before = StoreFiles(self.store)
        self.check("it would be found", [f"{what} is nowhere" for what, data in gone.items()
                                         if what != "the note" and not before.with_bytes(data)])
        reason = ("--reason", "Art. 17", "--yes")
        self.ask("erase", "--uid", whole, "--what", "all", *reason)
        self.ask("erase", "--uid", partly, "--party", CALLERS["partly"][1], "--what", "all",
                 *reason)
        gone |= {f"secret {n} of the other": secret for n, secret in enumerate(messages)}
        return gone

    def check_gone(self, when, gone):
        files = StoreFiles(self.store)
        self.check(f"no file has what was erased, {when}",
                   [f"{what} is in {name}" for what, data in gone.items()
                    for name in files.with_bytes(data)])
        stays = {"the number of the kept": CALLERS["kept"][1].encode(),
                 "the other party": b"498912345"}
        self.check(f"what was not erased is there, {when}",
                   [f"{what} is nowhere" for what, data in stays.items()
                    if not files.with_bytes(data)])


def test_alone(report, directory):
    config = os.path.join(directory, "tapdeck.yaml")
    store = os.path.join(directory, "store")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"general:\n  store: {store}\n")
    for title in ("from logs", "from tables"):
        test = TracesTest(report, directory, store + title[-4:], config, f"alone, {title}")
        test.record()
        if title == "from tables":  # which an erasure writes, of nothing, too
            test.ask("erase", "--uid", "01" + 24 * "0", "--what", "all", "--reason", "x", "--yes")
        gone = test.erase()
        test.check_gone("at once", gone)
        test.ask("store", "check")
        test.check_gone("when it was opened again", gone)
        shown = tapdeck(store + title[-4:], "show", test.uids["erased"], config=config)
        shown = shown.expect(3).stdout.decode()  # its messages are gone
        test.check("its older versions are told to be gone",
                   [] if "version 2, 1 kept" in shown else [shown[:200]])


def test_served(report, directory, lab):
    service = Service(lab, directory)
    service.start()
    try:
        test = TracesTest(report, directory, service.store, service.config, "served")
        test.record()
        gone = test.erase()
        test.check_gone("while it is served", gone)
    finally:
        status = service.stop()
    test.check("SIGTERM ends run cleanly", [] if status == 0 else [service.tail()])
    test.check_gone("at the end", gone)


def main():
    report = Report()
    missing = store_files.missing_tools()
    if missing:
        report.skip("traces", f"needs {' and '.join(missing)} of rocksdb-tools")
        return report.finish()
    with report.guard("alone"), tempfile.TemporaryDirectory(prefix="tdt.") as directory:
        test_alone(report, directory)
    if require_linux_root(report, "traces, served"):
        with report.guard("served"), netlab.NetLab() as lab, \
                tempfile.TemporaryDirectory(prefix="tdt.") as directory:
            test_served(report, directory, lab)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
