"""What the stages of script/test share: running commands and adding up their results."""

import copy
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LAST_LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
JOBS = os.cpu_count() or 2
IDLE_PATIENCE = 4  # times as long as a command may take when it has to wait for others
# What ccache needs in order to keep objects that were compiled with a precompiled header, and to
# know them again in another clone.
CCACHE = {"CCACHE_SLOPPINESS": "pch_defines,time_macros", "CCACHE_BASEDIR": ROOT,
          "CCACHE_NOHASHDIR": "1"}


class Tally:
    """Sums; every failure and skip keeps its text for the end."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures, self.skips = [], []
        self._lock = threading.Lock()

    def add(self, other):
        """From any thread."""
        with self._lock:
            self.passed += other.passed
            self.failed += other.failed
            self.skipped += other.skipped
            self.failures += other.failures
            self.skips += other.skips

    def ok(self, count=1):
        self.passed += count

    def fail(self, name, text=""):
        self.failed += 1
        self.failures.append(name)
        print(f"  FAIL  {name}")
        for line in text.rstrip().split("\n")[-40:] if text else []:
            print(f"          {line}")
        sys.stdout.flush()

    def skip(self, name, reason):
        self.skipped += 1
        self.skips.append(f"{name}: {reason}")

    def add_driver(self, name, status, output):
        """Adds the result of a driver that ends in `N passed, N failed, N skipped`."""
        lines = output.rstrip().split("\n")
        counts = LAST_LINE.match(lines[-1]) if lines else None
        if not counts:
            self.fail(f"{name}: ended without its count (exit status {status})", output)
            return
        passed, failed, skipped = map(int, counts.groups())
        self.passed += passed
        self.skipped += skipped
        for line in lines:
            if line.startswith("SKIP"):
                self.skips.append(f"{name}: {line[4:].strip()}")
            elif line.startswith("FAIL"):
                self.failures.append(f"{name}: {line[4:].strip()}")
                print(f"  FAIL  {name}: {line[4:].strip()}")
            elif line.startswith("        ") and failed:
                print("  " + line)
        self.failed += failed
        if status != 0 and failed == 0 and os.environ.get("TAPDECK_REQUIRE_ALL") != "1":
            self.fail(f"{name}: exit status {status} although nothing failed", output)
        sys.stdout.flush()


class Runner:
    """Runs commands in their own process groups; `close()` proves that nothing is left behind.

    From any thread; those of idle() and for_stage() share its processes and directories.
    """

    def __init__(self, long_run):
        self.long_run = long_run
        self.tally = Tally()
        self._prefix = []
        self._running = _Running()
        # /var/tmp, because /tmp may be a tmpfs, which hides mistakes with O_DIRECT.
        self.temporary = tempfile.mkdtemp(prefix="tapdeck-test.", dir="/var/tmp")
        self.logs = os.path.join(ROOT, "build", "test-logs")
        os.makedirs(self.logs, exist_ok=True)
        self._git_status = self._tree_state()
        for name in abandoned_namespaces():  # of tests that were killed; they are not ours
            print(f"removes network namespace {name}: the test that made it is gone", flush=True)
        self._namespaces = set(network_namespaces())
        # Processes whose parents died come to us instead of to init: none can hide.
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER

    def for_stage(self):
        """The same with a tally of its own."""
        other = copy.copy(self)
        other.tally = Tally()
        return other

    def idle(self):
        """The same for commands that get what processor time all others leave, and so more time."""
        other = self.for_stage()
        other._prefix = ["chrt", "--idle", "0"]
        return other

    def stop(self):
        """Ends what runs; nothing runs any more from then on."""
        self._running.stop()

    def run(self, command, timeout_s, name=None, **environment):
        """(exit status, stdout and stderr together); the status is 124 after a time-out."""
        timeout_s *= IDLE_PATIENCE if self._prefix else 1
        env = {**os.environ, "TMPDIR": self.temporary, "PYTHONDONTWRITEBYTECODE": "1",
               **CCACHE, **environment}
        process = self._running.start([*self._prefix, *command], cwd=ROOT, env=env,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, start_new_session=True)
        if self._prefix:
            _give_way(process)
        try:
            output, _ = process.communicate(timeout=timeout_s)
            status = process.returncode
        except BaseException as error:
            _kill_group(process)
            output, _ = process.communicate()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            output += f"\n(stopped after {timeout_s} s)\n".encode()
            status = 124
        finally:
            self._running.end(process)
        text = output.decode(errors="replace")
        if name:
            with open(os.path.join(self.logs, name + ".log"), "w", encoding="utf-8") as file:
                file.write(f"$ {' '.join(command)}\n{text}")
        return status, text

    def check(self, name, command, timeout_s, **environment):
        """One command that is one checked unit; returns whether it passed."""
        status, output = self.run(command, timeout_s, name.replace(" ", "-").replace("/", "-"),
                                  **environment)
        if status == 0:
            self.tally.ok()
        else:
            self.tally.fail(f"{name} (exit status {status})", output)
        return status == 0

    def configure(self, directory, options, compilers=None):
        """Sets a build tree up once; ninja reconfigures it afterwards by itself."""
        if os.path.exists(os.path.join(ROOT, directory, "build.ninja")):
            return True
        # A tree whose set-up was cut short is begun anew; logs of this run may stand in it.
        shutil.rmtree(os.path.join(ROOT, directory, "meson-private"), ignore_errors=True)
        return self.check(f"configure {directory}", ["meson", "setup", directory, *options], 300,
                          **(compilers or {}))

    def close(self):
        """Adds one unit: no process, namespace or file of ours is left."""
        problems = self._leftover_processes() + self._leftover_namespaces()
        left = os.listdir(self.temporary)
        problems += [f"file left in TMPDIR: {name}" for name in left]
        shutil.rmtree(self.temporary, ignore_errors=True)
        if self._tree_state() != self._git_status:
            problems.append("files in the repository changed: see git status")
        if problems:
            self.tally.fail("nothing left behind", "\n".join(problems))
        else:
            self.tally.ok()

    @staticmethod
    def _tree_state():
        return subprocess.run(["git", "status", "--porcelain"], cwd=ROOT,
                              capture_output=True).stdout

    @staticmethod
    def _leftover_processes():
        found = []
        for _ in range(20):
            with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
                children = [int(pid) for pid in file.read().split()]
            for pid in children:
                try:
                    if os.waitpid(pid, os.WNOHANG)[0] == 0:
                        with open(f"/proc/{pid}/cmdline", "rb") as file:
                            command = file.read().replace(b"\0", b" ").decode()
                        found.append("process left: " + command)
                        os.kill(pid, signal.SIGKILL)
                except (ProcessLookupError, ChildProcessError, FileNotFoundError):
                    pass
            if not children:
                break
            time.sleep(0.1)
        return sorted(set(found))

    def _leftover_namespaces(self):
        return [f"network namespace left: {name}"
                for name in abandoned_namespaces(self._namespaces)]


class _Running:
    """The processes that run, for whoever has to end them all."""

    def __init__(self):
        self._lock = threading.Lock()
        self._processes = set()
        self._stopped = False

    def start(self, command, **options):
        with self._lock:
            if self._stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(command, **options)
            self._processes.add(process)
            return process

    def end(self, process):
        with self._lock:
            self._processes.discard(process)

    def stop(self):
        with self._lock:
            self._stopped = True
            processes = list(self._processes)
        for process in processes:
            _kill_group(process)


def _give_way(process):
    """Where the scheduler shares processors among sessions, priority counts within each alone."""
    try:
        with open(f"/proc/{process.pid}/autogroup", "w", encoding="ascii") as file:
            file.write("19")
    except OSError:
        pass  # there are no such groups, or it has ended


def _kill_group(process):
    for one_signal, patience_s in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, one_signal)
            process.wait(patience_s)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def network_namespaces():
    try:
        return os.listdir("/run/netns")
    except FileNotFoundError:
        return []


def abandoned_namespaces(others=()):
    """Removes namespaces that a test named after its process, which no longer runs; their names."""
    found = []
    for name in network_namespaces():
        match = re.match(r"td(?:sa|sb|probe)?(\d+)(?:[a-z]|tap)?$", name)
        if match and name not in others and not os.path.exists(f"/proc/{match.group(1)}"):
            subprocess.run(["ip", "netns", "del", name], check=False)
            found.append(name)
    return found


def introspect(directory, what):
    """Meson's knowledge of a configured tree: `targets` or `tests`."""
    done = subprocess.run(["meson", "introspect", f"--{what}", directory], cwd=ROOT, check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def executables(directory, suffix):
    """Paths of a tree's executables whose names end in `suffix`, from the repository's root."""
    return sorted(os.path.relpath(target["filename"][0], ROOT)
                  for target in introspect(directory, "targets")
                  if target["type"] == "executable" and target["name"].endswith(suffix))


def unit_tests(directory, only="", share=(0, 1)):
    """A tree's programs of unit tests as Meson knows them: of so many shares this one."""
    tests = [test for test in introspect(directory, "tests")
             if "unit" in " ".join(test["suite"]) and only in test["name"]]
    mine, of = share
    return sorted(tests, key=lambda test: test["name"])[mine::of]


def run_gtests(runner, directory, only="", share=(0, 1), prefix=(), label="", **environment):
    """Runs the unit tests of a tree side by side; each gtest case is one unit."""
    tests = unit_tests(directory, only, share)

    def run(test):
        report = os.path.join(runner.temporary, f"{test['name']}.json")
        return report, runner.run([*prefix, *test["cmd"], f"--gtest_output=json:{report}"], 600,
                                  f"{directory}-{test['name']}", **environment)

    with ThreadPoolExecutor(JOBS) as pool:
        results = list(pool.map(run, tests))
    for test, (report, (status, output)) in zip(tests, results):
        _count_report(runner.tally, f"{label}{test['name']}", report, status, output)


def _count_report(tally, name, report, status, output):
    if not os.path.exists(report):
        tally.fail(f"{name}: no report, exit status {status}", output)
        return
    with open(report, encoding="utf-8") as file:
        failed = _count_cases(tally, name, json.load(file), output)
    os.unlink(report)
    if status != 0 and not failed:
        tally.fail(f"{name}: exit status {status} after its cases", output)


def _count_cases(tally, name, report, output):
    failed = 0
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            full_name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                failed += 1
                tally.fail(f"{name}: {full_name}", case["failures"][0]["failure"])
            elif case["result"] == "SKIPPED":
                reason = re.search(re.escape(full_name) + r"\n(.*?)\n\[  SKIPPED", output, re.S)
                lines = reason.group(1).split("\n") if reason else ["no reason given"]
                tally.skip(f"{name}: {full_name}", " ".join(lines[1:] or lines))
            elif case["status"] == "RUN":
                tally.ok()
    return failed
