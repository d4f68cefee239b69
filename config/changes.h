// What a reload changes: live options are taken over, the others named.
// Threads: the main thread.  Memory: names.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace tapdeck::config {

// Names as in messages about the file: "storage.segment_mib", "capture.ports", "realms".
struct Changes {
  std::vector<std::string> taken;         // live: `current` has the new value
  std::vector<std::string> need_restart;  // `current` keeps the old one
};

Changes take_over(Config& current, const Config& loaded);

}  // namespace tapdeck::config
