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

# Name -> (words of `tapdeck bench`, those with --quick).  A bench that this build does not have is
# left out, and its targets are told as not measured.
HARNESSES = {
    "worker": (["worker", "--streams", "1000,100000,500000"],
               ["worker", "--streams", "1000", "--seconds", "0.2"]),
    "workers": (["worker", "--streams", "100000", "--workers", "2", "--no-floors"],
                ["worker", "--streams", "1000", "--workers", "2", "--no-floors",
                 "--seconds", "0.2"]),
    "capture": (["capture", "--seconds", "3"],
                ["capture", "--seconds", "0.2", "--streams", "1000", "--resolution", "20"]),
    "media": (["store", "--media"], ["store", "--media", "--seconds", "1"]),
    "calls": (["calls"], ["calls", "--seconds", "0.5"]),
    "call_store": (["store", "--calls", "10000000"], ["store", "--calls", "20000"]),
}


@dataclasses.dataclass
class Target:
    what: str
    harness: str
    key: str
    least: float = None  # one of the two, or neither: shown only
    most: float = None
    row: dict = None  # the row in which the key is; None: the results

    def value(self, reports):
        report = reports.get(self.harness)
        if report is None or report["wrong"]:
            return None
        if self.row is None:
            return report["results"].get(self.key)
        rows = (row for row in report["rows"]
                if all(row.get(name) == value for name, value in self.row.items()))
        return next((row.get(self.key) for row in rows), None)

    def wanted(self):
        if self.least is not None:
            return f">= {self.least:g}"
        return f"<= {self.most:g}" if self.most is not None else ""

    def verdict(self, value):
        if value is None:
            return "not measured"
        if self.least is not None:
            return "reached" if value >= self.least else "MISSED"
        if self.most is not None:
            return "reached" if value <= self.most else "MISSED"
        return "shown"


TARGETS = [
    Target("worker, 100 000 streams, Mpps", "worker", "rate_mpps", least=10,
           row={"streams": 100_000}),
    Target("worker, 500 000 streams, ns a packet", "worker", "worker_ns", most=120,
           row={"streams": 500_000}),
    Target("  times the sum of the stage floors", "worker", "ratio", most=1.5,
           row={"streams": 500_000}),
    Target("2 workers, 100 000 streams each, Mpps", "workers", "rate_mpps",
           row={"streams": 100_000}),
    Target("captured without loss at an open load, Mpps", "capture", "lossless_mpps"),
    Target("recorded to encrypted segments, Mpps", "media", "mpps", least=5.25),
    Target("  writer, of the lower of its limits", "media", "efficiency", least=0.8),
    Target("SIP messages/s, 100 000 open calls", "calls", "messages_per_second", least=500_000),
    Target("  us of call plane for a call", "calls", "us_per_call", most=25),
    Target("  calls/s", "calls", "calls_per_second", least=20_000),
    Target("call records/s into 10 million, compaction included", "call_store",
           "calls_per_second", least=40_000),
    Target("  number and date, warm, ms", "call_store", "search_warm_ms", most=1),
    Target("  number and date, cold, ms", "call_store", "search_cold_ms", most=10),
    Target("ingest, 500 calls at once, Mpps per CPU second", "ingest", "mpps_per_cpu_s", least=3,
           row={"calls_at_once": 500}),
    Target("ingest, 5 000 calls at once, Mpps per CPU second", "ingest", "mpps_per_cpu_s", least=3,
           row={"calls_at_once": 5_000}),
]


def has_bench(words):
    """Whether this build knows the bench, and the option that makes it this one."""
    done = subprocess.run([PROGRAM, "bench", words[0], "--help"], cwd=ROOT, capture_output=True,
                          text=True)
    options = [word for word in words[1:] if word.startswith("--")]
    return done.returncode == 0 and all(option.lstrip("-") in done.stdout for option in options)


def run_harness(words):
    """The report of one bench; its table is printed from it."""
    done = subprocess.run([PROGRAM, "bench", *words, "--json"], cwd=ROOT, stdout=subprocess.PIPE,
                          text=True)
    lines = done.stdout.splitlines()
    if not lines:
        print(f"tapdeck bench {' '.join(words)}: exit status {done.returncode}", file=sys.stderr)
        return None
    report = json.loads(lines[-1])
    report["command"] = "tapdeck bench " + " ".join(words)
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
            return None
        results = json.load(file)
    rows = []
    for result in results:
        runs = sorted(run["mpps_per_cpu_s"] for run in result["runs"])
        rows.append({"calls_at_once": result["calls_at_once"],
                     "mpps_per_cpu_s": runs[len(runs) // 2], "runs": len(runs)})
    return {"command": INGEST, "rows": rows, "results": {}, "wrong": [], "simulated": []}


def run_all(quick):
    """Name -> report of every harness that this build has."""
    reports = {}
    for name, (words, quick_words) in HARNESSES.items():
        chosen = quick_words if quick else words
        report = run_harness(chosen) if has_bench(chosen) else None
        if report is not None:
            reports[name] = report
    if os.path.exists(os.path.join(ROOT, INGEST)):
        report = run_ingest(quick)
        if report is not None:
            reports["ingest"] = report
    return reports


def show(value):
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(reports):
    """Rows of what was aimed at and what was measured."""
    return [{"what": target.what, "target": target.wanted(), "measured": target.value(reports),
             "verdict": target.verdict(target.value(reports))} for target in TARGETS]


def print_table(rows):
    print("\n== targets and what was measured")
    width = max(len(row["what"]) for row in rows)
    for row in rows:
        print(f"{row['what']:<{width}}  {row['target']:>10}  {show(row['measured']):>10}  "
              f"{row['verdict']}")
