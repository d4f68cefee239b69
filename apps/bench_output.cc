#include "apps/bench_output.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "bench/load/interrupt.h"
#include "bench/report/host_facts.h"
#include "control/doctor/backing.h"
#include "control/doctor/host_memory.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint64_t kChunkKib = 18;  // with what a stream's tables take

bool write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace

std::vector<unsigned> allowed_cpus() {
  std::vector<unsigned> cpus = control::allowed_cpus(control::HostFiles());
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

std::string pinned_lcores(const std::vector<unsigned>& cpus, unsigned others) {
  std::string map = "0@" + std::to_string(cpus[0]);
  for (unsigned i = 1; i <= others; ++i) {
    map += "," + std::to_string(i) + "@" + std::to_string(cpus[i % cpus.size()]);
  }
  return map;
}

Result<void> check_output(const control::BenchOutput& output) {
  if (output.svg_file.empty()) return {};
  std::FILE* file = std::fopen(output.svg_file.c_str(), "a");
  if (file == nullptr) {
    return make_errno_error(
        ErrorCode::kIo, "The plot could not be written to " + output.svg_file, errno);
  }
  std::fclose(file);
  return {};
}

report::Report start_report(const std::string& bench, const engine::Eal& eal) {
  report::Report out;
  out.bench = bench;
  out.host = report::host_facts(control::HostFiles());
  out.host.push_back({{"packet_memory", "memory of packets"}, eal.explanation()});
  return out;
}

engine::EalOptions bench_eal(const control::BenchOutput& output,
                             std::uint32_t heap_mib,
                             std::uint64_t chunk_count) {
  engine::EalOptions options;
  options.hugepages = output.hugepages ? engine::HugepageUse::kAuto : engine::HugepageUse::kNo;
  options.heap_mib = heap_mib;
  options.memory_mib = heap_mib + static_cast<std::uint32_t>(chunk_count * kChunkKib / 1'024);
  return options;
}

std::uint64_t chunk_bytes(std::uint64_t chunk_count) { return chunk_count * kChunkKib * 1'024; }

Result<void> check_memory(std::uint64_t wanted_bytes,
                          const engine::EalOptions& eal,
                          const control::HostFiles& host) {
  constexpr std::uint64_t kMib = 1 << 20;
  if (eal.hugepages != engine::HugepageUse::kNo &&
      control::free_hugepages_mib(host) >= std::int64_t{eal.memory_mib}) {
    return {};
  }
  const control::MemoryRoom room = control::memory_available(host);
  if (wanted_bytes <= room.bytes) return {};
  return make_error(ErrorCode::kResources,
                    fmt::format("This takes some {} MiB of memory, and {} has {} MiB left: name "
                                "fewer with --streams.",
                                wanted_bytes / kMib,
                                room.of,
                                room.bytes / kMib));
}

HostWish wanted_of_host(std::uint32_t worker_count,
                        const engine::EalOptions* eal,
                        const std::vector<unsigned>& cpus) {
  HostWish wish{.config = {}, .cpus = cpus};
  config::Config& config = wish.config;
  config.capture.workers = worker_count;
  config.capture.idle_sleep_us = 0;
  if (eal == nullptr || eal->hugepages == engine::HugepageUse::kNo) {
    config.eal.hugepages = config::AutoYesNo::kNo;
  } else {
    config.eal.memory_mib = eal->memory_mib;
  }
  return wish;
}

std::pair<unsigned, unsigned> two_cpus(const std::vector<unsigned>& allowed,
                                       const control::HostFiles& host) {
  const unsigned first = allowed.front();
  const std::vector<int> same_core =
      control::parse_cpu_list(host.text("/sys/devices/system/cpu/cpu" + std::to_string(first) +
                                        "/topology/thread_siblings_list")
                                  .value_or(""));
  for (const unsigned cpu : allowed) {
    const bool same =
        std::find(same_core.begin(), same_core.end(), static_cast<int>(cpu)) != same_core.end();
    if (cpu != first && !same) return {first, cpu};
  }
  return {first, allowed.back()};
}

report::Figure disk_fact(const std::string& directory) {
  return {{"disk", "disk"}, control::backing_of(directory, control::HostFiles()).chain};
}

void RulesRatio::add(std::uint32_t load, std::uint32_t rules, double cost) {
  if (load != load_) costs_.clear();
  load_ = load;
  auto& [sum, rows] = costs_[rules];
  sum += cost;
  ++rows;
}

void RulesRatio::tell(const char* title, report::Report& out) const {
  if (costs_.size() < 2) return;
  const auto mean = [](const auto& entry) { return entry.second.first / entry.second.second; };
  out.results.push_back(
      {{"rules_ratio", title, 3}, mean(*costs_.rbegin()) / mean(*costs_.begin())});
}

int print_report(const control::BenchOutput& output,
                 const HostWish& wanted,
                 report::Report& report) {
  if (load::is_interrupted()) report.simulated.emplace_back(kInterrupted);
  report.held_back = report::held_back(control::HostFiles(), wanted.config, wanted.cpus);
  const std::string text = output.json  ? report::to_json(report)
                           : output.csv ? report::to_csv(report)
                                        : report::to_text(report);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  for (const std::string& wrong : report.wrong) {
    std::fprintf(stderr, "tapdeck: %s\n", wrong.c_str());
  }
  if (!output.svg_file.empty() &&
      !write_file(output.svg_file, report::to_svg(report.plots, report::provenance(report)))) {
    return bench_failed(
        make_error(ErrorCode::kIo, "The plot could not be written to " + output.svg_file + "."));
  }
  if (load::is_interrupted()) return kExitInterrupted;
  return report.wrong.empty() ? control::kExitDone : control::kExitFailed;
}

void tell_notes(const load::Scratch& scratch) {
  for (const std::string& note : scratch.notes()) {
    std::fprintf(stderr, "tapdeck: %s\n", note.c_str());
  }
}

int bench_failed(const Error& error) {
  std::fprintf(stderr, "tapdeck: %s\n", error.message.c_str());
  return error.code == ErrorCode::kCancelled ? kExitInterrupted : control::kExitFailed;
}

}  // namespace tapdeck::apps
