#!/usr/bin/env python3
"""TCP and IP fragments over several live workers, and floods of both.

The fragments of one INVITE, and the segments of one connection, come in by two ports of which each
has a worker: the calls must be as whole as by one. Then thousands of connections and of fragments
that bring nothing whole: memory stays within its bounds, what is given up is counted, and the calls
beside them are recorded to the last packet; by `run`, and by `ingest`. The ports are net_pcap's:
under net_af_packet the kernel puts fragments together, of which one long message is sent as well.
`run` needs root.
"""

import itertools
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow")]
import capture_file
import frames
import many_calls
import netlab
import program
import replay
import transport_flood
from program import tapdeck
from report import Report, require_linux_root
from scenario import Scenario
from service import RING, Service

LIMITS = """\
decode:
  fragment_packets_max: 256
  fragment_memory_mib: 1
  tcp_connections_max: 512
  tcp_memory_mib: 1
"""
CONFIGURATION = """\
general:
  store: {store}
capture:
  workers: 2
  ports:
    - name: first
      device: "net_pcap0,rx_iface=mon1"
    - name: second
      device: "net_pcap1,rx_iface=mon3"
streams:
  flush_interval_ms: 1000
""" + LIMITS
SPREAD = """\
party alice 192.0.2.10:5060
party bob 198.51.100.20:5060
call udp alice bob
call tcp alice bob
connection t alice:40000>bob:5060
0.0 alice>bob INVITE call=udp sdp=4000 fragments=120
0.2 bob>alice 200/INVITE call=udp sdp=5000 fragments=120 order=2,0,1,3
0.3 alice>bob ACK call=udp
0.4 rtp alice:4000>bob:5000 ssrc=0x0000a001 count=50
0.4 tcp t open
0.5 alice>bob INVITE call=tcp sdp=4400 on=t split=60,120,180,240,300
0.7 bob>alice 200/INVITE call=tcp sdp=5500 on=t split=50,100,150,200,250
0.8 alice>bob ACK call=tcp on=t
0.9 rtp alice:4400>bob:5500 ssrc=0x0000a002 count=50
2.5 alice>bob BYE call=udp cseq=2 fragments=120
2.6 bob>alice 200/BYE call=udp cseq=2
2.7 alice>bob BYE call=tcp cseq=2 on=t split=40,90,140
2.8 bob>alice 200/BYE call=tcp cseq=2 on=t
"""
# By a ring that nobody described: its slots must hold what the kernel puts together.
LONG = """\
party alice 192.0.2.10:5060
party bob 198.51.100.20:5060
call long alice bob
0.0 alice>bob INVITE sdp=4000 fragments=1200 header="X-Long: {padding}"
0.2 bob>alice 200/INVITE sdp=5000
0.3 alice>bob ACK
0.4 rtp alice:4000>bob:5000 ssrc=0x0000a003 count=50
2.0 alice>bob BYE cseq=2
2.1 bob>alice 200/BYE cseq=2
"""
PADDING = 6_000
RTP_SIZE = 214
CALLS, TALK_S = 20, 4
PACKETS = TALK_S * many_calls.PACKETS_PER_S
FLOOD_CONNECTIONS, FLOOD_FRAGMENTS, FLOOD_PER_S = 12_000, 24_000, 10_000
MEMORY_MIB = 24  # that a flood may take beside what is configured


def spread_capture(directory):
    """Signalling in turns into two captures, media into the first one."""
    scenario = os.path.join(directory, "spread")
    with open(scenario, "w", encoding="utf-8") as file:
        file.write(SPREAD)
    ways, turn = ([], []), itertools.count()
    for row in sorted(Scenario(scenario).frames, key=lambda row: row[0]):
        ways[0 if len(row[2]) == RTP_SIZE else next(turn) % 2].append(row)
    paths = [scenario + f"{number}.pcap" for number in (1, 2)]
    for path, rows in zip(paths, ways):
        # Both begin at the same time: the replay counts from a capture's first frame.
        rows[:0] = [] if rows[0][0] == 0 else [(0, 0, b"\0" * 60)]
        frames.write_capture(path, rows)
    return paths


