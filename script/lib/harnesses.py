"""The harnesses of `script/bench`: what is run, and how its report is read."""

import json
import os
import subprocess
import sys
import tempfile

import limits
from testing import ROOT

PROGRAM = os.path.join("build-rel", "tapdeck")
INGEST = os.path.join("bench", "load", "ingest_load.py")
SPACE = os.path.join("build-rel", "bench", "load", "space")
RETENTION = os.path.join("build-rel", "bench", "load", "retention")

PACKETS_PER_S = 50  # of a stream


def stall_words(reports, stall_s, seconds):
    """A stalled disk at 0.9 of the rate that `record` has just reached: at all of it, the
    first moment that the host is away makes packets late. So many streams as bring it in real
    time, so that the chunks are those that the defaults have for this load."""
    rows = reports.get("record", {}).get("rows")
    if not rows:
        return None
    mpps = 0.9 * rows[0]["mpps"]
    streams = min(max(int(mpps * 1e6 / PACKETS_PER_S), 1_000), 400_000)
    return ["record", "--no-limits", "--rate", f"{mpps:.3f}", "--streams", str(streams),
            "--stall", str(stall_s), "--seconds", str(seconds)]


def overload_words(reports, quick):
    """A tenth more than three times, for what the sender is late with at the end is not sent."""
    words = ["capture", "--mode", "overload", "--factor", "3.1"]
    words += ["--seconds", "1", "--streams", "1000"] if quick else ["--seconds", "60"]
    lossless = reports.get("capture", {}).get("results", {}).get("lossless_mpps")
    return words + (["--rate", f"{lossless:.4f}"] if lossless else [])


# Name -> (words of `tapdeck bench`, those with --quick), or what makes them of the reports so far.
# A bench that this build does not have is left out, and its targets are told as not measured.
HARNESSES = {
    "worker": (["worker", "--streams", "1000,100000,500000"],
               ["worker", "--streams", "1000", "--seconds", "0.2"]),
    "workers": (["worker", "--streams", "100000", "--workers", "2", "--no-floors"],
                ["worker", "--streams", "1000", "--workers", "2", "--no-floors",
                 "--seconds", "0.2"]),
    "capture": (["capture", "--seconds", "3"],
                ["capture", "--seconds", "0.2", "--streams", "1000", "--resolution", "20"]),
    "overload": overload_words,
    "record": (["record"], ["record", "--streams", "1000", "--seconds", "0.3", "--no-limits"]),
    "stall": lambda reports, quick: stall_words(reports, 1, 3 if quick else 9),
    # Longer than the chunks last: more is brought than the writer takes.
    "long_stall": lambda reports, quick: stall_words(reports, *((2, 8) if quick else (4, 20))),
    "writer": (["record", "--writer-only"],
               ["record", "--writer-only", "--streams", "1000", "--seconds", "0.3", "--no-limits"]),
    "calls": (["calls", "--open", "100000"],
              ["calls", "--open", "1000", "--rate", "1000", "--seconds", "0.1"]),
    # In turns, so that what the machine does meanwhile is in both.
    "worker_rules": (["worker", "--streams", "100000", "--no-floors", "--rules", "0,1000,1000,0"],
                     ["worker", "--streams", "1000", "--no-floors", "--rules", "0,1000",
                      "--seconds", "0.2"]),
    "calls_rules": (["calls", "--open", "100000", "--rules", "0,1000,1000,0"],
                    ["calls", "--open", "1000", "--rate", "1000", "--seconds", "0.1",
                     "--rules", "0,1000"]),
    "call_store": (["store", "--calls", "10000000"], ["store", "--calls", "20000"]),
}


STALL_RUNS = 3
ON_DISK = {"record", "store"}


