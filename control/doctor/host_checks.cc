#include "control/doctor/host_checks.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <fmt/format.h>

#include "config/sizing.h"
#include "control/doctor/memory_checks.h"

namespace tapdeck::control {
namespace {

constexpr std::int64_t kMib = 1 << 20;
constexpr std::uint64_t kOpenFilesWanted = 4'096;

// The instructions of x86-64-v3, for which Tapdeck is compiled, as /proc/cpuinfo names them.
constexpr std::array<std::string_view, 8> kInstructions = {
    "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"};

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const bool begins = at == 0 || text[at - 1] == ' ' || text[at - 1] == ':';
    const std::size_t end = at + word.size();
    if (begins && (end == text.size() || text[end] == ' ')) return true;
  }
  return false;
}

// The value of the first "name : value" line.
std::string_view cpuinfo_value(std::string_view cpuinfo, std::string_view name) {
  std::size_t at = cpuinfo.find(name);
  if (at == std::string_view::npos) return {};
  at = cpuinfo.find(':', at);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = std::min(at + 2, cpuinfo.size());
  return cpuinfo.substr(begin, std::min(cpuinfo.find('\n', at), cpuinfo.size()) - begin);
}

// The writer does without them, at half its rate or less.
Finding judge_writer_instructions(std::string_view flags, std::string found) {
  for (const std::string_view instruction : {"sha_ni", "vaes"}) {
    if (!has_word(flags, instruction)) {
      found += fmt::format(", without {} for the writer", instruction);
    }
  }
  if (found.find(", without ") == std::string::npos) return {"processor", Health::kGood, found, ""};
  return {"processor",
          Health::kSlow,
          found,
          "Hashing and encrypting media takes a writer's CPU two times as long or more: use a "
          "processor with SHA and VAES (Intel since Ice Lake, AMD since Zen 3), and hand them on "
          "to the guest."};
}

Finding check_processor(const HostFiles& host) {
  const std::string cpuinfo = host.text("/proc/cpuinfo").value_or("");
  const std::string_view flags = cpuinfo_value(cpuinfo, "flags");
  std::string missing;
  for (const std::string_view instruction : kInstructions) {
    if (!has_word(flags, instruction)) missing += fmt::format(" {}", instruction);
  }
  std::string found(cpuinfo_value(cpuinfo, "model name"));
  if (missing.empty()) return judge_writer_instructions(flags, found);
  return {"processor",
          Health::kBlocked,
          found + ", without" + missing,
          "Use a processor with x86-64-v3 (Intel since Haswell, AMD since Zen), or build with "
          "`meson setup build -Dcpu=x86-64-v2`."};
}

Finding check_virtual_machine(const HostFiles& host) {
  const std::string cpuinfo = host.text("/proc/cpuinfo").value_or("");
  if (!has_word(cpuinfo_value(cpuinfo, "flags"), "hypervisor")) {
    return {"virtual_machine", Health::kGood, "no", ""};
  }
  return {"virtual_machine",
          Health::kNote,
          "yes: " + host.text("/sys/class/dmi/id/sys_vendor").value_or("of an unknown kind"),
          "What its CPUs do moves with the neighbours': pin them to CPUs of the host that nobody "
          "else has, or record on the host itself."};
}

std::size_t online_cpus(const HostFiles& host) {
  return parse_cpu_list(host.text("/sys/devices/system/cpu/online").value_or("")).size();
}

Finding check_cpus(const HostFiles& host,
                   const config::Config& config,
                   const std::vector<unsigned>& allowed) {
  const std::size_t online = online_cpus(host);
  const std::size_t usable = allowed.empty() ? online : std::min(online, allowed.size());
  const std::size_t wanted = config.capture.workers + 2U;  // call plane and writer
  const std::string kept_from =
      usable == online ? "" : fmt::format(", {} allowed (taskset, cpuset)", usable);
  std::string found = fmt::format("{} online{}, {} wanted: {} workers, call plane, writer",
                                  online,
                                  kept_from,
                                  wanted,
                                  config.capture.workers);
  const std::string siblings =
      host.text("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list").value_or("0");
  if (parse_cpu_list(siblings).size() > 1) found += "; hyper-threads share cores";
  if (usable >= wanted) return {"cpus", Health::kGood, found, ""};
  return {"cpus",
          Health::kSlow,
          found,
          online >= wanted
              ? "Threads take turns: allow more CPUs (CPUAffinity= and AllowedCPUs= of the unit)."
              : "Threads take turns: give the host more CPUs."};
}

