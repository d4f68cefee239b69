#!/usr/bin/env python3
"""What `run` and `config check` refuse in words, and what a user without rights may do.

Every command but `run` on an interface works for a plain user. Needs root, to become one.
"""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import program
from program import SAMPLE, tapdeck
from report import Report

PLAIN_USER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
PORT = ("general:\n  store: {store}\n"
        "capture:\n  ports:\n    - name: mirror\n      device: {device}\n")
ABSENT_INTERFACE = '"net_af_packet0,iface=tdabsent0"'
ABSENT_CARD = "ffff:1f:1f.7"


def configuration(directory, device):
    path = os.path.join(directory, "tapdeck.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PORT.format(store=os.path.join(directory, "store"), device=device))
    return path


def test_devices(report, directory):
    """A device that is not there: the line from `config check`, the same from `run`, status 1."""
    for device, words in ((ABSENT_INTERFACE, 'no network interface "tdabsent0"'),
                          (ABSENT_CARD, f"no PCI device {ABSENT_CARD}"),
                          ("net_af_packet0", "iface=NAME")):
        config = configuration(directory, device)
        wanted = f"{config}:6: port mirror: "
        for command in (["config", "check"], ["run"]):
            done = tapdeck(None, *command, config=config)
            said = done.stdout.decode() + done.stderr
            report.check(f"{' '.join(command)} with {device}",
                         [] if done.status == 1 and wanted in said and words in said else
                         [f"exit status {done.status}: {said}"])
        done = tapdeck(None, "stats", config=config)
        report.check(f"other commands do not mind {device}",
                     [] if "No service" in done.stderr else [done.tail()])


def test_usage(report, directory):
    """Status 2 is for the command line alone."""
    done = tapdeck(None, "run")
    report.check("run without a configuration is wrong usage",
                 [] if done.status == 2 and "--config" in done.stderr else
                 [f"exit status {done.status}: {done.tail()}"])
    path = os.path.join(directory, "wrong.yaml")
    for text in ("general:\n  stroe: x\n", "capture:\n  ports: []\n"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = tapdeck(None, "run", config=path)
        report.check(f"run with a wrong file: {text.split()[-1]}", [] if done.status == 1 else
                     [f"exit status {done.status}: {done.tail()}"])


def test_plain_user(report, directory):
    """Everything but a capture, without any rights."""
    os.chmod(directory, 0o777)
    # The repository may be where a plain user cannot look.
    shutil.copy(SAMPLE, directory)
    executable = shutil.copy(program.PROGRAM, directory)
    store = os.path.join(directory, "theirs")
    sample = os.path.join(directory, os.path.basename(SAMPLE))
    output = os.path.join(directory, "out")

    def plain(*command, config=None):
        return tapdeck(None if config else store, *command, config=config, prefix=PLAIN_USER,
                       executable=executable)

    done = plain("ingest", sample)
    report.check("ingest as a plain user", [] if done.status == 0 else [done.tail()])
    uid = plain("calls", "--json", "--outcome", "answered").expect(0).lines()[0]["uid"]
    for command, status in ((["calls"], 0), (["show", uid], 0), (["store", "check"], 0),
                            (["store", "stats"], 0), (["stats"], 1), (["status"], 1),
                            (["export", "--uid", uid, "--format", "wav", "--output", output], 0),
                            (["config", "print"], 0), (["config", "docs"], 0)):
        done = plain(*command)
        report.check(f"{' '.join(command[:2])} as a plain user", [] if done.status == status else
                     [f"exit status {done.status}: {done.tail()}"])
    config = configuration(directory, '"net_af_packet0,iface=lo"')
    os.chmod(config, 0o644)
    done = plain("config", "check", config=config)
    report.check("config check as a plain user", [] if done.status == 0 else [done.tail()])
    done = plain("run", config=config)
    report.check("run on an interface as a plain user says what it needs",
                 [] if done.status == 1 and "CAP_NET_RAW" in done.stderr else
                 [f"exit status {done.status}: {done.tail()}"])
    roots = os.path.join(directory, "roots")
    tapdeck(roots, "ingest", sample).expect(0)
    for command in (["calls"], ["ingest", sample]):
        done = tapdeck(roots, *command, prefix=PLAIN_USER, executable=executable)
        report.check(f"{command[0]} on another user's store",
                     [] if done.status == 1 and roots in done.stderr else
                     [f"exit status {done.status}: {done.tail()}"])


def test_old_processor(report, directory):
    """Built for x86-64-v3, the program says so on what has no AVX2, in place of a crash."""
    del directory
    emulator = shutil.which("qemu-x86_64")
    if emulator is None or "ASAN_OPTIONS" in os.environ:
        report.skip("an older processor", "needs qemu-user, and a build without sanitizers")
        return
    for model, status, words in (("Nehalem", 1, "x86-64-v3"), ("max", 0, "tapdeck ")):
        done = tapdeck(None, "--version", prefix=(emulator, "-cpu", model))
        report.check(f"started on a processor like {model}",
                     [] if done.status == status and words in done.stdout.decode() + done.stderr
                     else [f"exit status {done.status}: {done.tail()}"])


def main():
    report = Report()
    if os.geteuid() != 0:
        report.skip("refusals", "needs root to become a user without rights")
        return report.finish()
    for test in (test_devices, test_usage, test_plain_user, test_old_processor):
        # Not below TMPDIR, which may be closed to others.
        with tempfile.TemporaryDirectory(prefix="tapdeck-refusals.", dir="/var/tmp") as directory:
            with report.guard(test.__name__):
                test(report, directory)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
