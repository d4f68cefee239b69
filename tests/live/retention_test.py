#!/usr/bin/env python3
"""The life of recordings through the program: hold, plan, extend, erase, annotate, audit, expiry.

First on a store that nobody owns, then on one that `tapdeck run` owns (that part needs root).
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "flow")]
import frames
import netlab
from program import tapdeck
from report import Report, require_linux_root
from scenario import Scenario
from service import Service

CLASSES = """\
retention_classes:
  - {name: short, days: 1, basis: "test of expiry"}
  - {name: long, days: 3650}
policy:
  file: policies.yaml
"""
POLICIES = """\
default:
  pause: {dtmf: {pause: "*7", resume: "*8"}}
"""
# Of the call that is kept: two keys in, two keys out.
KEYS = """\
{begin}.5 alice>bob INFO call={name} cseq=3 type=application/dtmf-relay body="Signal=*\\n"
{begin}.6 alice>bob INFO call={name} cseq=4 type=application/dtmf-relay body="Signal=7\\n"
{begin}.9 alice>bob INFO call={name} cseq=5 type=application/dtmf body="*8"
"""
PARTIES = """\
party alice 192.0.2.10:5060 number=493012345
party bob 198.51.100.20:5060 number=498912345
"""
CALL = """\
call {name} alice bob
{begin}.0 alice>bob INVITE call={name} sdp={port}
{begin}.1 bob>alice 200/INVITE call={name} sdp={answer}
{begin}.2 alice>bob ACK call={name}
{begin}.3 rtp alice:{port}>bob:{answer} ssrc=0x0000b{port} count=100
{end}.0 alice>bob BYE call={name} cseq=9
{end}.1 bob>alice 200/BYE call={name} cseq=2
"""
NAMES = ("held", "erased", "kept")
FAR, OVERDUE = "2099-12-31", "2040-01-01"


def write_capture(directory):
    path = os.path.join(directory, "calls")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PARTIES)
        for n, name in enumerate(NAMES):
            file.write(CALL.format(name=name, begin=10 * n, end=10 * n + 4, port=4100 + 100 * n,
                                   answer=6100 + 100 * n))
            if name == "kept":
                file.write(KEYS.format(name=name, begin=10 * n))
    frames.write_capture(path + ".pcap", Scenario(path).frames)
    return path + ".pcap"


class RetentionTest:
    def __init__(self, report, directory, store, config, title):
        self.report, self.directory, self.store = report, directory, store
        self.config, self.title = config, title
        self.capture = write_capture(directory)
        self.uids = {}

    def ask(self, *words):
        return tapdeck(self.store, *words, config=self.config)

    def check(self, name, problems):
        self.report.check(f"{self.title}: {name}", problems)

    def expect(self, name, done, status, *words):
        """That exit status, and these words in what it said."""
        said = done.stdout.decode() + done.stderr
        problems = [] if done.status == status else [f"exit status {done.status}: {said.strip()}"]
        problems += [f"'{word}' is not in: {said.strip()}" for word in words if word not in said]
        self.check(name, problems)

    def log(self, *filters):
        lines = self.ask("calls", "--json", *filters).expect(0).lines()
        return {call["call_id"].partition("@")[0]: call for call in lines}

    def rows(self, *words):
        return self.ask("audit", "list", "--json", *words).expect(0).lines()

    def ingest(self, retention_class):
        self.ask("ingest", "--class", retention_class, self.capture).expect(0)
        self.uids = {name: call["uid"] for name, call in self.log().items()}
        self.check("three calls are in the log",
                   [] if sorted(self.uids) == sorted(NAMES) else [f"{self.uids}"])

    def check_hold(self):
        uid = self.uids["held"]
        self.expect("no filter, no hold",
                    self.ask("hold", "add", "--matter", "17", "--reason", "r"), 2,
                    "without a filter")
        self.expect("a hold", self.ask("hold", "add", "--uid", uid, "--matter", "17",
                                       "--reason", "counsel"), 0, "holds 1 calls")
        holds = self.ask("hold", "list", "--json").expect(0).lines()
        self.check("it is listed", [] if [(hold["matter"], hold["held"]) for hold in holds] ==
                   [("17", 1)] else [f"{holds}"])
        recording = self.log()["held"]["recording"]
        self.check("the record says so",
                   [] if recording["legal_holds"] == ["17"] else [f"{recording}"])
        self.expect("what is held is not erased",
                    self.ask("erase", "--uid", uid, "--reason", "GDPR", "--yes"), 3, "held by 17")

    def check_annotations(self):
        uid, other = self.uids["kept"], self.uids["held"]
        self.expect("an annotation",
                    self.ask("annotate", uid, "tag=vip,late", "csat=4.5", "resolved=true"), 0)
        found = self.log("--tag", "vip")
        call = found.get("kept", {})
        facts = [call.get(key) for key in ("tags", "csat", "resolved", "revenue")]
        self.check("it is found and shown", [] if list(found) == ["kept"] and
                   facts == [["late", "vip"], 4.5, True, None] else [f"{list(found)}, {facts}"])
        path = os.path.join(self.directory, "facts.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"uid,csat,note\n{other},3,\"fine, thanks\"\n{uid},many,\n")
        self.expect("a file with a bad line", self.ask("annotate", "--csv", path), 1,
                    "line 3", "Nothing was applied")
        self.check("nothing of it is applied",
                   [] if self.log()["held"]["csat"] is None else ["the good line was"])
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"uid,csat,note\n{other},3,\"fine, thanks\"\n{uid},5,\n")
        self.expect("a good file", self.ask("annotate", "--csv", path), 0, "annotated 2 calls")
        log = self.log()
        self.check("all of it is applied",
                   [] if (log["held"]["note"], log["kept"]["csat"]) == ("fine, thanks", 5) else
                   [f"{log['held']['note']}, {log['kept']['csat']}"])

    def check_erasure(self):
        uid = self.uids["erased"]
        words = ("erase", "--uid", uid, "--reason", "GDPR")
        self.expect("erase asks first", self.ask(*words), 0, "Nothing was changed")
        state = self.log()["erased"]["recording"]["lifecycle"]
        self.check("and changes nothing", [] if state == "present" else [state])
        certificate = os.path.join(self.directory, "certificate.json")
        self.expect("erase --yes", self.ask(*words, "--yes", "--certificate", certificate), 0)
        with open(certificate, encoding="utf-8") as file:
            text = file.read()
        self.check("its certificate names the call", [] if uid in text else [text])
        self.check("and what it does not cover", [f"no {word}" for word in
                                                  ("Swap", "registrations", "The journal")
                                                  if word not in text])
        self.check_certificate(certificate, text)
        state = self.log()["erased"]["recording"]["lifecycle"]
        self.check("the record says so", [] if state == "erased" else [state])
        output = os.path.join(self.directory, "wav")
        self.expect("its media is gone",
                    self.ask("export", "--uid", uid, "--format", "wav", "--output", output), 3)
        self.expect("ingested again it is told apart", tapdeck(
            self.store, "ingest", self.capture, config=self.config), 0, "1 of them erased")
        state = self.log()["erased"]["recording"]["lifecycle"]
        self.check("ingested again it stays erased", [] if state == "erased" else [state])

    def check_certificate(self, path, text):
        """By the command, and by OpenSSL alone, as docs/RETENTION.md has it."""
        key = os.path.join(self.directory, "store.pem")
        with open(key, "wb") as file:
            file.write(self.ask("audit", "key").expect(0).stdout)
        self.expect("the certificate is good and in the journal",
                    self.ask("audit", "certificate", path), 0,
                    "signature: good", "journal: has its entries")
        elsewhere = tapdeck(os.path.join(self.directory, "none"), "audit", "certificate", path,
                            "--key", key)
        self.expect("it is good without the store", elsewhere, 0, "journal: not looked at")
        altered = os.path.join(self.directory, "altered.json")
        with open(altered, "w", encoding="utf-8") as file:
            file.write(text.replace("GDPR", "gdpr"))
        self.expect("altered it is not", self.ask("audit", "certificate", altered), 1,
                    "altered, or made up")
        steps = f"""set -e; cd {self.directory}
            tail -c +9 certificate.json | head -c -257 > body.json
            tail -c 91 certificate.json | head -c 88 | base64 -d > signature
            openssl pkeyutl -verify -pubin -inkey store.pem -rawin -in body.json -sigfile signature
            sed -i s/GDPR/gdpr/ body.json
            ! openssl pkeyutl -verify -pubin -inkey store.pem -rawin -in body.json \\
                -sigfile signature"""
        done = subprocess.run(["bash", "-c", steps], capture_output=True, check=False)
        self.check("OpenSSL says so, too", [] if done.returncode == 0 else
                   [done.stdout.decode() + done.stderr.decode()])
        sealed = json.loads(text)
        der = base64.b64decode(sealed["public_key"])
        self.check("the key is called by its digest",
                   [] if hashlib.sha256(der).hexdigest() == sealed["key_id"] else [text])
        body = json.dumps(sealed["body"], sort_keys=True, separators=(",", ":"),
                          ensure_ascii=False)
        self.check("the body is canonical", [] if f'{{"body":{body},"key_id"' in text else [text])

    def check_exports(self):
        """What was given out, and what for, is told apart; the entry has the manifest's digest."""
        uid = self.uids["held"]
        output = os.path.join(self.directory, "pcap")
        self.ask("show", uid).expect(0)
        self.ask("export", "--uid", uid, "--format", "pcap", "--output", output).expect(0, 3)
        accesses = [(row["content"]["kind"], row["content"]["detail"])
                    for row in self.rows("--type", "access", "--uid", uid)]
        wanted = {("show", "messages"), ("export", "messages"), ("export", "media")}
        self.check("show is told from export", [] if set(accesses) == wanted and
                   len(accesses) == 3 else [f"{accesses}"])
        exports = [row["content"] for row in self.rows("--type", "export", "--uid", uid)]
        with open(os.path.join(output, "manifest.json"), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        self.check("the export is in the journal with its manifest",
                   [] if [(row["format"], row["output"], row["files"], row["manifest"],
                           row["uids"]) for row in exports] ==
                   [("pcap", output, 1, digest, [uid])] else [f"{exports}"])
        report = json.loads(self.ask("erase", "--uid", uid, "--reason", "GDPR", "--json")
                            .expect(0, 3).stdout)
        count = [call["exports"] for call in report["calls"] + report["in_the_way"]]
        self.check("an erasure counts one export", [] if count == [1] else [f"{count}"])

    def check_pauses(self):
        rows = [row for row in self.rows("--uid", self.uids["kept"])
                if row["type"] in ("pause", "resume")]
        told = [(row["type"], row["content"]["cause"]) for row in rows]
        self.check("a pause of what is ingested is in the journal",
                   [] if told == [("pause", "dtmf"), ("resume", "dtmf")] else [f"{told}"])

    def check_classes(self, reason):
        changes = [row["content"] for row in self.rows("--type", "class_change")]
        told = [(row["class"], row["before"], row["reason"]) for row in changes]
        self.check("the classes are in the journal, once",
                   [] if told == [(name, None, reason) for name in
                                  ("default", "imported", "long", "short")] else [f"{told}"])

    def check_clock(self):
        self.ask("retention", "confirm-clock").expect(0)
        rows = [row["content"] for row in self.rows("--type", "confirmation")]
        self.check("who confirmed the clock is in the journal",
                   [] if rows and rows[-1]["confirmed"] == "clock" and
                   rows[-1]["actor"]["user_id"] == os.getuid() else [f"{rows}"])

    def check_extension(self):
        # What is overdue and held by nobody is going: it is too late to lengthen it.
        uid = self.uids["kept"]
        matter = ("--matter", "18", "--reason", "counsel")
        self.ask("hold", "add", "--uid", uid, *matter).expect(0)
        words = ("retention", "extend", "--uid", uid, "--until", FAR, "--reason", "contract")
        self.expect("extend asks first", self.ask(*words), 0, "Nothing was changed")
        self.expect("extend --yes", self.ask(*words, "--yes"), 0, "lengthened 1")
        self.ask("hold", "release", *matter).expect(0)
        expires = self.log()["kept"]["recording"]["expires"]
        self.check("the record says so", [] if expires.startswith("2100-") else [expires])

    def check_plan(self):
        plan = json.loads(self.ask("retention", "plan", "--at", OVERDUE, "--json").expect(0).stdout)
        fates = {(row["uid"], row["fate"]) for row in plan["rows"]}
        problems = [] if (self.uids["held"], "held") in fates else ["the held one is not"]
        if any(uid == self.uids["kept"] for uid, _ in fates):
            problems.append("one that was lengthened is in it")
        self.check("the plan tells held from what goes", problems and problems + [f"{plan}"])

    def check_accesses(self):
        uid = self.uids["kept"]
        self.ask("show", uid).expect(0)
        self.ask("calls", "--number", "498912345").expect(0)
        kinds = [row["content"]["kind"] for row in self.rows("--type", "access", "--uid", uid)
                 if row["content"]]
        self.check("show is an access", [] if "show" in kinds else [f"{kinds}"])
        searches = [row["content"] for row in self.rows("--type", "access") if not row["uid"]]
        self.check("a search by number is an access",
                   [] if searches and "498912345" in searches[-1]["detail"] else [f"{searches}"])
        who = searches[-1]["actor"]["user_id"] if searches else None
        self.check("with who it was", [] if who == os.getuid() else [f"{who}"])
        self.ask("events", "--number", "498912345").expect(0)
        cursor = self.ask("calls", "--json", "--limit", "1").stderr.rpartition("next: ")[2].strip()
        self.ask("calls", "--caller", "4989*", "--cursor", cursor).expect(0)
        details = [row["content"]["detail"] for row in self.rows("--type", "access")
                   if not row["uid"]][len(searches):]
        self.check("so are those for events, and those behind a cursor",
                   [] if details == ["events, number=498912345", "caller=4989*"]
                   else [f"{details}, cursor {cursor!r}"])

    def check_journal(self, *more):
        types = [row["type"] for row in self.rows()]
        missing = {"hold", "annotation", "erasure", "extension", "access", "export",
                   "class_change", "confirmation", "pause", "resume", *more} - set(types)
        self.check("everything is in the journal", [f"no {name}" for name in sorted(missing)])
        ledger = os.path.join(self.store, "ledger")
        named = [name for name in os.listdir(ledger)
                 if b"498912345" in open(os.path.join(ledger, name), "rb").read()]
        self.check("no number can be read in it", named)

    def check_all(self, reason):
        self.check_classes(reason)
        self.check_pauses()
        self.check_hold()
        self.check_exports()
        self.check_annotations()
        self.check_erasure()
        self.check_extension()
        self.check_plan()
        self.check_accesses()
        self.check_clock()

    def check_expiry(self):
        """Everything of this class is long overdue: only holds and extensions keep it."""
        self.expect("apply", self.ask("retention", "apply"), 0, "held")
        log = self.log()
        problems = [f"{name} is gone" for name in ("held", "kept") if name not in log]
        self.check("what is held or was lengthened stays", problems)
        self.expect("release", self.ask("hold", "release", "--matter", "17", "--reason", "settled"),
                    0, "released 1 calls")
        self.ask("retention", "apply").expect(0)
        log = self.log()
        self.check("what is released goes", ["it is there"] if "held" in log else [])
        self.check("what was lengthened stays", [] if "kept" in log else ["it is gone"])
        self.expect("applied again it does nothing", self.ask("retention", "apply"), 0, "expired 0")


def write_policies(directory):
    with open(os.path.join(directory, "policies.yaml"), "w", encoding="utf-8") as file:
        file.write(POLICIES)


def check_class_changes(test):
    """Another configuration of the same store; the next command has the first one again."""
    other = os.path.join(test.directory, "other.yaml")
    with open(test.config, encoding="utf-8") as file:
        text = file.read()
    with open(other, "w", encoding="utf-8") as file:
        file.write(text.replace("{name: long, days: 3650}",
                                "{name: long, days: 3651, locked: true}"))
    before = len(test.rows("--type", "class_change"))
    for config in (other, test.config):
        tapdeck(test.store, "calls", config=config).expect(0)
    changes = [row["content"] for row in test.rows("--type", "class_change")][before:]
    days = [(row["class"], row["before"]["media_s"] // 86400, row["after"]["media_s"] // 86400,
             row["after"]["locked"], row["reason"]) for row in changes]
    test.check("a change of classes is in the journal with both terms", [] if days ==
               [("long", 3650, 3651, True, "command"), ("long", 3651, 3650, False, "command")]
               else [f"{days}"])


def test_alone(report, directory):
    config = os.path.join(directory, "tapdeck.yaml")
    store = os.path.join(directory, "store")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"general:\n  store: {store}\n{CLASSES}")
    write_policies(directory)
    test = RetentionTest(report, directory, store, config, "alone")
    test.ingest("short")
    test.check_all("ingest")
    check_class_changes(test)
    test.check_expiry()
    test.check_journal("release", "expiry")
    test.expect("the store is sound", test.ask("store", "check"), 0)


def test_served(report, directory, lab):
    service = Service(lab, directory)
    with open(service.config, "a", encoding="utf-8") as file:
        file.write(CLASSES)
    write_policies(directory)
    service.start()
    try:
        test = RetentionTest(report, directory, service.store, service.config, "served")
        test.ingest("long")
        test.check_all("start")
        test.check_journal()
    finally:
        status = service.stop()
    test.check("SIGTERM ends run cleanly", [] if status == 0 else [service.tail()])
    test.expect("the store is sound", test.ask("store", "check"), 0)
    holds = test.ask("hold", "list", "--json").expect(0).lines()
    test.check("the hold outlives the service", [] if len(holds) == 1 else [f"{holds}"])


def main():
    report = Report()
    with report.guard("alone"), tempfile.TemporaryDirectory(prefix="tdr.") as directory:
        test_alone(report, directory)
    if require_linux_root(report, "retention, served"):
        with report.guard("served"), netlab.NetLab() as lab, \
                tempfile.TemporaryDirectory(prefix="tdr.") as directory:
            test_served(report, directory, lab)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
