#include "control/doctor/memory_checks.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "config/sizing.h"
#include "control/doctor/host_memory.h"

namespace tapdeck::control {
namespace {

constexpr std::uint64_t kBytesPerMib = 1 << 20;

bool are_taken(const HostFiles& host, const config::Config& config) {
  return config.eal.hugepages != config::AutoYesNo::kNo &&
         free_hugepages_mib(host) >= std::int64_t{config.eal.memory_mib};
}

}  // namespace

Finding check_memory(const HostFiles& host, const config::Config& config) {
  const config::Sizing sizing = config::size_up(config.streams);
  const std::uint64_t wanted_mib = std::max<std::uint64_t>(config.eal.memory_mib, sizing.media_mib);
  const MemoryRoom all = memory_in_all(host);
  const MemoryRoom now = memory_available(host);
  const auto told = [wanted_mib](const MemoryRoom& room, const char* what) {
    return fmt::format(
        "{} MiB are wanted, {} has {} MiB{}", wanted_mib, room.of, room.bytes / kBytesPerMib, what);
  };
  constexpr const char* kFewer = "streams.chunk_count and streams.stream_count_max decide it.";
  if (wanted_mib > all.bytes / kBytesPerMib)
    return {"memory", Health::kBlocked, told(all, ""), kFewer};
  if (wanted_mib > now.bytes / kBytesPerMib && !are_taken(host, config)) {
    return {"memory",
            Health::kNote,
            told(now, " left now"),
            std::string("Unless it is Tapdeck that has the rest, it will not start. ") + kFewer};
  }
  return {"memory", Health::kGood, told(all, ""), ""};
}

Finding check_hugepages(const HostFiles& host, const config::Config& config) {
  const std::int64_t free_mib = free_hugepages_mib(host);
  const std::string found = fmt::format("{} MiB, {} MiB free", all_hugepages_mib(host), free_mib);
  if (config.eal.hugepages == config::AutoYesNo::kNo) {
    return {"hugepages", Health::kNote, found + "; not used, as configured", ""};
  }
  const std::int64_t wanted_mib = config.eal.memory_mib;
  if (free_mib >= wanted_mib) return {"hugepages", Health::kGood, found, ""};
  return {"hugepages",
          config.eal.hugepages == config::AutoYesNo::kYes ? Health::kBlocked : Health::kSlow,
          found + fmt::format("; {} MiB are needed", wanted_mib),
          fmt::format("sysctl vm.nr_hugepages={} before the start (at boot, or memory is too "
                      "scattered)",
                      (wanted_mib + 1) / 2)};
}

Finding check_transparent_hugepages(const HostFiles& host, const config::Config& config) {
  constexpr const char* kFile = "/sys/kernel/mm/transparent_hugepage/enabled";
  constexpr const char* kCheck = "transparent_hugepages";
  const auto modes = host.text(kFile);  // "always [madvise] never"
  if (!modes) return {kCheck, Health::kNote, "not known to this kernel", ""};
  const std::size_t begin = modes->find('[') + 1;
  const std::string mode = modes->substr(begin, modes->find(']') - begin);
  if (mode != "never") return {kCheck, Health::kGood, mode, ""};
  if (are_taken(host, config)) return {kCheck, Health::kNote, mode + "; hugepages are taken", ""};
  return {kCheck,
          Health::kSlow,
          mode + ": a packet costs up to twice as much in small pages",
          fmt::format("echo madvise > {}", kFile)};
}

}  // namespace tapdeck::control
