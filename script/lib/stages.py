"""The stages of script/test. Each takes a runner and adds its checked units to that one's tally."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import fuzzing
import harnesses
from testing import JOBS, ROOT, Runner, executables, introspect, run_gtests, unit_tests

sys.path.append(os.path.join(ROOT, "script/checks"))
import tree

CHECKS = ["format", "layering", "sizes", "mirror", "headers", "commits"]
PRODUCT = ("base/", "model/", "config/", "engine/", "storage/", "pipelines/", "control/", "apps/")
TIDY_FILES_MAX = 12
ALONE_FILES_MAX = 100
# Under sanitizers all takes four to eight times as long: another share of it with each commit.
SANITIZED_SHARES = 5
# Sources one by one, for what each of them lacks: as quickly as they compile.
ALONE_TREE = "build-alone"
ALONE_BUILD = ["-Db_pch=false", "-Doptimization=0", "-Ddebug=false"]
ASAN = {"ASAN_OPTIONS": "exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1",
        "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1",
        "LSAN_OPTIONS": "suppressions=" + os.path.join(ROOT, "tests/support/lsan.supp")}
# Twenty sources of a target, mostly all, are compiled as one: most of the time goes into headers
# and what is instantiated of them, which a precompiled one would not spare. With more of them one
# processor would compile the largest targets while others wait. A tree to work in is set up without
# that, and with what a debugger needs, a third of the rest.
FAST_BUILD = ["-Dunity=on", "-Dunity_size=20", "-Ddebug=false", "-Db_pch=false"]
SANITIZER_BUILD = ["-Db_lundef=false", "-Dbench=disabled", "-Doptimization=1", "-Dwerror=false"]
# One tree for the tests under sanitizers and for fuzzing: clang needs less than half of g++'s time
# for sanitized code, and each library is compiled once. Line tables are all that a report shows.
ASAN_TREE = "build-asan"
ASAN_BUILD = ["-Db_sanitize=address,undefined", "-Dfuzz=true", "-Ddebug_core_checks=true",
              "-Dcpp_args=-gline-tables-only", *FAST_BUILD, *SANITIZER_BUILD]
# Meson finds ccache by itself only beside a compiler that nobody named.
CACHE = "ccache " if shutil.which("ccache") else ""
CLANG = {"CC": CACHE + "clang-14", "CXX": CACHE + "clang++-14"}

# `tapdeck bench`, each so short that no figure means anything: what was recorded is compared.
HARNESSES = [["worker", "--streams", "1000", "--seconds", "0.05", "--rules", "0,100", "--json"],
             ["capture", "--mode", "ramp", "--steps", "2", "--least", "0.01", "--most", "0.05",
              "--streams", "1000", "--seconds", "0.2", "--json"],
             ["calls", "--open", "1000", "--rate", "1000", "--seconds", "0.05",
              "--rules", "0,100", "--json"],
             ["record", "--streams", "1000", "--seconds", "0.3", "--no-limits", "--json"],
             ["store", "--calls", "2000", "--json"]]


def stage_checks(runner):
    for name in CHECKS:
        words = ["--all"] if name == "headers" and runner.long_run else []
        runner.check(f"check {name}", [f"script/checks/{name}", *words], 600)


def build(runner, directory, options, targets=(), compilers=None):
    return (runner.configure(directory, options, compilers) and
            runner.check(f"build {directory}", ["ninja", "-C", directory, *targets], 2400))


def stage_build(runner):
    if build(runner, "build", FAST_BUILD):
        runner.check("check hot_symbols", ["script/checks/hot_symbols"], 60)


def stage_unit(runner):
    run_gtests(runner, "build", **({"TAPDECK_MODEL_STEPS": "3000"} if runner.long_run else {}))


def stage_flow(runner):
    flow_tests(runner, "build", "")
    run_driver(runner, "scanners", ["tests/flow/flood_test.py"], 300, "build")


def stage_counters(runner):
    run_driver(runner, "counters", ["tests/counters/counters_test.py"], 600, "build")


def flow_tests(runner, directory, label, *share, **environment):
    run_driver(runner, f"{label}flow", ["tests/flow/run_flow.py", *share], 600, directory,
               **environment)


def run_driver(runner, name, arguments, timeout_s, directory, **environment):
    """A Python test driver; it finds the program to test in TAPDECK_PROGRAM."""
    run_drivers(runner, [(name, arguments, timeout_s)], directory, **environment)


def run_drivers(runner, drivers, directory, **environment):
    """As many at a time as there are processors: for those that wait more than they work."""
    program = os.path.join(ROOT, directory, "tapdeck")

    def run(driver):
        name, arguments, timeout_s = driver
        begin = time.monotonic()
        done = runner.run(["python3", *arguments], timeout_s, name.replace(" ", "-"),
                          TAPDECK_PROGRAM=program, **environment)
        return *done, time.monotonic() - begin

    with ThreadPoolExecutor(JOBS) as pool:
        for driver, (status, output, took_s) in zip(drivers, pool.map(run, drivers)):
            runner.tally.add_driver(driver[0], status, output)
            print(f"   {took_s:5.0f} s {driver[0]}", flush=True)


def stage_corpus(runner):
    corpus_tests(runner, "build", "")


def corpus_tests(runner, directory, label, *share, **environment):
    for name, arguments in (("ingest", ()), ("corpus", share), ("coverage", ())):
        run_driver(runner, label + name, [f"tests/corpus/{name}_test.py", *arguments], 1800,
                   directory, **environment)


def stage_traffic(runner):
    run_driver(runner, "traffic", ["tests/traffic/traffic_test.py"], 300, "build")


def stage_encapsulation(runner):
    run_driver(runner, "encapsulation", ["tests/encapsulation/encapsulation_test.py"], 600, "build")


def stage_live(runner):
    calls = "1000" if runner.long_run else "200"
    run_driver(runner, "live", ["tests/live/live_test.py", "--calls", calls], 300, "build")
    run_driver(runner, "drops", ["tests/live/drops_test.py"], 300, "build")
    run_driver(runner, "through", ["tests/live/through_test.py"], 300, "build")
    run_driver(runner, "bench", ["tests/live/bench_test.py"], 300, "build")
    overload = ["--seconds", "60"] if runner.long_run else []
    run_driver(runner, "overload", ["tests/live/overload_test.py", *overload], 600, "build")
    for name in ("queues", "links"):
        run_driver(runner, name, [f"tests/live/{name}_test.py"], 300, "build")
    run_drivers(runner, [(name, [f"tests/live/{name}_test.py"], 400) for name in (
        "retention", "proxy", "policy", "pause", "reload", "clock", "refusals", "traces",
        "tunnels", "fragments", "backup", "redaction", "unbound")],
        "build")
    flood = ["--seconds", "60", "--per-s", "5000"] if runner.long_run else []
    run_driver(runner, "flood", ["tests/live/flood_test.py", *flood], 300, "build")


def stage_crash(runner):
    def times(few, many):
        return str(many if runner.long_run else few)

    run_drivers(runner, [
        ("crash", ["tests/crash/crash_test.py", "--kills", times(3, 10)], 900),
        ("retention kills",
         ["tests/crash/retention_kill_test.py", "--kills", times(2, 100)], 3600),
        ("power", ["tests/crash/power_test.py", "--cuts", times(1, 40)], 7200),
        ("power run", ["tests/crash/power_run_test.py", "--cuts", times(1, 10)], 1800),
        ("rebuild", ["tests/crash/rebuild_test.py", "--kills", times(2, 50)], 1800),
        ("disk", ["tests/crash/disk_test.py"], 400),
        ("held disk", ["tests/crash/held_disk_test.py"], 400),
        ("pressure", ["tests/crash/pressure_test.py"], 400),
        ("refusal", ["tests/crash/refusal_test.py"], 500)], "build")


def sanitized_share(runner):
    """(Which, of how many) is to be run under sanitizers."""
    if runner.long_run:
        return 0, 1
    commits = int((git("rev-list", "--count", "HEAD") or ["0"])[0])
    return commits % SANITIZED_SHARES, SANITIZED_SHARES


def stage_asan_tree(runner):
    if not runner.configure(ASAN_TREE, ASAN_BUILD, CLANG):
        return
    tests = unit_tests(ASAN_TREE, share=sanitized_share(runner))
    programs = [os.path.relpath(test["cmd"][0], os.path.join(ROOT, ASAN_TREE)) for test in tests]
    runner.check(f"build {ASAN_TREE}", ["ninja", "-C", ASAN_TREE, "tapdeck", *programs], 2400)


def stage_asan(runner):
    mine, of = sanitized_share(runner)
    share = ["--share", f"{mine}/{of}"]
    run_gtests(runner, ASAN_TREE, share=(mine, of), label="asan ", **ASAN)
    flow_tests(runner, ASAN_TREE, "asan ", *share, **ASAN)
    corpus_tests(runner, ASAN_TREE, "asan ", *share, **ASAN)


def stage_asan_live(runner):
    run_drivers(runner, [
        (f"asan {name}", [f"tests/live/{name}_test.py", *load, "--no-loss-assert"], 900)
        for name, load in (("through", ("--calls", "20")), ("live", ("--calls", "20")),
                           ("flood", ("--per-s", "500")))], ASAN_TREE, **ASAN)


def stage_tsan(runner):
    """Rings, pools and snapshots: EAL is not instrumented, so base/ is tested apart from it."""
    options = ["-Db_sanitize=thread", *FAST_BUILD, *SANITIZER_BUILD]
    if not runner.configure("build-tsan", options):
        return
    targets = [os.path.relpath(target["filename"][0], os.path.join(ROOT, "build-tsan"))
               for target in introspect("build-tsan", "targets")
               if target["type"] == "executable" and "tests/unit/base" in target["defined_in"]]
    if not targets:
        runner.tally.fail("tsan: there is no unit test of base/")
    elif runner.check("build build-tsan", ["ninja", "-C", "build-tsan", *targets], 1200):
        # Without address randomisation: the sanitizer of g++ 12 knows older memory layouts only.
        run_gtests(runner, "build-tsan", only="base", prefix=("setarch", "-R"), label="tsan ",
                   TSAN_OPTIONS="halt_on_error=1:exitcode=99")


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.split() if done.returncode == 0 else []


def changed_files():
    """Product sources changed against the upstream branch, or in the last commit without one."""
    head = git("rev-parse", "HEAD")
    base = git("merge-base", "HEAD", "@{upstream}") or git("merge-base", "HEAD", "origin/HEAD")
    if not base or base == head:
        base = git("rev-parse", "--verify", "HEAD~1")
    if not base:
        return git("ls-files")
    return git("diff", "--name-only", "--diff-filter=d", base[0])


def configure_alone(runner):
    """A tree that names the command of each source, with the headers that a build makes."""
    if not runner.configure(ALONE_TREE, ALONE_BUILD):
        return False
    made = [os.path.relpath(name, os.path.join(ROOT, ALONE_TREE))
            for target in introspect(ALONE_TREE, "targets") for name in target["filename"]
            if name.endswith(".pb.h")]
    return runner.check("build generated headers", ["ninja", "-C", ALONE_TREE, *made], 300)


def stage_alone(runner):
    """Sources one at a time, as a tree for developing or packaging compiles them: what one lacks,
    others and precompiled headers provide in the trees of the tests. Those that changed last."""
    if not configure_alone(runner):
        return
    with open(os.path.join(ROOT, ALONE_TREE, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    outputs = {}
    for command in commands:
        path = os.path.relpath(os.path.join(command["directory"], command["file"]), ROOT)
        if path.startswith(tree.COMPILED_ALONE):
            outputs.setdefault(path, []).append(command["output"])
    paths = [path for path in tree.latest_changed() if path in outputs]
    if not runner.long_run:
        paths = paths[:ALONE_FILES_MAX]
    objects = [output for path in paths for output in outputs[path]]
    if not objects:
        runner.tally.fail("alone: there is no source")
    elif runner.check("build alone", ["ninja", "-C", ALONE_TREE, *objects], 2400):
        print(f"   {len(paths)} of {len(outputs)} sources", flush=True)


def stage_tidy(runner):
    if not configure_alone(runner):
        return
    names = git("ls-files", "*.cc") if runner.long_run else changed_files()
    files = [name for name in names if name.endswith(".cc") and name.startswith(PRODUCT)]
    if not runner.long_run and len(files) > TIDY_FILES_MAX:
        print(f"  {len(files)} files changed; {TIDY_FILES_MAX} of them are looked at")
        step = len(files) / TIDY_FILES_MAX
        files = [files[int(i * step)] for i in range(TIDY_FILES_MAX)]
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(lambda file: tidy(runner, file), files))


def tidy(runner, file):
    runner.check(f"tidy {file}",
                 ["clang-tidy-14", "-p", ALONE_TREE, "--quiet",
                  "--extra-arg=-Wno-unknown-warning-option", file], 600)


def build_fuzz_targets(runner):
    """Their paths from the root; none when they cannot be built."""
    if not runner.configure(ASAN_TREE, ASAN_BUILD, CLANG):
        return []
    targets = executables(ASAN_TREE, "_fuzz")
    inside = [os.path.relpath(target, ASAN_TREE) for target in targets]
    if not targets:
        runner.tally.fail("fuzz: there is no target")
    elif runner.check("build fuzz targets", ["ninja", "-C", ASAN_TREE, *inside], 2400):
        return targets
    return []


def stage_fuzz(runner):
    targets = build_fuzz_targets(runner)
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(lambda target: fuzz(runner, target), targets))


def fuzz(runner, target):
    name = os.path.basename(target)
    corpus = os.path.join(runner.temporary, name)
    fuzzing.unpack(target, corpus)
    seconds = 600 if runner.long_run else 5
    runner.check(f"fuzz {name}",
                 [target, f"-max_total_time={seconds}", "-seed=1", *fuzzing.OPTIONS,
                  f"-artifact_prefix={runner.logs}/{name}.", corpus,
                  *fuzzing.seed_directories(ASAN_TREE, target)],
                 seconds + 120, **{**ASAN, "ASAN_OPTIONS": "detect_stack_use_after_return=1"})
    subprocess.run(["rm", "-rf", corpus], check=True)


def stage_bench(runner):
    run_driver(runner, "compare", ["tests/bench/compare_test.py"], 60, "build")
    run_driver(runner, "bench_options", ["tests/bench/options_test.py"], 120, "build")
    run_driver(runner, "targets", ["tests/bench/targets_test.py"], 60, "build")
    for target in executables("build", "_bench"):
        runner.check(f"bench {os.path.basename(target)}",
                     [target, "--benchmark_min_time=0.01"], 120)
    program = os.path.join(ROOT, "build", "tapdeck")
    with tempfile.TemporaryDirectory(prefix="bench.", dir=os.path.join(ROOT, "build")) as disk:
        for words in HARNESSES:
            store = ["--store", disk] if words[0] in harnesses.ON_DISK else []
            runner.check(f"tapdeck bench {words[0]}", [program, *store, "bench", *words], 120)
        runner.check("bench retention", ["build/bench/load/retention",
                                         os.path.join(disk, "retention"), "2000"], 120)


TREE_LATER, ASAN_LIVE = "asan_tree", "asan_live"
STAGES = {
    "checks": stage_checks, "build": stage_build, "unit": stage_unit, "flow": stage_flow,
    "counters": stage_counters,
    "corpus": stage_corpus, "traffic": stage_traffic, "encapsulation": stage_encapsulation,
    "live": stage_live, "crash": stage_crash,
    TREE_LATER: stage_asan_tree, "asan": stage_asan, "tsan": stage_tsan, "tidy": stage_tidy,
    "alone": stage_alone,
    "fuzz": stage_fuzz,
    ASAN_LIVE: stage_asan_live, "bench": stage_bench,
}
NEED_BUILD = {"unit", "flow", "counters", "corpus", "traffic", "encapsulation", "live", "crash",
              "tidy", "bench"}
NEED_TREE_LATER = {"asan", ASAN_LIVE}
# They need processors, where all others mostly wait; TREE_LATER comes before them.
BESIDE = ["asan", "fuzz", "tsan", "tidy", "alone"]
