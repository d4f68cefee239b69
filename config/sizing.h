// What the configured media buffers are good for: how long a stall of the disk they absorb.
// Reckoned for G.711 in packets of 20 ms, the most that common codecs bring, in every stream.
//
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace tapdeck::config {

struct Sizing {
  double stall_s = 0;                  // absorbed with all streams there may be, nothing refused
  std::uint32_t chunks_for_1s = 0;     // chunk_count that would absorb a second
  std::uint64_t bytes_per_second = 0;  // that all streams bring to the disk
  std::uint64_t media_mib = 0;         // memory of the chunks
};

Sizing size_up(const Streams& streams);

// "209 MiB of media buffers absorb a disk stall of 1.0 s at 8192 streams (73 MB/s)".
std::string to_string(const Sizing& sizing, const Streams& streams);

}  // namespace tapdeck::config
