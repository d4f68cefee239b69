// Checks between options and against this host, all of them reported at once.
// Threads: any, off the hot path.  Memory: the list of problems.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace tapdeck::config {

enum class HostChecks : std::uint8_t {
  kSkip,     // the file is for another machine
  kPerform,  // PCI devices exist, the key file's mode is safe, the zone is known
};

struct ValidateOptions {
  HostChecks host = HostChecks::kPerform;
  std::string pci_directory = "/sys/bus/pci/devices";
  std::string zone_directory = "/usr/share/zoneinfo";
};

std::vector<Problem> validate(const Config& config,
                              const std::string& file,
                              const LineMap& lines,
                              const ValidateOptions& options = {});

enum class DeviceKind : std::uint8_t { kInvalid, kPci, kVirtual };

// "0000:01:00.0" (the domain may be left out) is PCI, "net_xxxN" or "net_xxxN,..." is virtual.
DeviceKind device_kind(std::string_view device);

// The PCI address with its domain, in small letters.  Precondition: device_kind() is kPci.
std::string normal_pci_address(std::string_view device);

}  // namespace tapdeck::config
