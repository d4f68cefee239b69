#include "control/doctor/host_memory.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <utility>

namespace tapdeck::control {
namespace {

// Where cgroups stand, and how the files of each version are called.
struct Version {
  const char* mount;
  const char* limit;
  const char* usage;
  const char* reclaimable;  // in memory.stat
};

constexpr Version kFirst = {"/sys/fs/cgroup/memory",
                            "memory.limit_in_bytes",
                            "memory.usage_in_bytes",
                            "total_inactive_file "};
constexpr Version kSecond = {"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file "};

// The number behind `name` at the beginning of a line.
std::optional<std::uint64_t> line_value(const std::string& text, std::string_view name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    const std::size_t begin = line.find_first_not_of(" \t", name.size());
    if (begin == std::string::npos) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(line.data() + begin, line.data() + line.size(), value);
    if (error == std::errc{}) return value;
  }
  return std::nullopt;
}

void bound(MemoryRoom& room, std::uint64_t bytes, const std::string& of) {
  if (bytes >= room.bytes) return;
  room.bytes = bytes;
  room.of = of;
}

// Of this cgroup and those that it is in.
void bound_by_cgroups(MemoryRoom& room,
                      const HostFiles& host,
                      const Version& version,
                      std::string path,
                      bool available) {
  while (true) {
    const std::string folder = version.mount + (path == "/" ? std::string() : path) + "/";
    // "max" is no number; of the first version the greatest number means as much.
    const auto limit = host.number(folder + version.limit);
    if (limit && *limit >= 0) {
      auto bytes = static_cast<std::uint64_t>(*limit);
      if (available) {
        const auto used =
            static_cast<std::uint64_t>(host.number(folder + version.usage).value_or(0));
        const std::uint64_t given_up =
            line_value(host.text(folder + "memory.stat").value_or(""), version.reclaimable)
                .value_or(0);
        const std::uint64_t kept = used - std::min(used, given_up);
        bytes -= std::min(bytes, kept);
      }
      bound(room, bytes, "the memory cgroup " + path);
    }
    if (path.size() <= 1) return;
    path.resize(std::max<std::size_t>(1, path.rfind('/')));
  }
}

// proc_pid_cgroup(5): "4:memory:/PATH" of the first version, "0::/PATH" of the second.
MemoryRoom room_of(const HostFiles& host, const char* line, bool available) {
  MemoryRoom room;
  const auto kib = line_value(host.text("/proc/meminfo").value_or(""), line);
  if (kib) room.bytes = *kib * 1'024;
  std::istringstream cgroups(host.text("/proc/self/cgroup").value_or(""));
  for (std::string entry; std::getline(cgroups, entry);) {
    const std::size_t first = entry.find(':');
    const std::size_t second = entry.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + entry.substr(first + 1, second - first - 1) + ",";
    const std::string path = entry.substr(second + 1);
    if (controllers == ",,") bound_by_cgroups(room, host, kSecond, path, available);
    if (controllers.find(",memory,") == std::string::npos) continue;
    bound_by_cgroups(room, host, kFirst, path, available);
  }
  return room;
}

std::int64_t hugepages_mib(const HostFiles& host, const char* file) {
  std::int64_t mib = 0;
  for (const auto& [directory, size_mib] :
       {std::pair{"/sys/kernel/mm/hugepages/hugepages-2048kB/", std::int64_t{2}},
        std::pair{"/sys/kernel/mm/hugepages/hugepages-1048576kB/", std::int64_t{1'024}}}) {
    mib += host.number(std::string(directory) + file).value_or(0) * size_mib;
  }
  return mib;
}

}  // namespace

MemoryRoom memory_in_all(const HostFiles& host) { return room_of(host, "MemTotal:", false); }

MemoryRoom memory_available(const HostFiles& host) { return room_of(host, "MemAvailable:", true); }

std::int64_t free_hugepages_mib(const HostFiles& host) {
  return hugepages_mib(host, "free_hugepages");
}

std::int64_t all_hugepages_mib(const HostFiles& host) {
  return hugepages_mib(host, "nr_hugepages");
}

}  // namespace tapdeck::control