def flood_captures(directory):
    calls, flood = (os.path.join(directory, name) for name in ("calls.pcap", "flood.pcap"))
    many_calls.write(calls, CALLS, TALK_S, 10)
    halves = zip(transport_flood.connections(FLOOD_CONNECTIONS),
                 transport_flood.fragments(FLOOD_FRAGMENTS))
    rows = itertools.chain.from_iterable(halves)
    resets = transport_flood.resets(1_000)
    return calls, flood, transport_flood.write(flood, itertools.chain(rows, resets), 0.5,
                                               FLOOD_PER_S)


def flood_problems(fragments, assembly, by_class, packets, missed=0):
    """`missed`: what the kernel dropped of the flood."""
    problems = []
    if sum(by_class.values()) + missed != packets or missed > packets / 10:
        problems.append(f"{packets} packets, {sum(by_class.values())} in their classes, "
                        f"{missed} missed")
    if not FLOOD_FRAGMENTS - missed <= by_class["ip_fragment"] <= FLOOD_FRAGMENTS:
        problems.append(f"{by_class['ip_fragment']} fragments of {FLOOD_FRAGMENTS}")
    for name, figures, least in (("evicted", fragments, FLOOD_FRAGMENTS / 2),
                                 ("tcp_evicted", assembly, FLOOD_CONNECTIONS / 2)):
        if not figures[name] > least:
            problems.append(f"{name} is {figures[name]}, not more than {least:.0f}")
    return problems


