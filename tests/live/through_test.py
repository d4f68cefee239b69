#!/usr/bin/env python3
"""Every command through a running service: what it answers is what the store says afterwards.

`ingest` records capture files through the service while it captures live calls: the same records
and exit statuses as into a store of its own, nothing of the capture lost, one at a time, and right
in the end when a client dies in the middle. Then every reading command is asked twice, through the
service and of the store itself. Needs root. `--no-loss-assert` leaves the losses out.
"""

import argparse
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import copies
import netlab
import program
import questions
import sipp_load
from program import SAMPLE, tapdeck
from report import Report, require_linux_root
from service import Service

COPIES = 200
CALLS_PER_S = 10
NOT_OURS = ("seconds", "files")  # of a summary: how long it took, and under which path


def imported(store):
    """The imported calls as the log gives them, line by line, salted digests aside."""
    log = tapdeck(store, "calls", "--json").expect(0).stdout
    log = re.sub(rb'"sha256": ?"[0-9a-f]*"', b'"sha256":""', log)
    return [line for line in log.splitlines() if b'"port":"ingest"' in line]


def summary(done):
    parsed = done.lines()[-1]
    return {name: value for name, value in parsed.items() if name not in NOT_OURS}


class Captures:
    """Two captures of many calls, and what a store of their own makes of them."""

    def __init__(self, directory):
        self.directory = directory
        self.first, self.second, self.third = (os.path.join(directory, f"{name}.pcap")
                                               for name in "abc")
        self.calls = copies.write(self.first, COPIES, "a")
        copies.write(self.second, COPIES, "b")
        copies.write(self.third, COPIES, "c")
        self.alone = os.path.join(directory, "alone")
        self.summary = summary(tapdeck(self.alone, "ingest", "--json", self.first).expect(0))
        self.log = imported(self.alone)
        tapdeck(self.alone, "ingest", self.second).expect(0)
        self.whole_log = imported(self.alone)

    def bad(self, name, data):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(data)
        return path


def compare_logs(ours, wanted):
    if ours == wanted:
        return []
    differing = [difference(a, b) for a, b in zip(ours, wanted) if a != b]
    return [f"{len(ours)} calls, {len(wanted)} wanted", *differing[:2]]


def difference(ours, wanted):
    """The members of two calls that are not the same."""
    a, b = json.loads(ours), json.loads(wanted)
    names = [name for name in a if a[name] != b.get(name)]
    return f"{a['uid']}: " + "; ".join(f"{name}: {a[name]} instead of {b.get(name)}"
                                       for name in names)


def test_ingest(report, service, captures):
    done = tapdeck(service.store, "ingest", "--json", captures.first)
    report.check("ingest through the service", [] if done.status == 0 else [done.tail()])
    if done.status != 0:
        return
    told = summary(done)
    report.check("its summary", [] if told == captures.summary else
                 [f"{told} instead of {captures.summary}"])
    report.check("its records are those of a store of its own",
                 compare_logs(imported(service.store), captures.log))
    again = summary(tapdeck(service.store, "ingest", "--json", captures.first).expect(0))
    report.check("the same file again is already present",
                 [] if again["already_present"] == captures.calls else [str(again)])
    report.check("and changes nothing", compare_logs(imported(service.store), captures.log))


