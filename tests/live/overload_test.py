#!/usr/bin/env python3
"""More calls than there is room to record, and a disk that stands still, under `tapdeck run`.

Whole calls are dropped, the newest first, and say so; what is recorded is exact to the last sample;
every call is in the log with all its signalling; a disk that stalls for a second costs nothing; and
all calls are recorded again when there is room. Needs root. `--seconds 60` makes the overload last.

It is three times the calls that there are streams for; three times the packets that a worker takes
are `tapdeck bench capture --mode overload`, for no sender brings them through a veth.
"""

import argparse
import collections
import os
import re
import sys
import tempfile
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)),
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]
import netlab
import program
import sipp_load
from live_test import audio_problems
from program import tapdeck
from report import Report, require_linux_root
from service import Service
from small_disk import SmallDisk

FINAL_S = 60
EDGE_PACKETS = 3
ROOM = 31  # calls that 64 streams hold, with the reserve for streams that begin unasked
# Without them `flush_interval_ms` of Service would be doubled.
SMALL = "  stream_count_max: 64\n  chunk_count: 128\n"


class Overload:
    def __init__(self, report, lab, directory, name, store=None, options=""):
        self.report, self.lab, self.name = report, lab, name
        self.directory = os.path.join(directory, name)
        os.makedirs(self.directory, exist_ok=True)
        self.service = Service(lab, store or self.directory)
        self.service.log = os.path.join(self.directory, "run.log")
        with open(self.service.config, "a", encoding="utf-8") as file:
            file.write(options)
        self.service.start()
        self.calls = 0
        self.load = None

    def start_load(self, calls, per_s):
        self.load = sipp_load.SippLoad(self.lab, self.directory)
        self.load.start(calls, per_s)
        self.calls += calls
        return calls / per_s

    def end_load(self, lasts_s):
        self.check("sipp played every call", self.load.wait(lasts_s + sipp_load.TALK_S + 60))

    def check(self, what, problems):
        self.report.check(f"{self.name}: {what}", problems)

    def stats(self):
        return tapdeck(self.service.store, "stats", "--json").expect(0).lines()[0]

    def problems(self):
        done = tapdeck(self.service.store, "status", "--json").expect(0, 1)
        return done.status, done.lines()[0]["problems"]

    def log(self):
        """Every call, all of them final."""
        def all_final():
            log = program.calls(self.service.store, "--limit", "100000")
            return log if len(log) >= self.calls and all(c["final"] for c in log) else None
        log = netlab.wait_until(all_final, FINAL_S, 1)
        self.check("every call is in the log, and final", [] if log and len(log) == self.calls else
                   [f"{self.calls} calls were made; {self.service.tail()}"])
        return log or program.calls(self.service.store, "--limit", "100000")

    def end(self):
        status = self.service.stop()
        self.check("SIGTERM ends run cleanly",
                   [] if status == 0 else [f"exit status {status}: {self.service.tail()}"])
        done = tapdeck(self.service.store, "store", "check")
        self.check("store check", [] if done.status == 0 else [done.stdout.decode()])

    def check_audio(self, log):
        """What is recorded whole is what was played."""
        whole = [call for call in log if call["recording"]["state"] == "recorded"]
        output = os.path.join(self.directory, "export")
        done = tapdeck(self.service.store, "export", "--format", "wav", "--output", output,
                       timeout_s=300)
        self.check("export", [] if done.status in (0, 3) else [done.tail()])
        self.check("what is recorded is sample-exact",
                   audio_problems(output, whole, self.load, EDGE_PACKETS))


def told(log):
    """How many calls are in which state, and what is wrong with how they tell it."""
    seen, problems = collections.Counter(), []
    for call in log:
        state, reasons = call["recording"]["state"], call["recording"]["reasons"]
        seen[state] += 1
        lost = sum(stream["lost_by_us"] for stream in call["media"])
        came = sum(stream["packets"] for stream in call["media"])
        gaps = sum(gap["packets"] for gap in call["recording"]["gaps"]
                   if gap["reason"] == "loss_by_us")
        # The sender, short of time, leaves out a packet or two before its BYE.
        whole = came >= 2 * (sipp_load.PACKETS - EDGE_PACKETS)
        right = {"recorded": reasons == [] and lost == 0 and whole,
                 "recorded_with_gaps": "loss_by_us" in reasons and 0 < lost < came,
                 # More than came by its rows: some streams found no place in the table.
                 "not_recorded": reasons == ["resources"] and lost >= came}
        if not right.get(state) or (gaps != lost and call["media"]):
            problems.append(f"{call['call_id']}: {state} {reasons}, {lost} of {came} lost by us, "
                            f"{gaps} in gaps")
        wire = sum(stream["lost"] for stream in call["media"])
        if wire:
            problems.append(f"{call['call_id']}: {wire} lost before us")
        methods = call["sip_methods"]
        if any(methods.get(name, 0) < 1 for name in ("INVITE", "ACK", "BYE")):
            problems.append(f"{call['call_id']}: signalling is missing: {methods}")
    return seen, problems


