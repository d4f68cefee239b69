// What media a stream or an m-line carries, shared by bindings, stream reports and call records.
// Threads: any; plain values.  Memory: none.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tapdeck {

enum class MediaKind : std::uint8_t { kUnknown = 0, kAudio = 1, kVideo = 2, kFax = 3, kText = 4 };

constexpr std::string_view media_kind_name(MediaKind kind) {
  switch (kind) {
    case MediaKind::kUnknown: return "unknown";
    case MediaKind::kAudio: return "audio";
    case MediaKind::kVideo: return "video";
    case MediaKind::kFax: return "fax";
    case MediaKind::kText: return "text";
  }
  return "unknown";
}

// RTP clock rate in Hz of one payload type (RFC 3551 for static ones, a=rtpmap for the others); 0
// means unknown.
// A word, since every claim on an address has sixteen of them.
struct PayloadClock {
  std::uint32_t payload_type : 8 = 0;
  std::uint32_t clock_rate_hz : 24 = 0;
};

static_assert(sizeof(PayloadClock) == sizeof(std::uint32_t));

constexpr std::uint32_t kClockRateMaxHz = (1U << 24) - 1;

// Static payload types of RFC 3551 section 6: encoding name ("" when unassigned) and clock rate (0
// when unassigned).
struct StaticPayload {
  std::string_view codec;
  std::uint32_t clock_rate_hz;
  std::uint8_t channels;
};

StaticPayload static_payload(std::uint8_t payload_type);

// An encoding name, which SDP may write in any case (RFC 4566 section 6), as IANA has it; what is
// not registered stays as it is.  The view is of `name` or lives for ever.
std::string_view registered_codec(std::string_view name);

}  // namespace tapdeck
