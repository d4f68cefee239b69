// What a recording takes on disk: bytes of the sealed media segments, headers, padding and footers
// included, for each byte of UDP payload, RTP headers included.  Calls of several codecs go through
// a real worker into the encrypted segments of a real store, with the times of a live capture but
// no waiting for them; all of it is read back and compared.
//
// Threads: the caller's.  Memory: a worker for a few dozen streams, the store's staging.
// Failing: Result.  What it wrote is removed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/store.h"

namespace tapdeck::load {

struct SpaceOptions {
  std::string directory;          // stores are made below it
  std::uint32_t calls = 16;       // of each kind; two streams each
  double flush_interval_s = 5;    // `streams.flush_interval_ms`
  storage::StoreOptions store{};  // all but its directory
};

struct SpaceResult {
  std::string traffic;
  std::uint64_t packets = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t sections = 0;  // of streams, some packed into one extent
  bool wrong = false;          // what was read back is not what was sent

  [[nodiscard]] double ratio() const {
    return static_cast<double>(stored_bytes) / static_cast<double>(payload_bytes);
  }
};

// EAL must have been started.
Result<std::vector<SpaceResult>> run_space_load(const SpaceOptions& options);

}  // namespace tapdeck::load