// Per mille of the time since the start, of all CPUs, in which the hypervisor had given them to
// others.  proc_stat(5): "cpu user nice system idle iowait irq softirq steal ..."
std::uint64_t steal_per_mille(const HostFiles& host) {
  std::istringstream words(host.text("/proc/stat").value_or(""));
  std::string name;
  words >> name;
  std::uint64_t all = 0;
  std::uint64_t steal = 0;
  for (int i = 0; i < 8 && words >> steal; ++i) all += steal;
  return words && all > 0 ? steal * 1'000 / all : 0;
}

Finding check_load(const HostFiles& host) {
  constexpr std::uint64_t kStealMax = 10;
  const std::string text = host.text("/proc/loadavg").value_or("");
  double load = 0;
  std::istringstream(text) >> load;
  const std::size_t cpus = online_cpus(host);
  const std::uint64_t steal = steal_per_mille(host);
  const std::string found =
      fmt::format("load average {:.1f} on {} CPUs, {:.1f} % of their time stolen",
                  load,
                  cpus,
                  static_cast<double>(steal) / 10);
  if (steal > kStealMax) {
    return {"load",
            Health::kSlow,
            found,
            "The hypervisor gives the CPUs to others: packets wait, then are lost. Have them "
            "pinned to CPUs that nobody else has."};
  }
  if (load <= static_cast<double>(cpus)) return {"load", Health::kGood, found, ""};
  return {"load",
          Health::kSlow,
          found,
          "More threads want to run than there are CPUs: end what else runs here."};
}

Finding check_media_buffers(const config::Config& config) {
  const config::Sizing sizing = config::size_up(config.streams);
  const std::string found = config::to_string(sizing, config.streams);
  if (sizing.stall_s >= 1) return {"media_buffers", Health::kGood, found, ""};
  return {
      "media_buffers",
      Health::kSlow,
      found,
      fmt::format("Set streams.chunk_count to {}: a disk stands still for a second now and then.",
                  sizing.chunks_for_1s)};
}

Finding check_isolated(const HostFiles& host, const config::Config& config) {
  const std::string isolated = host.text("/sys/devices/system/cpu/isolated").value_or("");
  if (config.capture.idle_sleep_us != 0) {
    return {"isolated_cpus",
            Health::kNote,
            isolated.empty() ? "none; workers sleep when idle" : isolated,
            "For busy polling: capture.idle_sleep_us 0, isolcpus= and nohz_full= on the kernel's "
            "command line, eal.lcores."};
  }
  if (parse_cpu_list(isolated).size() >= config.capture.workers && !config.eal.lcores.empty()) {
    return {"isolated_cpus", Health::kGood, isolated + ", eal.lcores " + config.eal.lcores, ""};
  }
  return {"isolated_cpus",
          Health::kSlow,
          isolated.empty() ? "none" : isolated,
          "Workers poll: boot with isolcpus= and nohz_full= for their CPUs, name them in "
          "eal.lcores."};
}

Finding check_governor(const HostFiles& host) {
  const auto governor = host.text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (!governor) return {"cpu_frequency", Health::kNote, "not set by this kernel", ""};
  if (*governor == "performance") return {"cpu_frequency", Health::kGood, *governor, ""};
  return {"cpu_frequency", Health::kSlow, *governor, "cpupower frequency-set -g performance"};
}

Finding check_numa(const HostFiles& host) {
  const auto nodes = parse_cpu_list(host.text("/sys/devices/system/node/online").value_or("0"));
  const std::string found = fmt::format("{} node(s)", nodes.size());
  if (nodes.size() < 2) return {"numa", Health::kGood, found, ""};
  return {"numa",
          Health::kNote,
          found,
          "Choose the workers' CPUs (eal.lcores) on the node of their card: see cards."};
}

Finding check_iommu(const HostFiles& host) {
  const auto units = host.names("/sys/class/iommu");
  if (!units.empty()) return {"iommu", Health::kGood, fmt::format("{} units", units.size()), ""};
  return {"iommu",
          Health::kNote,
          "none",
          "Cards under vfio-pci need one: intel_iommu=on or amd_iommu=on, iommu=pt, or "
          "vfio's no-IOMMU mode."};
}

bool is_ethernet(const HostFiles& host, const std::string& device) {
  return host.text("/sys/bus/pci/devices/" + device + "/class").value_or("").starts_with("0x0200");
}

