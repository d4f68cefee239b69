"""Runs the built program as its users do, and notices crashes and sanitizer reports."""

import json
import os
import re
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.environ.get("TAPDECK_PROGRAM", os.path.join(ROOT, "build", "tapdeck"))
SAMPLE = os.path.join(ROOT, "samples", "two_calls.pcap")
_SANITIZER = re.compile(r"(ERROR: (Address|Leak|Thread)Sanitizer|runtime error: |"
                        r"WARNING: ThreadSanitizer|Assertion|TD_ASSERT)[^\n]*")


class Crash(Exception):
    """The program died of a signal, hung, or a sanitizer spoke up."""


class Done:
    """One finished command: `status`, `stdout` (bytes) and `stderr` (text)."""

    def __init__(self, process):
        self.status = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr.decode(errors="replace")

    def lines(self):
        """stdout as one JSON object per line."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.strip()]

    def expect(self, *statuses):
        if self.status not in statuses:
            wanted = " or ".join(map(str, statuses))
            raise AssertionError(f"exit status {self.status}, not {wanted}: {self.tail()}")
        return self

    def tail(self):
        return " | ".join(self.stderr.strip().split("\n")[-3:])


def tapdeck(store, *arguments, timeout_s=120, config=None, prefix=(), executable=PROGRAM):
    """Runs one command to its end. Raises Crash when it did not end by itself and in order."""
    command = [*prefix, executable]
    if config:
        command += ["--config", config]
    if store:
        command += ["--store", store]
    command += arguments
    try:
        process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                 timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise Crash(f"{arguments[0]} did not end within {timeout_s} s") from None
    except OSError as error:
        raise Crash(f"{PROGRAM} cannot be started: {error.strerror}") from None
    done = Done(process)
    report = _SANITIZER.search(done.stderr)
    if done.status < 0 or done.status > 3 or report:
        said = report.group(0) if report else done.tail()
        raise Crash(f"{arguments[0]} died (exit status {done.status}): {said}")
    return done


def calls(store, *filters):
    """The call log as parsed objects."""
    return tapdeck(store, "calls", "--json", *filters).expect(0).lines()


def find_key(value, key):
    """The first value under `key` anywhere in a JSON value, or None."""
    if isinstance(value, dict):
        if key in value:
            return value[key]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            found = find_key(part, key)
            if found is not None:
                return found
    return None
