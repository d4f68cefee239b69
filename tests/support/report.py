"""Counts what a Python test driver checked, in the form that script/test adds up.

A driver creates one Report, calls ok/fail/skip once per checked unit and ends with
`sys.exit(report.finish())`. The last line of its output is `N passed, N failed, N skipped`.
"""

import contextlib
import os
import sys
import threading
import traceback


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self._lock = threading.Lock()

    def ok(self, name):
        with self._lock:
            self.passed += 1
            print(f"ok    {name}", flush=True)

    def fail(self, name, reasons):
        """One failed unit; `reasons` is a text or a list of texts."""
        if isinstance(reasons, str):
            reasons = [reasons]
        with self._lock:
            self.failed += 1
            print(f"FAIL  {name}", flush=True)
            for reason in reasons:
                print(f"        {reason}", flush=True)

    def skip(self, name, reason):
        with self._lock:
            self.skipped += 1
            print(f"SKIP  {name}: {reason}", flush=True)

    def check(self, name, problems):
        """Passes when `problems` is empty."""
        if problems:
            self.fail(name, problems)
        else:
            self.ok(name)

    @contextlib.contextmanager
    def guard(self, name):
        """What is raised inside is one failed unit of this name, and ends there."""
        try:
            yield
        except Exception as error:  # a mistake of the driver's, too, must not hide other results
            where = " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in
                               reversed(traceback.extract_tb(error.__traceback__)[1:]))
            self.fail(name, f"{type(error).__name__}: {error} ({where})")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        strict = os.environ.get("TAPDECK_REQUIRE_ALL") == "1"
        return 1 if self.failed or (strict and self.skipped) else 0


def run_all(tests):
    """Functions that raise what is wrong, each a test of its name.  The exit status."""
    report = Report()
    for test in tests:
        with report.guard(test.__name__):
            test()
            report.ok(test.__name__)
    return report.finish()


def require_linux_root(report, name):
    """True when this process may make network namespaces; otherwise one skip with its reason."""
    if os.geteuid() != 0:
        report.skip(name, "needs root to make network namespaces")
        return False
    probe = f"tdprobe{os.getpid()}"
    if os.system(f"ip netns add {probe} 2>/dev/null") != 0:
        report.skip(name, "this kernel or container refuses network namespaces")
        return False
    os.system(f"ip netns del {probe}")
    return True


if __name__ == "__main__":
    sys.exit("report.py is a module")
