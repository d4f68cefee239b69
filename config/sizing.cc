#include "config/sizing.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tapdeck::config {
namespace {

constexpr double kChunksPerSecond = kStreamPacketsPerSecond / kPacketsPerChunk;
// Calls are refused when so much of the chunks that no stream fills is left
// (pipelines/calls/admission.cc).
constexpr double kUsable = 7.0 / 8;
constexpr std::uint64_t kChunksPerMib = 64;

}  // namespace

Sizing size_up(const Streams& streams) {
  Sizing sizing;
  const double count = streams.stream_count_max;
  const double spare = std::max(0.0, streams.chunk_count - count);
  sizing.stall_s = spare * kUsable / (count * kChunksPerSecond);
  sizing.chunks_for_1s =
      static_cast<std::uint32_t>(std::ceil(count * (1 + kChunksPerSecond / kUsable)));
  sizing.bytes_per_second = static_cast<std::uint64_t>(count * kStreamBytesPerSecond);
  sizing.media_mib = streams.chunk_count / kChunksPerMib;
  return sizing;
}

std::string to_string(const Sizing& sizing, const Streams& streams) {
  char text[160];
  std::snprintf(text,
                sizeof text,
                "%llu MiB of media buffers absorb a disk stall of %.1f s at %u streams (%llu MB/s)",
                static_cast<unsigned long long>(sizing.media_mib),
                std::floor(sizing.stall_s * 10) / 10,
                streams.stream_count_max,
                static_cast<unsigned long long>(sizing.bytes_per_second / 1'000'000));
  return text;
}

}  // namespace tapdeck::config
