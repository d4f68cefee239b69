"""What Tapdeck is to reach on one core, and where the figure for it stands."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile

from testing import ROOT

PROGRAM = os.path.join("build-rel", "tapdeck")
INGEST = os.path.join("bench", "load", "ingest_load.py")
SPACE = os.path.join("build-rel", "bench", "load", "space")
RETENTION = os.path.join("build-rel", "bench", "load", "retention")

PACKETS_PER_S = 50  # of a stream


def stall_words(reports, quick):
    """A second of stalled disk at 0.9 of the rate that `record` has just reached: at all of it, the
    first moment that the host is away makes packets late. So many streams as bring it in real
    time, so that the chunks are those that the defaults have for this load."""
    rows = reports.get("record", {}).get("rows")
    if not rows:
        return None
    mpps = 0.9 * rows[0]["mpps"]
    streams = min(max(int(mpps * 1e6 / PACKETS_PER_S), 1_000), 400_000)
    return ["record", "--no-limits", "--rate", f"{mpps:.3f}", "--streams", str(streams),
            "--stall", "1", "--seconds", "3" if quick else "9"]


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
    "stall": stall_words,
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


ON_DISK = {"record", "store"}


@dataclasses.dataclass
class Target:
    what: str
    harness: str
    key: str
    least: float = None  # one of the two, or neither: shown only
    most: float = None
    row: dict = None  # the row in which the key is; None: the results
    limits: tuple = ()  # keys of what was measured beside it and bounds it
    absent: str = "not measured"  # the verdict when the harness ran well and yet has no figure
    sound: object = None  # whether what was found counts at all, else it is absent

    def found(self, reports):
        """The row or results that hold the key; nothing when the harness found wrong."""
        report = reports.get(self.harness)
        if report is None or report["wrong"]:
            return {}
        found = report["results"] if self.row is None else next(
            (row for row in report["rows"]
             if all(row.get(name) == value for name, value in self.row.items())), {})
        return found if not found or self.sound is None or self.sound(found) else {}

    def line(self, reports):
        """What stands in the table."""
        found = self.found(reports)
        value = found.get(self.key)
        limits = {name: found[name] for name in self.limits if found.get(name) is not None}
        aim = self.least if self.least is not None else self.most
        return {"what": self.what, "target": self.wanted(), "measured": value,
                "of_target": value / aim if value is not None and aim else None,
                "verdict": self.verdict(value, reports.get(self.harness)), "limits": limits}

    def wanted(self):
        if self.least is not None:
            return f">= {self.least:g}"
        return f"<= {self.most:g}" if self.most is not None else ""

    def verdict(self, value, report):
        if report is not None and report["wrong"]:
            return "WRONG"
        if value is None:
            if report is None:
                return "not measured"
            return "FAILED" if report.get("failed") else self.absent
        if self.least is not None:
            return "reached" if value >= self.least else "MISSED"
        if self.most is not None:
            return "reached" if value <= self.most else "MISSED"
        return "shown"


FLOORS = ("floor_sum_ns", "rx_floor_ns", "copy_floor_ns")
DEVICE = ("disk_limit_gbytes_per_s", "cipher_limit_gbytes_per_s", "hash_limit_gbytes_per_s",
          "stored_gbytes_per_s")
STAGES = ("parse_ns", "queue_ns", "facts_ns", "sdp_ns", "log_ns", "generator_ns")
STORE = ("keeper_us_per_call", "flush_us_per_call", "compaction_us_per_call")
PORT = {"streams": 100_000}
TALKING = {"talking": 100_000}
FREQUENT = {"search": "number_frequent_and_day"}



def kept_pace(row):
    """Whether nearly all packets that were due could be made."""
    return row["missed_packets"] <= 0.05 * (row["packets"] + row["missed_packets"])


TARGETS = [
    Target("worker, 100 000 streams, Mpps", "worker", "rate_mpps", least=10, row=PORT,
           limits=FLOORS),
    Target("worker, 500 000 streams, ns a packet", "worker", "worker_ns", most=120,
           row={"streams": 500_000}, limits=FLOORS),
    Target("  times the sum of the stage floors", "worker", "ratio", most=1.5,
           row={"streams": 500_000}),
    Target("2 workers, 100 000 streams each, Mpps", "workers", "rate_mpps", row=PORT),
    Target("captured without loss at an open load, Mpps", "capture", "lossless_mpps",
           limits=("worker_cycles",), absent="none passed"),
    Target("overload: offered, times what the capture takes", "overload", "overload_factor",
           least=3, limits=("capacity_mpps", "overload_seconds")),
    Target("  packets of it without a counter", "overload", "uncounted_packets", most=0,
           limits=("overload_lost_packets", "overload_drops")),
    Target("  packets lost after the overload, at half the rate", "overload", "lost_after", most=0,
           limits=("calm_mpps", "lost_before")),
    Target("recorded to encrypted segments, Mpps", "record", "mpps", least=5.25, row=PORT,
           limits=("worker_ns", "patch_ns", "writer_cpu", "keeper_cpu")),
    Target("  disk stalled for 1 s at 0.9 of that rate, packets lost", "stall", "lost_packets",
           most=0, row={}, absent="sender short", sound=kept_pace,
           limits=("mpps", "streams", "missed_packets", "waiting_chunks_most", "drops")),
    Target("  writer alone, of the lower of its limits", "writer", "efficiency", least=0.8,
           row=PORT, limits=DEVICE),
    *(Target(f"stored bytes for a byte of payload: {what}", "space", "ratio", most=most,
             row={"traffic": traffic})
      for what, traffic, most in (("G.711", "g711", 1.10), ("G.729", "g729", 1.25),
                                  ("G.711 with silence", "g711_dtx", 2),
                                  ("G.729 with silence", "g729_dtx", 2),
                                  ("G.729, one side silent", "g729_one_silent", 2),
                                  ("G.729, both sides silent", "g729_both_silent", 2),
                                  ("G.711, 3 s", "g711_3s", 2), ("G.729, 3 s", "g729_3s", 2))),
    Target("SIP messages/s, 100 000 open calls", "calls", "messages_per_s", least=500_000,
           row=TALKING, limits=STAGES),
    Target("  us of call plane for a call", "calls", "us_per_call", most=25, row=TALKING),
    Target("  calls/s", "calls", "calls_per_s", least=20_000, row=TALKING),
    Target("1 000 rules and 50 expressions: call plane, us a call of that without", "calls_rules",
           "rules_ratio", most=1.15),
    Target("  worker, ns a packet of that without", "worker_rules", "rules_ratio", most=1.05),
    Target("  10 000 rules and 500 expressions, us for a decision", "micro", "policy_us", most=3),
    Target("1 000 000 recordings expired, s", "retention", "expire_s", most=60,
           limits=("us_per_recording", "journal_syncs", "key_syncs", "row_syncs")),
    Target("  of the time for unlinking as many files", "retention", "of_unlinking_files",
           limits=("unlink_files_s",)),
    Target("  unlinks for each segment without a held recording", "retention",
           "unlinks_of_segments_free", most=1, limits=("segments_free", "segments")),
    Target("  what is left of RocksDB's files", "retention", "log_share_left", most=0.25),
    Target("hold of 100 000 calls, s", "micro", "hold_s", most=10),
    Target("4 096 keys destroyed, ms", "micro", "destroy_keys_ms"),
    Target("journal, synced entries/s in groups of 256", "micro", "journal_per_s"),
    Target("call records/s into 10 million, compaction included", "call_store",
           "calls_per_s", least=40_000, limits=STORE),
    Target("  frequent number and date, warm, us", "call_store", "warm_median_us", most=1_000,
           row=FREQUENT),
    Target("  frequent number and date, cold, us", "call_store", "cold_median_us", most=10_000,
           row=FREQUENT),
    *(Target(f"ingest, {calls} calls at once, Mpps per CPU second", "ingest", "mpps_per_cpu_s",
             least=3, row={"calls_at_once": calls}, limits=("floors_ns",))
      for calls in (500, 5_000)),
    Target("memory, bytes of a stream with the default chunks", "memory", "bytes_per_stream",
           most=28 * 1024),
]


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


def run_all(quick):
    """Name -> report of every harness that this build has."""
    reports = {}
    for name, words in HARNESSES.items():
        chosen = words(reports, quick) if callable(words) else words[1 if quick else 0]
        if chosen and has_bench(chosen):
            reports[name] = run_harness(chosen)
    if os.path.exists(os.path.join(ROOT, INGEST)):
        reports["ingest"] = run_ingest(quick)
    if os.path.exists(os.path.join(ROOT, SPACE)):
        reports["space"] = run_space()
    if os.path.exists(os.path.join(ROOT, RETENTION)):
        reports["retention"] = run_retention(quick)
    reports["memory"] = run_memory()
    return reports


def show(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"
    return str(value)


def table(reports):
    """Rows of what was aimed at, what was measured, and what bounds it."""
    return [target.line(reports) for target in TARGETS]


BAD = ("WRONG", "FAILED", "none passed")


def is_bad(reports, rows):
    """Whether something was wrong or failed, be it in the table or not: missed targets are not."""
    return any(row["verdict"] in BAD for row in rows) or any(
        report["wrong"] or report.get("failed") for report in reports.values())


def machine(reports):
    """Host and what held it back, as the first bench of `tapdeck` that ran tells them."""
    for report in reports.values():
        if report.get("host"):
            return {"host": report["host"], "held_back": report.get("held_back", [])}
    return {"host": None, "held_back": None}


def print_machine(facts):
    """On what the figures of the table were measured."""
    print("\n== measured on")
    for name, value in (facts["host"] or {}).items():
        print(f"  {name}: {show(value)}")
    for finding in facts["held_back"] or []:
        print(f"  held back by {finding['check']}: {finding['found']}")


def print_table(rows):
    print("\n== targets and what was measured")
    width = max(len(row["what"]) for row in rows)
    for row in rows:
        limits = ", ".join(f"{name} {show(value)}" for name, value in row["limits"].items())
        print(f"{row['what']:<{width}}  {row['target']:>10}  {show(row['measured']):>10}  "
              f"{show(row['of_target']):>7}  {row['verdict']:<12}  {limits}".rstrip())
