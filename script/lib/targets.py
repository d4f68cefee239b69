"""What Tapdeck is to reach on one core, and where the figure for it stands."""

import dataclasses

from harnesses import show


def limits_of(reports):
    """What stops every worker on this machine."""
    known = {}
    for name in ("worker", "limits"):
        results = reports.get(name, {}).get("results", {})
        known.update({key: results[key] for key in MACHINE if key in results})
    return known


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
        known = {**limits_of(reports), **found}
        limits = {name: known[name] for name in self.limits if known.get(name) is not None}
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


# Of the machine, measured in the same run: testpmd by itself, and by `bench worker` its memory.
MACHINE = ("testpmd_ring_ns", "testpmd_null_rx_ns", "copy_gbytes_per_s", "random_load_ns")
FLOORS = ("floor_sum_ns", "rx_floor_ns", "copy_floor_ns", *MACHINE)
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
           row={"streams": 500_000}, limits=FLOORS),
    Target("2 workers, 100 000 streams each, Mpps", "workers", "rate_mpps", row=PORT,
           limits=MACHINE),
    Target("captured without loss at an open load, Mpps", "capture", "lossless_mpps",
           limits=("worker_cycles", *MACHINE), absent="none passed"),
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
    Target("  disk stalled for longer than that: packets without a counter", "long_stall",
           "uncounted_packets", most=0, row={}, limits=("lost_packets", "drops")),
    Target("    packets lost in the last quarter, behind it", "long_stall", "lost_late_packets",
           most=0, row={}, absent="sender short", sound=kept_pace, limits=("mpps", "streams")),
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


def table(reports):
    """Rows of what was aimed at, what was measured, and what bounds it."""
    return [target.line(reports) for target in TARGETS]


BAD = ("WRONG", "FAILED", "none passed")


def is_bad(reports, rows):
    """Whether something was wrong or failed, be it in the table or not: missed targets are not."""
    return any(row["verdict"] in BAD for row in rows) or any(
        report["wrong"] or report.get("failed") for report in reports.values())


def machine(reports):
    """Host and what held it back, as the first bench that ran tells them; its limits."""
    told = next((report for report in reports.values() if report.get("host")), {})
    return {"host": told.get("host"), "held_back": told.get("held_back"),
            "limits": limits_of(reports)}


def print_machine(facts):
    """On what the figures of the table were measured."""
    print("\n== measured on")
    for name, value in (facts["host"] or {}).items():
        print(f"  {name}: {show(value)}")
    for name, value in facts["limits"].items():
        print(f"  limit {name}: {show(value)}")
    for finding in facts["held_back"] or []:
        print(f"  held back by {finding['check']}: {finding['found']}")


def print_table(rows):
    print("\n== targets and what was measured")
    width = max(len(row["what"]) for row in rows)
    for row in rows:
        limits = ", ".join(f"{name} {show(value)}" for name, value in row["limits"].items())
        print(f"{row['what']:<{width}}  {row['target']:>10}  {show(row['measured']):>10}  "
              f"{show(row['of_target']):>7}  {row['verdict']:<12}  {limits}".rstrip())
