#include "config/validate.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <sys/stat.h>
#include <tuple>

#include "base/result.h"
#include "config/devices.h"
#include "config/limits.h"
#include "config/networks.h"
#include "config/pressure.h"
#include "config/regions.h"
#include "config/retention_classes.h"
#include "config/sizing.h"
#include "config/texts.h"

namespace tapdeck::config {
namespace {

bool exists(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0;
}

class Validator {
 public:
  Validator(const Config& config, const std::string& file, const LineMap& lines)
      : config_(config), file_(file), lines_(lines) {}

  void check_ports();
  void check_realms();
  void check_numbers();
  void check_trunks();
  void check_ranges();
  void check_workers();
  void check_memory();
  void check_times();
  void check_decode();
  void check_storage();
  void check_host(const ValidateOptions& options);
  void check_devices(const ValidateOptions& options);

  std::vector<Problem> take() { return std::move(problems_); }

 private:
  void error(const std::string& path, const std::string& what) {
    problems_.push_back({file_, line_of(lines_, path), path + ": " + what, true});
  }

  void warn(const std::string& path, const std::string& what) {
    problems_.push_back({file_, line_of(lines_, path), path + ": " + what, false});
  }

  [[nodiscard]] ReportProblem reporter() {
    return [this](const std::string& path, const std::string& what) { error(path, what); };
  }

  void check_key_file();
  void check_queue_pairs(std::size_t index);
  void check_region(const std::string& path, const std::string& region);