Finding check_cards(const HostFiles& host) {
  std::string found;
  bool ready = false;
  for (const std::string& device : host.names("/sys/bus/pci/devices")) {
    if (!is_ethernet(host, device)) continue;
    const std::string path = "/sys/bus/pci/devices/" + device;
    const std::string driver = host.link_name(path + "/driver");
    ready = ready || driver == "vfio-pci" || driver.starts_with("mlx") ||
            driver.starts_with("uio") || driver.starts_with("igb_uio");
    found += fmt::format("{}{} driver {} node {}",
                         found.empty() ? "" : "; ",
                         device,
                         driver.empty() ? "none" : driver,
                         host.number(path + "/numa_node").value_or(-1));
  }
  if (found.empty()) {
    return {"cards",
            Health::kNote,
            "no Ethernet card on PCI",
            "Interfaces of the kernel are captured by net_af_packet, at a fraction of the rate."};
  }
  if (ready) return {"cards", Health::kGood, found, ""};
  return {"cards",
          Health::kSlow,
          found,
          "Bind the capture card to a DPDK driver: dpdk-devbind.py --bind=vfio-pci ADDRESS."};
}

Finding check_locked_memory(const config::Config& config) {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  // The capture's buffers, and four more of an import.
  const std::uint64_t wanted =
      (std::uint64_t{config.storage.staging_buffers} + 4) * config.storage.staging_kib * 1'024;
  if (limit.rlim_cur == RLIM_INFINITY) return {"locked_memory", Health::kGood, "unlimited", ""};
  // The kernel does not hold io_uring of root to the limit.
  if (geteuid() == 0) return {"locked_memory", Health::kGood, "unlimited for root", ""};
  const std::string found = fmt::format("{} MiB allowed, {} MiB wanted",
                                        limit.rlim_cur / static_cast<std::uint64_t>(kMib),
                                        wanted / static_cast<std::uint64_t>(kMib));
  if (limit.rlim_cur >= wanted) return {"locked_memory", Health::kGood, found, ""};
  return {"locked_memory", Health::kSlow, found, "LimitMEMLOCK=infinity in the service's unit"};
}

Finding check_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  // The program raises the soft limit to the hard one when it starts.
  const std::string found = fmt::format("{} in force, {} at most", limit.rlim_cur, limit.rlim_max);
  if (limit.rlim_cur >= kOpenFilesWanted) return {"open_files", Health::kGood, found, ""};
  return {"open_files",
          Health::kSlow,
          found,
          fmt::format("LimitNOFILE={} in the service's unit", kOpenFilesWanted * 16)};
}

Finding check_io_uring(const HostFiles& host) {
  const auto disabled = host.number("/proc/sys/kernel/io_uring_disabled");
  if (!disabled || *disabled == 0) return {"io_uring", Health::kGood, "allowed", ""};
  return {"io_uring",
          Health::kSlow,
          fmt::format("kernel.io_uring_disabled is {}", *disabled),
          "sysctl kernel.io_uring_disabled=0"};
}

Finding check_clocksource(const HostFiles& host) {
  const auto source = host.text("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  if (!source) return {"clocksource", Health::kNote, "unknown", ""};
  if (*source == "tsc" || *source == "kvm-clock") {
    return {"clocksource", Health::kGood, *source, ""};
  }
  return {"clocksource",
          Health::kSlow,
          *source,
          "Reading the time is slow: boot with clocksource=tsc tsc=reliable where the hardware "
          "allows it."};
}

Finding check_time_sync() {
  timex state{};
  const int clock = adjtimex(&state);
  if (clock >= 0 && clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0) {
    return {"time_sync",
            Health::kGood,
            fmt::format("synchronised, {} us maximum error", state.maxerror),
            ""};
  }
  return {"time_sync",
          Health::kSlow,
          "the clock is not synchronised",
          "Run chrony or ntpd (or ptp4l and phc2sys): the times of records are evidence."};
}

}  // namespace

Findings check_host(const HostFiles& host,
                    const config::Config& config,
                    const std::vector<unsigned>& allowed) {
  return {check_processor(host),
          check_virtual_machine(host),
          check_cpus(host, config, allowed),
          check_load(host),
          check_isolated(host, config),
          check_governor(host),
          check_memory(host, config),
          check_hugepages(host, config),
          check_transparent_hugepages(host, config),
          check_numa(host),
          check_iommu(host),
          check_cards(host),
          check_media_buffers(config),
          check_locked_memory(config),
          check_open_files(),
          check_io_uring(host),
          check_clocksource(host),
          check_time_sync()};
}

}  // namespace tapdeck::control
