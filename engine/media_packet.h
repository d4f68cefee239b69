// A packet of media in the hands of a worker.
// Threads: the owning worker.  Memory: none; the bytes are the frame's.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "engine/rtp/statistics.h"
#include "engine/stream.h"

namespace tapdeck::engine {

// One RTP, RTCP or ZRTP packet of a burst, or one that may be a fax's.
struct MediaPacket {
  StreamKey key;                // of RTP; without SSRC for others
  std::uint64_t hash;           // of key, for RTP
  std::uint32_t likely_stream;  // what prefetch_stream() said, for RTP
  ByteView payload;             // as captured
  RtpArrival arrival;           // for RTP; time and length for others
  std::uint16_t port_index = 0;
  std::uint16_t vlan = 0;
};

}  // namespace tapdeck::engine
