// The check of `tapdeck doctor` that writes: how fast the store's filesystem takes data for good.
// Threads: one at a time per directory.  Memory: one buffer of 1 MiB.  Leaves no file behind.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "config/sizing.h"
#include "control/doctor/finding.h"

namespace tapdeck::control {

struct DiskSpeed {
  double bytes_per_second = 0;   // written in blocks of 1 MiB, the final fdatasync included
  double sync_ms_max = 0;        // the longest fdatasync, one every 32 MiB
  bool direct = false;           // past the page cache (O_DIRECT)
  bool in_memory = false;        // tmpfs or the like, also behind an overlay or a loop device
  std::string filesystem;        // "ext4 on /dev/sda1", see backing.h
  std::uint64_t free_bytes = 0;  // for an unprivileged user
};

// Writes `bytes` (a multiple of 1 MiB is taken) to a fresh file without a name in `directory`, or
// in the nearest parent that exists.  kResources when the space is not there.
Result<DiskSpeed> measure_disk(const std::string& directory, std::uint64_t bytes);

// By what all streams of the configuration bring to it.
Finding judge_disk(const Result<DiskSpeed>& speed, const config::Sizing& wanted);

}  // namespace tapdeck::control
