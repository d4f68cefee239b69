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
  kSkip,       // the file is for another machine
  kNoDevices,  // all but the devices: for commands that capture nothing
  kPerform,    // devices exist and are free, the key file's mode is safe, the zone is known
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

}  // namespace tapdeck::config