def test_statuses(report, service, captures):
    """Exit statuses and words of what cannot be taken."""
    with open(captures.first, "rb") as file:
        start = file.read(os.path.getsize(SAMPLE) // 3)
    for name, data, files, status in (("empty.pcap", b"", [], 1),
                                      ("garbage.pcap", b"x" * 99, [], 1),
                                      ("empty2.pcap", b"", [captures.first], 3),
                                      ("cut.pcap", start, [], 3)):
        path = captures.bad(name, data)
        done = tapdeck(service.store, "ingest", *files, path)
        problems = [] if done.status == status else [f"exit status {done.status}: {done.tail()}"]
        if name not in done.stderr:
            problems.append("stderr does not name the file")
        report.check(f"{name}: exit status {status}", problems)
    absent = tapdeck(service.store, "ingest", os.path.join(captures.directory, "absent.pcap"))
    report.check("an absent file", [] if absent.status == 1 else [f"status {absent.status}"])


def heed_interrupts():
    """Shells start what runs in the background with SIGINT ignored, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start_halfway(service, path):
    """An ingest that is stopped (SIGSTOP) with some of its calls in the log.

    It runs for a moment at a time, so that no machine is too fast for a look in between; each is
    a little longer than the one before, because a sanitizer's start takes far longer."""
    before = len(imported(service.store))
    client = subprocess.Popen([program.PROGRAM, "--store", service.store, "ingest", path],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, preexec_fn=heed_interrupts)

    moments = (0.01 * 1.2 ** step for step in itertools.count())

    def under_way():
        client.send_signal(signal.SIGCONT)
        time.sleep(next(moments))
        client.send_signal(signal.SIGSTOP)
        return len(imported(service.store)) > before

    netlab.wait_until(under_way, 60, 0)
    return client


def test_interrupted(report, service, captures):
    """A client that dies halfway, then the same again."""
    for end in (signal.SIGKILL, signal.SIGINT):
        client = start_halfway(service, captures.second)
        halfway = len(imported(service.store))
        second = tapdeck(service.store, "ingest", captures.first)
        report.check("a second ingest at a time is refused in words",
                     [] if second.status == 1 and "import" in second.stderr else
                     [f"exit status {second.status}: {second.tail()}"])
        client.send_signal(end)
        client.send_signal(signal.SIGCONT)
        client.wait(30)
        client.stderr.close()
        all_calls = len(captures.whole_log)
        report.check(f"{end.name} in the middle of an ingest",
                     [] if client.returncode == -end and halfway < all_calls else
                     [f"exit status {client.returncode}, {halfway} of {all_calls} calls"])
        health = tapdeck(service.store, "status")
        report.check("the service is well", [] if health.status == 0 else [health.stdout.decode()])

    def free():
        done = tapdeck(service.store, "ingest", captures.second)
        return done if done.status != 1 or "import" not in done.stderr else None

    done = netlab.wait_until(free, 20)
    report.check("ingest again after the end of its client",
                 [] if done and done.status == 0 else [done.tail() if done else "still busy"])
    report.check("gives the whole", compare_logs(imported(service.store), captures.whole_log))


def test_service_dies(report, service, captures):
    """The service is killed under a client: what the client had not finished is made anew."""
    client = start_halfway(service, captures.third)
    service.kill()
    client.send_signal(signal.SIGCONT)
    said = client.communicate(timeout=30)[1].decode()
    report.check("a client whose service dies says so",
                 [] if client.returncode == 1 and "service" in said else
                 [f"exit status {client.returncode}: {said}"])
    service.start()
    done = tapdeck(service.store, "ingest", captures.third)
    report.check("ingest again after the crash", [] if done.status == 0 else [done.tail()])
    tapdeck(captures.alone, "ingest", captures.third).expect(0)
    report.check("gives the whole then, too",
                 compare_logs(imported(service.store), imported(captures.alone)))


def test_reload(report, service):
    """SIGHUP: live options are taken over, every other one that changed is named."""
    with open(service.config, encoding="utf-8") as file:
        text = file.read()
    with open(service.config, "w", encoding="utf-8") as file:
        file.write(text.replace("general:\n", "general:\n  log_level: debug\n", 1) +
                   "calls:\n  media_timeout_s: 61\n")
    service.process.send_signal(signal.SIGHUP)
    wanted = ("general.log_level is taken over", "calls.media_timeout_s changed; it takes effect")

    def told():
        with open(service.log, errors="replace") as log:
            said = log.read()
        return all(words in said for words in wanted)

    report.check("SIGHUP", [] if netlab.wait_until(told, 10) else [service.tail()])


def live_problems(store, calls, check_loss):
    log = [call for call in program.calls(store) if call["port"] == "mirror"]
    problems = [] if len(log) == calls else [f"{len(log)} calls, {calls} were made"]
    for call in log:
        if not call["final"] or call["outcome"] != "answered" or len(call["media"]) != 2:
            problems.append(f"{call['call_id']}: {call['outcome']}, final {call['final']}, "
                            f"{len(call['media'])} streams")
        for stream in call["media"] if check_loss else []:
            if stream["packets"] != sipp_load.PACKETS or stream["lost_by_us"] or stream["lost"]:
                problems.append(f"{call['call_id']}: {stream['packets']} packets, "
                                f"lost {stream['lost']}, by us {stream['lost_by_us']}")
    return problems


class Follower:
    """`calls --follow` beside everything else."""

    def __init__(self, store, directory):
        self.path = os.path.join(directory, "followed")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen([program.PROGRAM, "--store", store, "calls", "--json",
                                             "--follow"], stdin=subprocess.DEVNULL, stdout=out)

    def stop(self, log):
        """What it told wrongly of the calls in `log`."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(30)
        problems = [] if status == 0 else [f"exit status {status}"]
        with open(self.path, "rb") as told:
            calls = [json.loads(line) for line in told]
        for call in log:
            versions = [one["final"] for one in calls if one["uid"] == call["uid"]]
            if versions not in ([False, True], [True]):
                problems.append(f"{call['call_id']}: told {versions}")
        return problems


def run(report, lab, directory, arguments):
    captures = Captures(directory)
    service = Service(lab, directory)
    service.start()
    follower = Follower(service.store, directory)
    load = sipp_load.SippLoad(lab, directory)
    load.start(arguments.calls, CALLS_PER_S)
    test_ingest(report, service, captures)
    test_statuses(report, service, captures)
    test_reload(report, service)
    test_interrupted(report, service, captures)
    problems = load.wait(arguments.calls / CALLS_PER_S + sipp_load.TALK_S + 60)
    report.check("sipp played every call", problems)

    def all_final():
        log = [call for call in program.calls(service.store) if call["port"] == "mirror"]
        return len(log) >= arguments.calls and all(call["final"] for call in log)

    netlab.wait_until(all_final, 60, 1)
    report.check("live calls beside all that",
                 live_problems(service.store, arguments.calls, not arguments.no_loss_assert))
    report.check("calls --follow", follower.stop(
        [call for call in program.calls(service.store) if call["port"] == "mirror"]))
    test_service_dies(report, service, captures)
    log = program.calls(service.store)
    through = questions.ask_all(service.store, log, os.path.join(directory, "through"))
    status = service.stop()
    report.check("SIGTERM ends run cleanly",
                 [] if status == 0 else [f"exit status {status}: {service.tail()}"])
    directly = questions.ask_all(service.store, log, os.path.join(directory, "directly"))
    for question, answer in directly.items():
        report.check(f"the same answer: {question}", [] if answer == through[question] else
                     [f"through the service {str(through[question])[:400]}",
                      f"of the store itself {str(answer)[:400]}"])
    report.check("the store is sound", [] if directly["store check"][0] == 0 else
                 [directly["store check"][1].decode()])
    for name in ("stats", "status"):
        done = tapdeck(service.store, name)
        report.check(f"{name} without a service", [] if done.status == 1 and "No service" in
                     done.stderr else [f"exit status {done.status}: {done.tail()}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--no-loss-assert", action="store_true")
    arguments = parser.parse_args()
    report = Report()
    if require_linux_root(report, "commands through the service"):
        with tempfile.TemporaryDirectory(prefix="tdt.") as directory, netlab.NetLab() as lab:
            with report.guard("commands through the service"):
                run(report, lab, directory, arguments)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