class Fragments:
    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        netlab.ip("-n", lab.tap, "link", "add", "mon2", "type", "veth", "peer", "name", "mon3")
        for name in ("mon2", "mon3"):
            lab.run_in(lab.tap, "sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")
            netlab.ip("-n", lab.tap, "link", "set", name, "up")
        self.service = Service(lab, directory)
        with open(self.service.config, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(store=self.service.store))

    def stats(self):
        return tapdeck(self.service.store, "stats", "--json").expect(0).lines()[0]

    def log_of(self, count):
        def all_final():
            log = program.calls(self.service.store, "--limit", "1000")
            return log if len(log) >= count and all(call["final"] for call in log) else None
        return netlab.wait_until(all_final, 30, 0.5) or program.calls(self.service.store)

    def send(self, *pairs):
        self.lab.start_in(self.lab.tap, *replay.command(*pairs)).wait(60)

    def spread(self):
        paths = spread_capture(self.directory)
        self.send((paths[0], "mon0"), (paths[1], "mon2"))
        log, stats = self.log_of(2), self.stats()
        problems = [] if len(log) == 2 else [f"{len(log)} calls, not 2"]
        for call in log:
            rows = [(row["packets"], row["lost"]) for row in call["media"]]
            if call["outcome"] != "answered" or call["end_reason"] != "bye" or rows != [(50, 0)]:
                problems.append(f"{call['call_id']}: {call['outcome']}, {rows}")
        by_worker = [worker["messages_out"] for worker in stats["workers"]]
        if min(by_worker) == 0 or stats["fragments"]["sip"] != 3:
            problems.append(f"messages of the workers {by_worker}, {stats['fragments']}")
        self.report.check("fragments and segments over two workers", problems)

    def resident_mib(self):
        status = tapdeck(self.service.store, "status", "--json").lines()[0]
        with open(f"/proc/{status['pid']}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    def flood(self):
        calls, flood, count = flood_captures(self.directory)
        before, memory = self.stats(), self.resident_mib()
        self.send((calls, "mon0"), (flood, "mon2"))
        log = [call for call in self.log_of(2 + CALLS) if call["call_id"].startswith("many-")]
        stats, grown = self.stats(), self.resident_mib() - memory
        self.report.check("run: calls beside a flood", many_calls.problems_of(log, CALLS, PACKETS))

        def since(*names):
            now, then = stats, before
            for name in names:
                now, then = now[name], then[name]
            return {name: now[name] - then.get(name, 0) for name in now}
        packets = count + len(capture_file.read(calls))
        self.report.check("run: a flood is counted", flood_problems(
            since("fragments"), since("calls", "assembly"), since("by_class"), packets,
            stats["ports"][1]["missed"]))
        lost = {name: n for name, n in stats["drops"].items() if n and name != "fragment_shed"}
        self.report.check("run: nothing else is dropped", [str(lost)] if lost else [])
        self.report.check("run: memory is bounded", [] if grown < MEMORY_MIB else
                          [f"{grown:.0f} MiB more than before the flood"])
        print(f"      {grown:.1f} MiB more than before")

    def run(self):
        self.service.start()
        self.spread()
        self.flood()
        status = self.service.stop()
        self.report.check("SIGTERM ends run cleanly",
                          [] if status == 0 else [f"exit status {status}: {self.service.tail()}"])


class LongMessages:
    """net_af_packet as it is without a word about its ring."""

    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        self.service = Service(lab, directory)
        with open(self.service.config, encoding="utf-8") as file:
            text = file.read()
        with open(self.service.config, "w", encoding="utf-8") as file:
            file.write(text.replace("," + RING, ""))

    def problems(self, log):
        if len(log) != 1:
            return [f"{len(log)} calls, not 1"]
        rows = [(row["packets"], row["lost"], row["party"]) for row in log[0]["media"]]
        problems = [] if rows == [(50, 0, 0)] else [f"media {rows}: was its SDP cut off?"]
        shown = tapdeck(self.service.store, "show", "--json", log[0]["uid"]).expect(0).lines()[0]
        if "x" * PADDING not in shown["messages"][0]["text"]:
            problems.append("the INVITE is not whole")
        return problems

    def run(self):
        self.service.start()
        scenario = os.path.join(self.directory, "long")
        with open(scenario, "w", encoding="utf-8") as file:
            file.write(LONG.format(padding="x" * PADDING))
        frames.write_capture(scenario + ".pcap", Scenario(scenario).frames)
        self.lab.start_in(self.lab.tap, *replay.command((scenario + ".pcap", "mon0"))).wait(60)

        def final():
            log = program.calls(self.service.store)
            return log if log and log[0]["final"] else None
        log = netlab.wait_until(final, 30, 0.5) or program.calls(self.service.store)
        self.report.check("a long INVITE in fragments, with the ring as it is by itself",
                          self.problems(log))
        self.service.stop()


def measured_ingest(directory, name, *captures):
    """(store, summary, MiB at most) of one ingest."""
    config = os.path.join(directory, "limits.yaml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(LIMITS)
    store = os.path.join(directory, name)
    out = os.path.join(directory, name + ".json")
    with open(out, "wb") as file:
        child = subprocess.Popen([program.PROGRAM, "--config", config, "--store", store, "ingest",
                                  "--json", *captures], stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise program.Crash(f"ingest ended with status {child.returncode}")
    with open(out, "rb") as file:
        lines = program.Done(subprocess.CompletedProcess([], 0, file.read(), b"")).lines()
    return store, lines[-1], usage.ru_maxrss / 1024


def ingest_flood(report, directory):
    calls, flood, count = flood_captures(directory)
    _, _, plain = measured_ingest(directory, "plain", calls)
    begin = time.monotonic()
    store, summary, flooded = measured_ingest(directory, "flooded", calls, flood)
    print(f"      {count} packets of flood in {time.monotonic() - begin:.1f} s, {plain:.0f} MiB "
          f"without, {flooded:.0f} MiB with it")
    report.check("ingest: calls beside a flood",
                 many_calls.problems_of(program.calls(store), CALLS, PACKETS))
    report.check("ingest: a flood is counted", flood_problems(
        summary["fragments"], summary["sip_assembly"], summary["by_class"], summary["packets"]))
    report.check("ingest: memory is bounded", [] if flooded - plain < MEMORY_MIB else
                 [f"{flooded:.0f} MiB, without the flood {plain:.0f}"])


def main():
    report = Report()
    errors = (program.Crash, AssertionError, RuntimeError, ValueError, LookupError)
    with tempfile.TemporaryDirectory(prefix="tdf.") as directory:
        try:
            ingest_flood(report, directory)
        except errors as error:
            report.fail("ingest of floods", f"{type(error).__name__}: {error}")
    for part in (LongMessages, Fragments) if require_linux_root(report, "fragments") else ():
        with tempfile.TemporaryDirectory(prefix="tdf.") as directory, netlab.NetLab() as lab:
            try:
                part(report, lab, directory).run()
            except errors as error:
                report.fail(part.__name__, f"{type(error).__name__}: {error}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
