#!/usr/bin/env python3
"""A store is copied while `run` records, and put back: as it was, and with the journal of the store
that was lost. What was recorded is there to the byte, what was erased stays erased, what was held
or noted since is known, and the service goes on with it. Needs root.
"""

import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support")]
import many_calls
import netlab
import replay
from program import tapdeck
from report import Report, require_linux_root
from service import Service

CALLS, TALK_S, CALLS_PER_S = 12, 4, 6
PACKETS = TALK_S * many_calls.PACKETS_PER_S
# Calls by their numbers, and what becomes of them.
ERASED_BEFORE, ERASED_SINCE, HELD_SINCE, NOTED_SINCE = range(4)


class BackupTest:
    def __init__(self, report, lab, directory):
        self.report, self.lab, self.directory = report, lab, directory
        self.service = Service(lab, directory)
        self.backup = os.path.join(directory, "backup")

    def ask(self, *words, store=None):
        return tapdeck(store or self.service.store, *words, config=self.service.config)

    def log(self, store=None):
        """The calls by their numbers."""
        found = self.ask("calls", "--json", "--limit", "1000", store=store).expect(0).lines()
        return {int(call["call_id"][5:].partition("@")[0]): call for call in found}

    def send(self, wave):
        capture = os.path.join(self.directory, f"wave{wave}.pcap")
        many_calls.write(capture, CALLS, TALK_S, CALLS_PER_S, first=wave * CALLS)
        return self.lab.start_in(self.lab.tap, *replay.command((capture, "mon0")))

    def all_final(self, waves, store=None):
        def final():
            log = self.log(store)
            return len(log) == waves * CALLS and all(call["final"] for call in log.values())
        if not netlab.wait_until(final, 40, 0.5):
            raise AssertionError(f"not all calls of {waves} waves ended: {len(self.log(store))}")
        return self.log(store)

    def erase(self, uid):
        self.ask("erase", "--uid", uid, "--reason", "test", "--yes").expect(0)

    def refused(self, name, done, *texts):
        problems = [] if done.status == 1 else [f"exit status {done.status}"]
        problems += [f"no {text!r}: {done.tail()}" for text in texts if text not in done.stderr]
        self.report.check(name, problems)

    def copy_while_recording(self):
        self.send(0)
        log = self.all_final(1)
        self.uids = {number: call["uid"] for number, call in log.items()}
        self.erase(self.uids[ERASED_BEFORE])
        sender = self.send(1)
        time.sleep(TALK_S / 2)
        done = self.ask("store", "backup", self.backup, "--json").expect(0).lines()[0]
        self.report.check("a store in use is copied", [] if done["files"] > 4 else [f"{done}"])
        self.refused("not over what is there", self.ask("store", "backup", self.backup),
                     self.backup)
        sender.wait(60)
        log = self.all_final(2)
        self.report.check("recording lost nothing for it",
                          many_calls.problems_of(list(log.values()), 2 * CALLS, PACKETS))

    def change_afterwards(self):
        self.erase(self.uids[ERASED_SINCE])
        self.ask("hold", "add", "--uid", self.uids[HELD_SINCE], "--matter", "17", "--reason",
                 "test").expect(0)
        self.ask("annotate", self.uids[NOTED_SINCE], "note=seen").expect(0)

    def state_problems(self, store, erased):
        log = self.log(store)
        problems = []
        for number, uid in self.uids.items():
            call = log.get(number)
            state = call and call["recording"]["lifecycle"]
            if (state == "erased") != (number in erased) or not call or call["uid"] != uid:
                problems.append(f"call {number} is {state}")
        return problems

    def check_restored(self, name, store, erased):
        self.report.check(f"{name}: who is erased", self.state_problems(store, erased))
        kept = [call for number, call in self.log(store).items()
                if number in self.uids and number not in erased]
        output = os.path.join(self.directory, f"{os.path.basename(store)}-pcap")
        problems = many_calls.media_problems(store, kept, PACKETS, output, self.service.config)
        problems += [f"media of call {number}, erased" for number in erased
                     if os.path.exists(os.path.join(output, f"{self.uids[number]}.pcap"))]
        self.report.check(f"{name}: media to the byte", problems)
        open_then = [number for number, call in self.log(store).items()
                     if number >= CALLS and call["outcome"] == "answered"]
        self.report.check(f"{name}: calls that were open then are told",
                          [] if open_then else ["there is none"])
        done = self.ask("store", "check", store=store)
        self.report.check(f"{name}: the store is sound",
                          [] if done.status == 0 else [done.stdout.decode()])

    def restore(self, name, *options):
        store = os.path.join(self.directory, name)
        self.ask("store", "restore", self.backup, *options, store=store).expect(0)
        return store

    def check_refusals(self, restored):
        self.refused("restore: not over a store",
                     self.ask("store", "restore", self.backup, store=restored), restored)
        nothing = os.path.join(self.directory, "nothing")
        self.refused("restore: of what is no copy",
                     self.ask("store", "restore", os.path.join(self.directory, "o"), store=nothing))
        other = os.path.join(self.directory, "other")
        shutil.copytree(self.backup, other)
        shutil.rmtree(os.path.join(other, "ledger"))
        self.refused("restore: of a copy without its journal",
                     self.ask("store", "restore", other, store=nothing))
        self.report.check("and nothing is left of it",
                          ["it is there"] if os.path.exists(nothing) else [])

    def check_journal_of_loss(self, store):
        log = self.log(store)
        holds = log[HELD_SINCE]["recording"]["legal_holds"]
        self.report.check("with the journal: a hold since holds",
                          [] if holds == ["17"] else [f"{holds}"])
        note = log[NOTED_SINCE]["note"]
        self.report.check("with the journal: a note since is there",
                          [] if note == "seen" else [f"{note}"])

    def check_rebuilt(self, store):
        """What the journal alone tells is known without the call store, too."""
        shutil.rmtree(os.path.join(store, "calls"))
        self.ask("store", "rebuild", "--yes", store=store).expect(0)
        report = self.ask("erase", "--uid", self.uids[HELD_SINCE], "--reason", "test", "--json",
                          store=store).expect(0).lines()
        self.report.check("a rebuilt store knows of its backup",
                          [] if report and report[0].get("last_backup") else [f"{report}"])
        made = [row for row in self.ask("audit", "list", "--type", "access", "--json",
                                        store=store).expect(0).lines()
                if (row.get("content") or {}).get("kind") == "backup"]
        right = [row["content"]["detail"] for row in made] == [self.backup]  # once, not as refused
        self.report.check("who made it, and where to, is in the journal",
                          [] if right else [f"{made}"])

    def serve(self, store):
        """The service goes on with what was put back."""
        self.service.store = store
        with open(self.service.config, encoding="utf-8") as file:
            lines = [f"  store: {store}\n" if line.startswith("  store:") else line
                     for line in file]
        with open(self.service.config, "w", encoding="utf-8") as file:
            file.writelines(lines)
        self.service.start()
        before = set(self.log())
        self.send(2).wait(60)

        def recorded():
            new = [call for number, call in self.log().items() if number not in before]
            return new if len(new) == CALLS and all(call["final"] for call in new) else None

        new = netlab.wait_until(recorded, 40, 0.5) or []
        self.report.check("the service records into it",
                          many_calls.problems_of(new, CALLS, PACKETS))
        self.stop()

    def stop(self):
        status = self.service.stop()
        with open(self.service.log, encoding="utf-8", errors="replace") as file:
            warnings = [line.strip() for line in file if " warning " in line]
        self.report.check("run ends in order, without a warning",
                          ([] if status == 0 else [self.service.tail()]) + warnings)

    def run(self):
        self.service.start()
        self.copy_while_recording()
        self.change_afterwards()
        self.stop()
        alone = self.restore("alone")
        self.check_restored("as it was", alone, {ERASED_BEFORE})
        journal = os.path.join(self.service.store, "ledger")
        whole = self.restore("whole", "--journal", journal)
        self.check_restored("with the journal", whole, {ERASED_BEFORE, ERASED_SINCE})
        self.check_journal_of_loss(whole)
        self.check_refusals(whole)
        self.check_rebuilt(alone)
        self.serve(whole)


def main():
    report = Report()
    if require_linux_root(report, "backup"):
        with report.guard("backup"), netlab.NetLab() as lab, \
                tempfile.TemporaryDirectory(prefix="tdb.") as directory:
            BackupTest(report, lab, directory).run()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
