// What bounds a segment writer on this machine, by programs that everybody knows: fio writes a
// fresh file as the writer does (io_uring, O_DIRECT, the same blocks, depth and cadence of
// fdatasync), `openssl speed` encrypts and hashes blocks of the writer's size on one core.
//
// Threads: the caller's; the programs are children.  Memory: their output.
// Failing: Result; a program that is missing or says something unknown is named.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace tapdeck::load {

struct RecordLimits {
  double disk = 0;     // bytes per second, all of them
  double encrypt = 0;  // AES-256-GCM
  double hash = 0;     // SHA-256

  // Of one core that does both to each byte.
  [[nodiscard]] double crypto() const { return 1 / (1 / encrypt + 1 / hash); }

  [[nodiscard]] double lower() const { return std::min(disk, crypto()); }
};

struct LimitsOptions {
  std::string directory;  // for the file of fio, which is removed
  std::uint64_t file_bytes = 8ULL << 30;
  std::uint32_t block_bytes = 1U << 20;
  std::uint32_t depth = 16;
  std::uint64_t sync_bytes = 16ULL << 20;
  std::uint32_t message_bytes = 16'256;  // of one encryption, and of one hash
};

Result<RecordLimits> measure_record_limits(const LimitsOptions& options);

}  // namespace tapdeck::load
