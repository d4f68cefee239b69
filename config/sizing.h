// What the configured media buffers are good for: how long a stall of the disk they absorb.
// Reckoned for G.711 in packets of 20 ms, the most that common codecs bring, in every stream.
//
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace tapdeck::config {

// Of an RTP packet of G.711, 20 ms, on the disk: a chunk of 90 becomes an extent of 16 KiB.
constexpr double kPacketsPerChunk = 90;
constexpr double kStoredBytesPerPacket = 16'384 / kPacketsPerChunk;
constexpr double kStreamPacketsPerSecond = 50;
constexpr double kStreamBytesPerSecond = kStoredBytesPerPacket * kStreamPacketsPerSecond;

struct Sizing {
  double stall_s = 0;                  // absorbed with all streams there may be, nothing refused
  std::uint32_t chunks_for_1s = 0;     // chunk_count that would absorb a second
  std::uint64_t bytes_per_second = 0;  // that all streams bring to the disk
  std::uint64_t media_mib = 0;         // memory of the chunks
};

Sizing size_up(const Streams& streams);

// "209 MiB of media buffers absorb a disk stall of 1.0 s at 8192 streams (74 MB/s)".
std::string to_string(const Sizing& sizing, const Streams& streams);

}  // namespace tapdeck::config