def show(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"
    return str(value)


def has_bench(words):
    """Whether this build knows the bench, and the option that makes it this one."""
    done = subprocess.run([PROGRAM, "bench", words[0], "--help"], cwd=ROOT, capture_output=True,
                          text=True)
    options = [word for word in words[1:] if word.startswith("--")]
    return done.returncode == 0 and all(option.lstrip("-") in done.stdout for option in options)


def run_harness(words):
    """The report of one bench; its table is printed from it."""
    with tempfile.TemporaryDirectory(prefix="bench.", dir=os.path.join(ROOT, "build-rel")) as disk:
        store = ["--store", disk] if words[0] in ON_DISK else []
        done = subprocess.run([PROGRAM, *store, "bench", *words, "--json"], cwd=ROOT,
                              stdout=subprocess.PIPE, text=True)
    return read_report(done, "tapdeck bench " + " ".join(words))


def run_stall(words):
    """The first of three reports that tells no loss, or the last: a disk that stands still by
    itself as well has stood still for longer than was asked for."""
    for _ in range(STALL_RUNS):
        report = run_harness(words)
        if report["wrong"] or not any(row["lost_packets"] for row in report["rows"]):
            break
    return report


def run_space():
    """The report of bench/load/space_load."""
    with tempfile.TemporaryDirectory(prefix="bench.", dir=os.path.join(ROOT, "build-rel")) as disk:
        done = subprocess.run([SPACE, disk], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return read_report(done, SPACE)


def run_retention(quick):
    """The report of bench/load/retention_load."""
    with tempfile.TemporaryDirectory(prefix="bench.", dir=os.path.join(ROOT, "build-rel")) as disk:
        command = [RETENTION, os.path.join(disk, "retention"), "20000" if quick else "1000000"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return read_report(done, RETENTION)


# What stands in the table of micro-benchmarks: name -> (key, part of its JSON, factor).
MICRO = {"policy/evaluate/10000/500": ("policy_us", "cpu_time", 1e-3),
         "retention/hold_uids/100000/real_time": ("hold_s", "real_time", 1e-3),
         "retention/destroy_keys/4096/real_time": ("destroy_keys_ms", "real_time", 1),
         "ledger/append/256/real_time": ("journal_per_s", "items_per_second", 1)}


def empty_report(command, failed=None):
    """A report without figures; `failed` says why there are none."""
    report = {"command": command, "rows": [], "wrong": [], "simulated": [], "results": {}}
    if failed:
        print(f"{command}: {failed}", file=sys.stderr)
        report["failed"] = failed
    return report


def of_micro(rows, failed=()):
    """The micro-benchmarks that have targets, as a report; `failed`: programs that did."""
    results = {}
    for row in rows:
        key, part, factor = MICRO.get(row["name"], (None, None, None))
        if key is not None and part in row:
            results[key] = row[part] * factor
    report = empty_report("bench/micro", ", ".join(failed))
    report["results"] = results
    return report


def read_report(done, command):
    """The last line of a bench as its report, printed as a table.

    A bench that ends badly behind its report is believed when that says why: that something is
    wrong, that no rate passed, or that an overload was not got over.
    """
    lines = done.stdout.splitlines()
    failed = f"exit status {done.returncode}"
    if not lines:
        return empty_report(command, failed)
    report = json.loads(lines[-1])
    report["command"] = command
    told = report["wrong"] or {"lossless_mpps", "lost_after"} & set(report["results"])
    if done.returncode != 0 and not told:
        report["failed"] = failed
    print(report["command"])
    for row in report["rows"]:
        print("  " + ", ".join(f"{name} {show(value)}" for name, value in row.items()))
    for name, value in report["results"].items():
        print(f"  {name}: {show(value)}")
    for sentence in report["simulated"] + ["WRONG: " + wrong for wrong in report["wrong"]]:
        print(f"  ({sentence})")
    sys.stdout.flush()
    return report


def run_ingest(quick):
    """bench/load/ingest_load.py, as a report: the median of its runs."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        words = ["--calls", "20", "--runs", "1", "--no-floors"] if quick else []
        done = subprocess.run(["python3", "-B", INGEST, "--json", file.name, *words], cwd=ROOT)
        if done.returncode != 0:
            return empty_report(INGEST, f"exit status {done.returncode}")
        results = json.load(file)
    rows = []
    for result in results:
        runs = sorted(run["mpps_per_cpu_s"] for run in result["runs"])
        rows.append({"calls_at_once": result["calls_at_once"],
                     "mpps_per_cpu_s": runs[len(runs) // 2], "runs": len(runs),
                     "floors_ns": sum(result.get("floors_ns", {}).values()) or None})
    return {"command": INGEST, "rows": rows, "results": {}, "wrong": [], "simulated": []}


def run_memory():
    """What the test that holds the memory of a stream has measured."""
    program = os.path.join("build-rel", "tests", "unit", "apps", "unit_apps")
    test = "Options.AStreamTakesAtMost28KiB"
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        done = subprocess.run(
            [program, f"--gtest_filter={test}", f"--gtest_output=json:{file.name}"], cwd=ROOT,
            stdout=subprocess.DEVNULL)
        text = file.read()
    if done.returncode != 0:
        return empty_report(program, f"exit status {done.returncode}")
    cases = json.loads(text)["testsuites"][0]["testsuite"] if text.strip() else [{}]
    value = cases[0].get("bytes_per_stream")
    return {"command": f"{program} --gtest_filter={test}", "rows": [], "wrong": [],
            "simulated": [], "results": {"bytes_per_stream": value and float(value)}}


def run_limits(quick):
    """What a poll-mode driver costs by itself, by the program that everybody has."""
    report = empty_report(limits.PROGRAM)
    try:
        report["results"] = limits.testpmd(2 if quick else 4)
    except limits.Failed as why:
        return empty_report(limits.PROGRAM, str(why))
    print(limits.PROGRAM)
    for name, value in report["results"].items():
        print(f"  {name}: {show(value)}")
    return report


def run_all(quick):
    """Name -> report of every harness that this build has."""
    reports = {}
    for name, words in HARNESSES.items():
        chosen = words(reports, quick) if callable(words) else words[1 if quick else 0]
        if chosen and has_bench(chosen):
            reports[name] = (run_stall if name == "stall" else run_harness)(chosen)
    if os.path.exists(os.path.join(ROOT, INGEST)):
        reports["ingest"] = run_ingest(quick)
    if os.path.exists(os.path.join(ROOT, SPACE)):
        reports["space"] = run_space()
    if os.path.exists(os.path.join(ROOT, RETENTION)):
        reports["retention"] = run_retention(quick)
    reports["memory"] = run_memory()
    reports["limits"] = run_limits(quick)
    return reports
