#include "bench/report/host_facts.h"

#include <algorithm>
#include <array>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include "control/doctor/host_checks.h"

namespace tapdeck::report {
namespace {

// Of doctor's checks; the others say nothing about speed.
constexpr std::array<std::string_view, 11> kChecks = {"processor",
                                                      "virtual_machine",
                                                      "cpus",
                                                      "load",
                                                      "isolated_cpus",
                                                      "cpu_frequency",
                                                      "hugepages",
                                                      "transparent_hugepages",
                                                      "cards",
                                                      "io_uring",
                                                      "clocksource"};

std::string processor(const control::HostFiles& host) {
  const std::string cpuinfo = host.text("/proc/cpuinfo").value_or("");
  const std::size_t name = cpuinfo.find("model name");
  const std::size_t begin = name == std::string::npos ? name : cpuinfo.find(": ", name);
  if (begin == std::string::npos) return "unknown";
  return cpuinfo.substr(begin + 2, cpuinfo.find('\n', begin) - begin - 2);
}

std::string kernel() {
  utsname names{};
  if (uname(&names) != 0) return "unknown";
  return std::string(names.sysname) + " " + names.release;
}

std::string_view build_kind() {
#if defined(NDEBUG)
  return "release";
#elif defined(__OPTIMIZE__)
  return "optimised, with checks: figures are for comparison only";
#else
  return "not optimised: figures mean nothing";
#endif
}

std::uint64_t memory_mib() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / (1U << 20);
}

}  // namespace

std::vector<Figure> host_facts(const control::HostFiles& host) {
  const std::string load = host.text("/proc/loadavg").value_or("");
  return {{{"version", "version"}, std::string(TAPDECK_VERSION)},
          {{"commit", "commit"}, std::string(build_commit())},
          {{"build", "build"}, std::string(build_kind())},
          {{"processor", "processor"}, processor(host)},
          {{"cpus", "CPUs"}, std::uint64_t{std::thread::hardware_concurrency()}},
          {{"memory_mib", "memory MiB"}, memory_mib()},
          {{"kernel", "kernel"}, kernel()},
          {{"load_average", "load average, 1 minute"}, load.substr(0, load.find(' '))}};
}

control::Findings held_back(const control::HostFiles& host,
                            const config::Config& config,
                            const std::vector<unsigned>& allowed) {
  control::Findings out;
  for (const control::Finding& finding : control::check_host(host, config, allowed)) {
    const bool asked = std::find(kChecks.begin(), kChecks.end(), finding.check) != kChecks.end();
    if (asked && !finding.remedy.empty()) out.push_back(finding);
  }
  return out;
}

}  // namespace tapdeck::report
