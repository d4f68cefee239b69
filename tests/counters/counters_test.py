#!/usr/bin/env python3
"""Every counter that `ingest --json` prints has a capture that moves it, or a test that does where
no packet can: the names are taken from the program, so that one without a row fails.

`counters_test.py NAME…` runs only the rows whose names contain a NAME.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "flow"), os.path.join(HERE, "..", "support")]
import program
import rows
from packets import Capture
from program import tapdeck
from report import Report, require_linux_root

GROUPS = ("by_class", "drops", "fragments", "sip_assembly", "sip_rejected", "sip_repaired", "sdp",
          "events", "unbound")
NULL_PORT = """
capture:
  ports:
    - name: nothing
      device: "net_null0,no-rx=1"
"""


def summary_of(capture):
    """What `ingest` says of a capture, and how many frames it has."""
    with tempfile.TemporaryDirectory(prefix="tapdeck-counters.") as directory:
        path, config = os.path.join(directory, "one.pcap"), None
        count = capture.write(path)
        if capture.config:
            config = os.path.join(directory, "tapdeck.yaml")
            with open(config, "w", encoding="utf-8") as file:
                file.write("\n".join(capture.config) + "\n")
        done = tapdeck(os.path.join(directory, "store"), "ingest", "--json", path, config=config)
        lines = done.lines()
        if not lines:
            raise AssertionError(f"ingest said nothing (exit status {done.status}): {done.tail()}")
        return lines[-1], count


def run(report, key, capture):
    group, name = key
    label = f"{group}.{name}"
    try:
        summary, count = summary_of(capture)
    except (AssertionError, ValueError, program.Crash) as problem:
        report.fail(label, str(problem))
        return
    problems, classes = [], summary["by_class"]
    if summary[group].get(name, 0) < 1:
        moved = {where: {row: value for row, value in summary[where].items() if value}
                 for where in GROUPS}
        problems.append(f"it did not move; these did: {moved}")
    if summary["packets"] != count or sum(classes.values()) != count:
        problems.append(f"{count} packets in, {summary['packets']} counted, "
                        f"{sum(classes.values())} in classes")
    report.check(label, problems)


def check_names(report, table):
    """Each name of the program is in one of the two tables, and each row is of such a name."""
    summary, _ = summary_of(Capture().udp(b"x"))
    names = {(group, name) for group in GROUPS for name in summary[group]}
    known = set(table) | set(rows.ELSEWHERE)
    problems = [f"{group}.{name} has no row" for group, name in sorted(names - known)]
    problems += [f"{group}.{name}: the program has no such counter"
                 for group, name in sorted(known - names)]
    problems += [f"{group}.{name} is in both tables"
                 for group, name in sorted(set(table) & set(rows.ELSEWHERE))]
    report.check("every counter has a row", problems)


def live_stats(directory):
    """`stats` of a service on a port that brings nothing."""
    store, config = (os.path.join(directory, name) for name in ("store", "tapdeck.yaml"))
    with open(config, "w", encoding="utf-8") as file:
        file.write(NULL_PORT)
    with open(os.path.join(directory, "log"), "wb") as log:
        service = subprocess.Popen([program.PROGRAM, "--config", config, "--store", store, "run"],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        for _ in range(200):
            if service.poll() is not None:
                raise program.Crash(f"run ended at once (status {service.returncode})")
            done = tapdeck(store, "stats", "--json")
            if done.status == 0:
                return done.lines()[0]
            time.sleep(0.1)
        raise program.Crash("run was not ready in time")
    finally:
        service.terminate()
        service.wait(30)


def check_live_names(report):
    """What `stats` shows is what `ingest` shows, or is in the tables of its own."""
    summary, _ = summary_of(Capture().udp(b"x"))
    with tempfile.TemporaryDirectory(prefix="tapdeck-counters.") as directory:
        stats = live_stats(directory)
    problems = []
    for group in ("by_class", "drops", "fragments", "events"):
        if set(stats[group]) != set(summary[group]):
            problems.append(f"{group} has other names than in ingest")
    for name, group in rows.LIVE_GROUPS.items():
        if set(stats["calls"][name]) != set(summary[group]):
            problems.append(f"calls.{name} has other names than {group} of ingest")
    for group, names in (("ports", stats["ports"][0]), ("records", stats["records"]),
                         ("retention", stats["retention"]),
                         ("calls", set(stats["calls"]) - set(rows.LIVE_GROUPS))):
        known = {name for where, name in rows.LIVE if where == group} | rows.LIVE_GAUGES[group]
        problems += [f"{group}.{name} has no row" for name in sorted(set(names) ^ known)]
    report.check("every counter of stats has a row", problems)


def check_elsewhere(report):
    problems = []
    for (group, name), (path, words) in [*rows.ELSEWHERE.items(), *rows.LIVE.items()]:
        try:
            with open(os.path.join(program.ROOT, path), encoding="utf-8") as file:
                if words not in file.read():
                    problems.append(f"{group}.{name}: {path} says nothing of {words}")
        except OSError as error:
            problems.append(f"{group}.{name}: {error}")
    report.check("what no packet moves is tested elsewhere", problems)


def main():
    report = Report()
    if not os.access(program.PROGRAM, os.X_OK):
        report.fail("program", f"{program.PROGRAM} is not built")
        sys.exit(report.finish())
    words, table = sys.argv[1:], rows.table()
    if not words:
        check_names(report, table)
        check_elsewhere(report)
        if require_linux_root(report, "counters of stats"):
            try:
                check_live_names(report)
            except (AssertionError, LookupError, program.Crash) as problem:
                report.fail("counters of stats", str(problem))
    chosen = [(key, capture) for key, capture in table.items()
              if not words or any(word in ".".join(key) for word in words)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda row: run(report, *row), chosen))
    sys.exit(report.finish())


if __name__ == "__main__":
    main()
