"""What the checks know of the tree: its source files and who may include whom."""

import os
import re
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

# Folder -> folders it may include (itself always), or parts of such.
LAYERS = {
    "base": set(),
    "model": {"base"},
    "config": {"base"},
    "engine": {"base", "model", "config"},
    "storage": {"base", "model", "config"},
    "pipelines": {"base", "model", "config", "storage"},
    "control": {"base", "model", "config", "storage", "pipelines"},
    "apps": {"base", "model", "config", "engine", "storage", "pipelines", "control",
             "bench/load", "bench/report", "bench/traffic"},
}
EVERYTHING = set(LAYERS) | {"tests", "bench"}
LAYERS["tests"] = EVERYTHING  # tests/unit/apps tests apps/
LAYERS["bench"] = EVERYTHING - {"apps"}

# Whose sources are compiled one by one in script/test's stage `alone`.
COMPILED_ALONE = tuple(f"{folder}/" for folder in LAYERS if folder != "tests")

# Single headers of another layer that a folder may include, each for a reason.
EXTRA_INCLUDES = {}

# Third-party library -> (pattern of its headers, places where it may be included).
THIRD_PARTY = {
    "tl::expected": (r"tl/", ["base/"]),
    "spdlog": (r"spdlog/", ["base/log.cc"]),
    "fmt": (r"fmt/", ["base/log.cc", "config/", "control/", "apps/", "tests/", "bench/"]),
    "protobuf": (r"google/protobuf/|.*\.pb\.h", [r"model/.*codec.*"]),
    "yaml-cpp": (r"yaml-cpp/", [r"config/yaml\.cc"]),
    "Expat": (r"expat", [r"pipelines/signalling/siprec_metadata\.cc"]),
    "DPDK": (r"rte_|ethdev_driver|bus_", ["engine/", "apps/", "tests/", "bench/"]),
    "zlib and zstd": (r"zlib\.h|zstd", ["engine/capture/", "storage/", "tests/", "bench/"]),
    "liburing": (r"liburing", [r"storage/uring\.(h|cc)"]),
    "RocksDB": (r"rocksdb/", [r"storage/call_store[a-z_]*\.(h|cc)",
                              r"tests/unit/storage/call_store[a-z_]*_test\.cc"]),
    "OpenSSL": (r"openssl/", [r"storage/crypto\.(h|cc)"]),
    "IPsec-MB": (r"intel-ipsec-mb", [r"storage/crypto\.(h|cc)"]),
    "Hyperscan": (r"hs(/|\.h|_)", ["engine/", "pipelines/policy/", "pipelines/signalling/"]),
    "codecs": (r"opus/|libav", ["pipelines/media/"]),
    "libphonenumber": (r"phonenumbers/", [r"pipelines/numbers/number_plan\.cc"]),
    "libosip2": (r"osip2?/|osipparser2/", [r"tests/differential/osip_reader\.cc"]),
    "CLI11": (r"CLI/", ["control/", "apps/", "bench/"]),
    "JSON": (r"nlohmann/|simdjson", ["control/", "apps/", "tests/", "bench/"]),
    "date": (r"date/", ["base/", "control/", "config/"]),
    "GoogleTest": (r"gtest/|gmock/", ["tests/"]),
    "Google Benchmark": (r"benchmark/", ["bench/"]),
}


def tracked_files(root=ROOT):
    """Paths in the tree that git tracks or would track, relative to `root`."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"],
                            check=True, capture_output=True, text=True).stdout
    return sorted(path for path in listed.split("\0")
                  if path and os.path.exists(os.path.join(root, path)))


def cpp_files(root=ROOT):
    return [path for path in tracked_files(root) if path.endswith((".h", ".cc"))]


def latest_changed(root=ROOT):
    """All files that were ever committed, those that the latest commits changed first."""
    listed = subprocess.run(["git", "-C", root, "log", "--format=", "--name-only"], check=True,
                            capture_output=True, text=True).stdout
    return list(dict.fromkeys(path for path in listed.split("\n") if path))


def layer_problems(path, text):
    """Includes in one file that the tables above do not allow."""
    problems = []
    folder = path.split("/")[0]
    if folder not in LAYERS:
        return [f"{path}: its folder has no row in the layer table"]
    for number, line in enumerate(text.split("\n"), 1):
        own = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        foreign = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        if own:
            problem = own_include_problem(folder, own.group(1))
        elif foreign:
            problem = third_party_problem(path, foreign.group(1))
        else:
            continue
        if problem:
            problems.append(f"{path}:{number}: {problem}")
    return problems


def own_include_problem(folder, included):
    target = included.split("/")[0]
    if included.endswith(".pb.h"):
        return None  # generated beside the codec; the protobuf row decides who may
    if "/" not in included or target not in LAYERS:
        return f'"{included}" is not rooted at the source directory'
    allowed = LAYERS[folder] | {folder}
    if any(included.startswith(part + "/") for part in allowed):
        return None
    if included in EXTRA_INCLUDES.get(folder, ()):
        return None
    return f'{folder} may not include "{included}"'


def third_party_problem(path, header):
    for library, (pattern, places) in THIRD_PARTY.items():
        if re.match(pattern, header):
            if any(re.match(place, path) for place in places):
                return None
            return f"<{header}>: {library} belongs to {', '.join(places)}"
    return None
