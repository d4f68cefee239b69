#!/usr/bin/env python3
"""Plays every scenario of tests/flow (or those named) through the built program and compares what
it says with what the scenario expects. One line a scenario; the last line has the sums.
--share 1/3: every third of them, from the second on."""

import argparse
import ast
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import capture_file
import frames
import program
import share
import wav
from program import tapdeck
from report import Report
from scenario import OPERATORS, Scenario, look_up


def levels(samples, rate):
    """Mean absolute sample of each tenth of a second."""
    step = rate // 10
    parts = (samples[at:at + step] for at in range(0, len(samples), step))
    return [sum(map(abs, part)) // len(part) for part in parts]


def view_wav(path):
    rate, left, right = wav.channels(path)
    return {"ms": 1000 * len(left) // rate, "left": levels(left, rate),
            "right": levels(right, rate)}


def view_pcap(path):
    payloads = [datagram.payload for datagram in capture_file.datagrams(path)]
    rtp = [payload[12:] for payload in payloads if payload[:1] == b"\x80"]
    return {"packets": len(payloads), "rtp": len(rtp), "media": [part.hex() for part in rtp],
            "text": "\n".join(payload.decode("latin-1") for payload in payloads)}


def asks_for(scenario, root):
    return any(path.startswith(root) for _, path, _, _ in scenario.checks)


def exported(scenario, store, directory, kind):
    """Each call's file of this kind as seen by `view`, None without one; [] when nobody asks."""
    view = {"wav": view_wav, "pcap": view_pcap}[kind]
    if not asks_for(scenario, kind):
        return []
    to = os.path.join(directory, kind)
    tapdeck(store, "export", "--format", kind, "--output", to).expect(0, 3)
    paths = [os.path.join(to, f"{call['uid']}.{kind}") for call in program.calls(store)]
    return [view(path) if os.path.exists(path) else None for path in paths]


def write_config(files, directory):
    """The configuration, and beside it what it names; None where the scenario has none."""
    config = list(files["config"])
    named = [f"  {key}: {name}.yaml" for name, key in (("policies", "file"),
                                                       ("directory", "directory_file"))
             if files[name]]
    if named:
        config += ["policy:", *named]
    for name, lines in {**files, "config": config}.items():
        if lines:
            name = "tapdeck" if name == "config" else name
            with open(os.path.join(directory, f"{name}.yaml"), "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
    return os.path.join(directory, "tapdeck.yaml") if config else None


def observe(scenario, directory):
    """What the program says of the scenario's packets, by the roots that paths begin at."""
    capture, store = os.path.join(directory, "flow.pcap"), os.path.join(directory, "store")
    frames.write_capture(capture, scenario.frames)
    config = write_config(scenario.files, directory)
    ingest = tapdeck(store, "ingest", "--json", "--streams", *scenario.ingest, capture,
                     config=config)
    lines = ingest.lines()
    if not lines:
        raise AssertionError(f"ingest said nothing (exit status {ingest.status}): {ingest.tail()}")
    calls = program.calls(store)
    shown, kept = [], b""
    if asks_for(scenario, "shown") or asks_for(scenario, "text"):
        shown = [tapdeck(store, "show", "--json", call["uid"]).expect(0, 3).lines()[0]
                 for call in calls]
        kept = b"".join(tapdeck(store, "show", call["uid"]).expect(0, 3).stdout for call in calls)
    found = [tapdeck(store, "calls", "--json", *query, config=config).expect(0).lines()
             for query in scenario.queries]
    events = []
    if asks_for(scenario, "events"):
        events = tapdeck(store, "events", "--json").expect(0).lines()
    return {"status": ingest.status, "summary": lines[-1], "streams": lines[:-1], "calls": calls,
            "events": events,
            "found": found, "shown": shown, "text": kept.decode() + json.dumps(shown),
            "wav": exported(scenario, store, directory, "wav"),
            "pcap": exported(scenario, store, directory, "pcap")}


def value_of(text, observed):
    """A literal as in JSON, or the path of something observed to compare with."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return look_up(observed, text)


def problems_of(scenario, observed):
    problems = []
    for text, path, operator, wanted in scenario.checks:
        try:
            value = look_up(observed, path)
            if not OPERATORS[operator](value, value_of(wanted, observed)):
                said = json.dumps(value)
                problems.append(f"{text}: is {said if len(said) < 300 else said[:300] + '...'}")
        except (LookupError, TypeError) as problem:
            problems.append(f"{text}: {problem!r}")
    packets, classes = observed["summary"]["packets"], observed["summary"]["by_class"]
    if packets != len(scenario.frames) or sum(classes.values()) != packets:
        problems.append(f"{len(scenario.frames)} packets in, {packets} counted: {classes}")
    return problems


def run(path, report):
    name = os.path.splitext(os.path.basename(path))[0]
    try:
        scenario = Scenario(path)
        with tempfile.TemporaryDirectory(prefix="tapdeck-flow.") as directory:
            report.check(f"{name}: {scenario.title}",
                         problems_of(scenario, observe(scenario, directory)))
    except (AssertionError, ValueError, program.Crash) as problem:
        report.fail(name, str(problem))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--share", type=share.parse, default=share.WHOLE, metavar="I/N")
    arguments = parser.parse_args()
    names = arguments.names or share.take(
        sorted(name for name in os.listdir(HERE) if name.endswith(".call")), arguments.share)
    report = Report()
    if not os.access(program.PROGRAM, os.X_OK):
        report.fail("program", f"{program.PROGRAM} is not built")
        names = []
    paths = [name if os.path.exists(name) else os.path.join(HERE, name) for name in names]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        list(pool.map(lambda path: run(path, report), paths))
    sys.exit(report.finish())


if __name__ == "__main__":
    main()
