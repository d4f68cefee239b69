// Session descriptions (RFC 8866) as views: what the call plane needs to know where media goes.
// Threads: any; an Sdp belongs to one thread.  Memory: parse_sdp() allocates nothing; an Sdp is
// about 30 KiB and borrows the text: keep one for reuse, not on a stack.  Full: m-lines, formats
// and candidates beyond the bounds are left out and noted in `truncated`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/ids.h"
#include "model/media.h"

namespace tapdeck::sip {

constexpr std::size_t kSdpMediaMax = 32;
constexpr std::size_t kSdpFormatsPerMediaMax = 64;
constexpr std::size_t kSdpFormatsMax = 256;  // of all m-lines together
constexpr std::size_t kSdpCandidatesMax = 64;
constexpr std::size_t kSdpSsrcsPerMediaMax = 8;

enum class SdpVerdict : std::uint8_t {
  kOk,
  kRepaired,  // taken; lines that could not be read were left out
  kEmpty,
  kNotSdp,    // the first line is not v=0
  kNoMedia,   // no m-line at all (valid, describes nothing)
  kBadMedia,  // an m-line that could not be read
  kTooLong,
  kCount
};

std::string_view sdp_verdict_name(SdpVerdict verdict);

constexpr bool is_accepted(SdpVerdict verdict) {
  return verdict == SdpVerdict::kOk || verdict == SdpVerdict::kRepaired ||
         verdict == SdpVerdict::kNoMedia;
}

enum class Direction : std::uint8_t { kSendRecv, kSendOnly, kRecvOnly, kInactive };

std::string_view direction_name(Direction direction);  // "sendrecv"...

struct SdpFormat {
  std::string_view token;          // as in the m-line
  std::int16_t payload_type = -1;  // 0..127; -1: not a number (T.38, BFCP)
  std::string_view encoding;       // of rtpmap, else of the static table; "" unknown
  std::uint32_t clock_rate_hz = 0;
  std::uint8_t channels = 1;
  std::string_view fmtp;
};

enum class CandidateType : std::uint8_t { kHost, kServerReflexive, kPeerReflexive, kRelay, kOther };

struct SdpCandidate {
  std::uint8_t media_index = 0;
  std::uint8_t component = 1;  // 1 RTP, 2 RTCP
  CandidateType type = CandidateType::kOther;
  Endpoint endpoint;
};

struct SdpMedia {
  MediaKind kind = MediaKind::kUnknown;  // m=image with T.38 is kFax
  std::string_view media;                // "audio"
  std::string_view proto;                // "RTP/AVP"
  std::uint16_t port = 0;                // 0: refused or ended
  std::uint16_t port_count = 1;          // m=audio 49170/2
  std::uint16_t format_begin = 0;        // into Sdp::formats
  std::uint16_t format_count = 0;
  std::string_view address;     // connection address text: the media's own, else the session's
  std::optional<IpAddress> ip;  // the same, without a multicast /ttl; nothing for a host name
  Direction direction = Direction::kSendRecv;  // session default applied
  bool on_hold = false;                        // sendonly or inactive, or c=0.0.0.0 (RFC 2543 way)
  bool rtcp_mux = false;
  bool bundle_only = false;
  bool has_rtcp = false;             // a=rtcp
  std::uint16_t rtcp_port = 0;       // of a=rtcp, else port + 1
  std::optional<IpAddress> rtcp_ip;  // of a=rtcp, else `ip`
  std::uint16_t ptime_ms = 0;        // 0: not given
  std::uint16_t maxptime_ms = 0;
  std::uint8_t crypto_count = 0;  // a=crypto lines
  bool has_key_mgmt = false;      // a=key-mgmt here or at session level
  bool has_fingerprint = false;   // a=fingerprint here or at session level
  bool is_encrypted = false;      // SAVP profile, crypto, fingerprint or key-mgmt
  std::string_view setup;         // a=setup: "actpass"...
  std::string_view mid;
  std::string_view label;
  std::uint8_t ssrc_count = 0;
  std::array<std::uint32_t, kSdpSsrcsPerMediaMax> ssrcs{};
  std::string_view lines;  // all lines of this media section, the m-line first
};

struct Sdp {
  std::string_view text;
  std::string_view origin_user;
  std::uint64_t session_id = 0;       // o=; 0 when not a number
  std::uint64_t session_version = 0;  // o=; raises with each change (RFC 3264 section 8)
  std::string_view origin_address;
  std::string_view session_name;
  std::string_view address;  // session-level c=, "" when absent
  Direction direction = Direction::kSendRecv;
  bool ice_lite = false;
  bool truncated = false;   // a bound was hit
  std::string_view bundle;  // mids of a=group:BUNDLE, "" when absent

  std::size_t media_count = 0;
  std::array<SdpMedia, kSdpMediaMax> media{};
  std::size_t format_count = 0;
  std::array<SdpFormat, kSdpFormatsMax> formats{};
  std::size_t candidate_count = 0;
  std::array<SdpCandidate, kSdpCandidatesMax> candidates{};

  [[nodiscard]] const SdpFormat& format(const SdpMedia& of, std::size_t index) const {
    return formats[of.format_begin + index];  // index < of.format_count
  }
};

// Clears and fills `sdp`.
SdpVerdict parse_sdp(std::string_view text, Sdp& sdp);

}  // namespace tapdeck::sip
