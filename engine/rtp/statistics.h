// RFC 3550 statistics of a stream: extended sequence numbers (A.1, A.3), exact duplicates within 64
// packets, jitter (A.8), payload types.
// Threads: the owning worker.  Memory: none.  Strange numbers never fail: a jump that the next
// packet confirms is a hole where timestamps and arrival went on with it, else it starts a new run,
// whose expected count is added.
#pragma once

#include <cstdint>

#include "engine/rtp/header.h"
#include "engine/stream.h"

namespace tapdeck::engine {

struct RtpArrival {
  RtpHeader header;
  std::uint32_t payload_length = 0;  // of the UDP payload, on the wire
  std::int64_t time_ns = 0;
};

struct SequenceVerdict {
  bool in_sequence = false;  // the successor of the highest so far
  bool duplicate = false;
  bool late = false;          // fills a place that was counted as missing
  std::uint32_t missing = 0;  // numbers skipped before this packet
  bool is_hole = false;       // `missing` since cold.jump_ns, up to the packet before this one
};

// Takes one packet into the statistics; the first one when packet_count is 0.  When it changes
// hot.jitter_payload_type the caller owes set_clock_rate().
SequenceVerdict update_statistics(StreamHot& hot, StreamCold& cold, const RtpArrival& arrival);

// The clock of hot.jitter_payload_type has become known or changed.
void set_clock_rate(StreamHot& hot, std::uint32_t clock_rate_hz);

// Forgets all counts; the next packet is a first one.
void reset_statistics(StreamHot& hot, StreamCold& cold);

void fill_statistics(const StreamHot& hot, const StreamCold& cold, StreamStatistics& out);

}  // namespace tapdeck::engine