def accounting(stats):
    """Every packet in one class; no signalling dropped."""
    problems = []
    packets = sum(worker["packets"] for worker in stats["workers"])
    if packets != sum(stats["by_class"].values()):
        problems.append(f"{packets} packets, {sum(stats['by_class'].values())} in classes")
    problems += [f"{name}: {count}" for name, count in stats["drops"].items()
                 if count and (name.startswith(("signal", "message")) or "message" in name)]
    return problems


def three_times_the_streams(report, lab, directory, seconds):
    """Three times as many calls at once as there are streams for."""
    run = Overload(report, lab, directory, "streams", options=SMALL)
    per_s = 3 * ROOM / sipp_load.TALK_S
    lasts_s = run.start_load(int(per_s * (seconds + sipp_load.TALK_S)), per_s)
    time.sleep(sipp_load.TALK_S)
    status, said = run.problems()
    run.check("status says what is not recorded, and why", [] if status == 1 and any(
        re.search("not recorded.*stream_count_max", line) for line in said) else [str(said)])
    run.end_load(lasts_s)
    log = run.log()
    seen, problems = told(log)
    stats = run.stats()
    drops = {name: count for name, count in stats["drops"].items() if count}
    print(f"      {run.calls} calls: {dict(seen)}; drops {drops}")
    run.check("each call is whole or not recorded for lack of resources",
              problems + [f"{seen['recorded_with_gaps']} in part"] *
              (seen["recorded_with_gaps"] > 0))
    run.check("the counters say what was lost", [] if
              stats["calls"]["calls_refused"] == seen["not_recorded"] and set(drops) <=
              {"call_withheld", "stream_table_full"} else [f"{stats['calls']}, {drops}"])
    fit = ROOM * (lasts_s + sipp_load.TALK_S) / sipp_load.TALK_S
    run.check("about as many are recorded as there is room for",
              [] if 0.6 * fit < seen["recorded"] <= fit + ROOM else [f"{dict(seen)}, room {fit}"])
    run.check("packets and signalling are accounted for", accounting(stats))
    run.end_load(run.start_load(20, 10))
    seen, problems = told(run.log()[-20:])
    run.check("calls are recorded again", problems if seen["recorded"] == 20 else [str(seen)])
    run.check_audio(log)
    run.end()


def stalled_disk(report, lab, directory, name, stall_s, options=""):
    """A disk that takes nothing for a while, in the middle of calls."""
    os.makedirs(os.path.join(directory, name))
    with SmallDisk(os.path.join(directory, name, "disk"), 512) as disk:
        run = Overload(report, lab, directory, name, disk.path, options)
        lasts_s = run.start_load(40, 4)
        time.sleep(5)
        disk.freeze()
        time.sleep(stall_s)
        during = run.problems() if stall_s > 1 else None
        stats = run.stats()
        disk.thaw()
        run.end_load(lasts_s)
        log = run.log()
        seen, problems = told(log)
        drops = {key: count for key, count in run.stats()["drops"].items() if count}
        fill = stats["workers"][0]["chunk_ring_fill"]
        print(f"      stalled {stall_s} s, ring {fill:.2f} full: {dict(seen)}; drops {drops}")
        run.check("each call tells what it lost", problems)
        run.check("packets and signalling are accounted for", accounting(run.stats()))
        if stall_s <= 1:
            run.check("nothing is lost", [] if seen["recorded"] == 40 and not drops else
                      [f"{dict(seen)}, {drops}"])
        else:
            run.check("it is told while it lasts", [] if during[0] == 1 and any(
                "disk" in line for line in during[1]) else [str(during)])
            run.check("something was lost", [] if seen["recorded"] < 40 else ["nothing"])
            run.check("not all was lost", [] if seen["recorded"] + seen["recorded_with_gaps"] > 0
                      else [str(dict(seen))])
            run.end_load(run.start_load(10, 10))
            again, problems = told(run.log()[-10:])
            run.check("calls are recorded again",
                      problems if again["recorded"] == 10 else [str(dict(again))])
        run.check_audio(log)
        run.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=6, help="of full overload")
    parser.add_argument("--only", choices=("streams", "stall", "long-stall"))
    arguments = parser.parse_args()
    report = Report()
    tests = {
        "streams": lambda *where: three_times_the_streams(*where, arguments.seconds),
        "stall": lambda *where: stalled_disk(*where, "stall", 1),
        "long-stall": lambda *where: stalled_disk(*where, "long-stall", 6, SMALL),
    }
    if require_linux_root(report, "overload"):
        with tempfile.TemporaryDirectory(prefix="tdo.") as directory, netlab.NetLab() as lab:
            for name, test in tests.items():
                if arguments.only not in (None, name):
                    continue
                with report.guard(name):
                    test(report, lab, directory)
                lab.stop_all()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