  const Config& config_;
  const std::string& file_;
  const LineMap& lines_;
  std::vector<Problem> problems_;
};

std::string port_path(std::size_t index, std::string_view option) {
  return "capture.ports[" + std::to_string(index) + "]." + std::string(option);
}

std::string no_network(const std::string& text) {
  return "'" + text + "' is no network like 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32";
}

// Queues of net_af_packet that nobody polls would swallow their part of the packets.
void Validator::check_queue_pairs(std::size_t index) {
  const Port& port = config_.capture.ports[index];
  constexpr std::string_view kPairs = ",qpairs=";
  if (!port.device.starts_with("net_af_packet")) return;
  const std::size_t at = port.device.find(kPairs);
  const unsigned long pairs =
      at == std::string::npos ? 1
                              : std::strtoul(port.device.c_str() + at + kPairs.size(), nullptr, 10);
  if (pairs == port.queues) return;
  error(port_path(index, "queues"),
        std::to_string(port.queues) + " queues, but the device has " + std::to_string(pairs) +
            ": give it qpairs=" + std::to_string(port.queues));
}

void Validator::check_ports() {
  std::set<std::string> names;
  std::set<std::string> devices;
  const auto realms = realm_names(config_);
  for (std::size_t i = 0; i < config_.capture.ports.size(); ++i) {
    const Port& port = config_.capture.ports[i];
    if (!port.name.empty() && !names.insert(port.name).second) {
      error(port_path(i, "name"), "another port is named " + port.name);
    }
    if (port.name == kImportPort) {
      error(port_path(i, "name"), port.name + " is what calls of imported files have there");
    }
    const DeviceKind kind = device_kind(port.device);
    if (kind == DeviceKind::kInvalid && !port.device.empty()) {
      error(port_path(i, "device"),
            "'" + port.device +
                "' is neither a PCI address like 0000:01:00.0 nor a virtual device like "
                "net_af_packet0,iface=eth1");
    }
    const std::string device = kind == DeviceKind::kPci
                                   ? normal_pci_address(port.device)
                                   : port.device.substr(0, port.device.find(','));
    if (kind != DeviceKind::kInvalid && !devices.insert(device).second) {
      error(port_path(i, "device"), "another port uses " + device);
    }
    check_queue_pairs(i);
    if ((port.descriptors & (port.descriptors - 1)) != 0) {
      error(port_path(i, "descriptors"), std::to_string(port.descriptors) + " is no power of two");
    }
    if (std::ranges::find(realms, port.realm) == realms.end()) {
      error(port_path(i, "realm"), "there is no realm " + port.realm);
    }
  }
}

void Validator::check_realms() {
  std::set<std::string> names;
  std::set<std::string> placed;
  for (std::size_t i = 0; i < config_.realms.size(); ++i) {
    const Realm& realm = config_.realms[i];
    const std::string path = "realms[" + std::to_string(i) + "]";
    if (!realm.name.empty() && !names.insert(realm.name).second) {
      error(path + ".name", "another realm is named " + realm.name);
    }
    for (const std::string& name : realm.ports) {
      const auto& ports = config_.capture.ports;
      const auto port = std::ranges::find(ports, name, &Port::name);
      if (port == ports.end()) {
        error(path + ".ports", "there is no port " + name);
      } else if (port->realm != "default" && port->realm != realm.name) {
        error(path + ".ports", "port " + name + " says it is of realm " + port->realm);
      }
      if (!placed.insert(name).second) {
        error(path + ".ports", "port " + name + " is in another realm");
      }
    }
  }
}

void Validator::check_region(const std::string& path, const std::string& region) {
  if (region.empty() || is_region(region)) return;
  error(path, "there is no region " + region + "; an ISO 3166 code like DE is wanted");
}

void Validator::check_numbers() {
  check_region("numbers.default_region", config_.numbers.default_region);
  for (const std::string& text : config_.calls.internal_networks) {
    if (!parse_network(text)) error("calls.internal_networks", no_network(text));
  }
  check_header_names(config_.calls, reporter());
}

void Validator::check_trunks() {
  std::set<std::string> names;
  std::set<std::tuple<Network, std::uint16_t, std::string>> ends;
  const auto realms = realm_names(config_);
  for (std::size_t i = 0; i < config_.trunks.size(); ++i) {
    const Trunk& trunk = config_.trunks[i];
    const std::string path = "trunks[" + std::to_string(i) + "]";
    if (!trunk.name.empty() && !names.insert(trunk.name).second) {
      error(path + ".name", "another trunk is named " + trunk.name);
    }
    if (!trunk.realm.empty() && std::ranges::find(realms, trunk.realm) == realms.end()) {
      error(path + ".realm", "there is no realm " + trunk.realm);
    }
    PortList ports = trunk.ports;
    if (ports.empty()) ports.push_back(0);
    for (const std::string& text : trunk.networks) {
      const auto network = parse_network(text);
      if (!network) {
        error(path + ".networks", no_network(text));
        continue;
      }
      for (const std::uint16_t port : ports) {
        if (!ends.insert({*network, port, trunk.realm}).second) {
          error(path + ".networks", text + " is in another trunk with the same ports and realm");
          break;
        }
      }
    }
    check_region(path + ".region", trunk.region);
    check_dial_rules(path, trunk, reporter());
  }
}

// No VLAN and no VNI is of two realms, or twice of one.
void Validator::check_ranges() {
  RangeOwners vlans;
  RangeOwners vnis;
  const auto check = [this](const std::string& path, const std::string& what) {
    if (!what.empty()) error(path, what);
  };
  for (std::size_t i = 0; i < config_.realms.size(); ++i) {
    const Realm& realm = config_.realms[i];
    const std::string path = "realms[" + std::to_string(i) + "]";
    for (const NumberRange& range : realm.vlans.ranges) {
      check(path + ".vlans", vlans.give(range, realm.name));
    }
    for (const NumberRange& range : realm.vnis.ranges) {
      check(path + ".vnis", vnis.give(range, realm.name));
    }
  }
  if (vnis.count() > kVniRangeCountMax) {
    error("realms",
          std::to_string(vnis.count()) + " ranges of VNIs are more than " +
              std::to_string(kVniRangeCountMax));
  }
}

// A port can be expected to hold one kind of tunnel, and no SIP.
void Validator::check_decode() {
  std::vector<std::uint16_t> taken = config_.capture.sip_ports;
  const auto check = [&](const std::string& option, const PortList& ports) {
    for (const std::uint16_t port : ports) {
      if (std::ranges::find(taken, port) != taken.end()) {
        error("decode." + option, "port " + std::to_string(port) + " is given to something else");
      }
      taken.push_back(port);
    }
  };
  check("vxlan_ports", config_.decode.vxlan_ports);
  check("geneve_ports", config_.decode.geneve_ports);
  check("gtpu_ports", config_.decode.gtpu_ports);
}

void Validator::check_workers() {
  if (config_.capture.ports.empty()) return;
  std::uint32_t queues = 0;
  for (const Port& port : config_.capture.ports) queues += port.queues;
  if (queues < config_.capture.workers) {
    error("capture.workers",
          std::to_string(config_.capture.workers) + " workers share " + std::to_string(queues) +
              " receive queues; give each at least one");
  } else if (queues % config_.capture.workers != 0) {
    warn("capture.workers",
         std::to_string(queues) + " receive queues do not divide evenly over " +
             std::to_string(config_.capture.workers) + " workers");
  }
}

void Validator::check_memory() {
  const Streams& streams = config_.streams;
  const std::uint64_t needed = std::uint64_t{streams.stream_count_max} +
                               std::uint64_t{config_.capture.workers} * kChunksInFlightPerWorker;
  if (streams.chunk_count < needed) {
    error("streams.chunk_count",
          std::to_string(streams.chunk_count) + " chunks are too few: one for each of " +
              std::to_string(streams.stream_count_max) + " streams and " +
              std::to_string(kChunksInFlightPerWorker) + " for each worker make " +
              std::to_string(needed));
  }
  if (streams.stream_count_max < config_.capture.workers) {
    error("streams.stream_count_max", "every worker needs at least one stream");
  }
  const Sizing sizing = size_up(streams);
  if (streams.chunk_count >= needed && sizing.stall_s < 1) {
    warn("streams.chunk_count",
         to_string(sizing, streams) + "; for a whole second set " +
             std::to_string(sizing.chunks_for_1s));
  }
  const std::uint64_t chunk_mib = std::uint64_t{streams.chunk_count} / 64;  // 16 KiB each
  if (config_.eal.memory_mib > 0 && config_.eal.memory_mib < chunk_mib) {
    error("eal.memory_mib",
          std::to_string(config_.eal.memory_mib) + " MiB do not hold streams.chunk_count, " +
              std::to_string(chunk_mib) + " MiB; 0 computes it");
  }
}

void Validator::check_times() {
  const Streams& streams = config_.streams;
  const Calls& calls = config_.calls;
  if (streams.flush_interval_ms >= streams.idle_timeout_s * 1'000) {
    error("streams.flush_interval_ms", "must be shorter than streams.idle_timeout_s");
  }
  if (calls.media_timeout_s * 1'000ULL <= streams.report_interval_ms) {
    error("calls.media_timeout_s", "must be longer than streams.report_interval_ms");
  }
  if (calls.dialog_idle_timeout_s < calls.setup_timeout_s) {
    error("calls.dialog_idle_timeout_s", "must not be shorter than calls.setup_timeout_s");
  }
}

void Validator::check_storage() {
  check_retention_classes(config_.retention_classes, reporter());
  check_retention_pressure(config_, reporter());
  const Storage& storage = config_.storage;
  const std::size_t classes = retention_classes(config_).size();
  const std::uint64_t windows = classes * kOpenWindowsPerClass;
  if (storage.open_segments_max < windows) {
    error("storage.open_segments_max",
          std::to_string(classes) + " retention classes with " +
              std::to_string(kOpenWindowsPerClass) + " open days each need " +
              std::to_string(windows));
  }
  if (storage.preallocate_mib > storage.segment_mib) {
    error("storage.preallocate_mib", "must not exceed storage.segment_mib");
  }
  if (storage.staging_kib % 64 != 0) {
    error("storage.staging_kib", std::to_string(storage.staging_kib) + " is no multiple of 64");
  }
  if (storage.staging_kib > storage.preallocate_mib * 1'024) {
    error("storage.staging_kib", "must not exceed storage.preallocate_mib");
  }
  if (!storage.master_key_file.empty() && storage.master_key_file[0] != '/') {
    error("storage.master_key_file", "must be an absolute path");
  }
}

void Validator::check_key_file() {
  const std::string& path = config_.storage.master_key_file;
  if (path.empty()) return;

  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;  // it is made at first use
    return error("storage.master_key_file",
                 make_errno_error(ErrorCode::kIo, "cannot look at " + path, errno).message);
  }
  if (!S_ISREG(status.st_mode)) {
    error("storage.master_key_file", path + " is no file");
  } else if ((status.st_mode & 0077) != 0) {
    error("storage.master_key_file",
          path + " can be read or written by others than its owner; chmod 600 it");
  }
}

void Validator::check_host(const ValidateOptions& options) {
  const std::string& zone = config_.general.timezone;
  const bool safe = !zone.starts_with('/') && zone.find("..") == std::string::npos;
  if (!safe || (zone != "UTC" && !exists(options.zone_directory + "/" + zone))) {
    error("general.timezone", "there is no zone " + zone + " in " + options.zone_directory);
  }
  check_key_file();
}

void Validator::check_devices(const ValidateOptions& options) {
  for (std::size_t i = 0; i < config_.capture.ports.size(); ++i) {
    const Port& port = config_.capture.ports[i];
    const std::string path = port_path(i, "device");
    const DeviceVerdict verdict = look_at_device(port.device, options.pci_directory);
    const auto tell = [&](const std::string& what, bool is_error) {
      if (what.empty()) return;
      problems_.push_back(
          {file_, line_of(lines_, path), "port " + port.name + ": " + what, is_error});
    };
    tell(verdict.problem, true);
    tell(verdict.warning, false);
  }
}

}  // namespace

std::vector<Problem> validate(const Config& config,
                              const std::string& file,
                              const LineMap& lines,
                              const ValidateOptions& options) {
  Validator validator(config, file, lines);
  validator.check_ports();
  validator.check_realms();
  validator.check_numbers();
  validator.check_trunks();
  validator.check_ranges();
  validator.check_decode();
  validator.check_workers();
  validator.check_memory();
  validator.check_times();
  validator.check_storage();
  if (options.host != HostChecks::kSkip) validator.check_host(options);
  if (options.host == HostChecks::kPerform) validator.check_devices(options);
  std::vector<Problem> problems = validator.take();
  std::ranges::stable_sort(problems, {}, &Problem::line);
  return problems;
}

}  // namespace tapdeck::config
