#include "pipelines/signalling/sdp_attributes.h"

#include <algorithm>

#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

constexpr std::uint8_t kCryptoCountMax = 255;

struct Attribute {
  std::string_view name;
  std::string_view value;
};

Attribute split(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {trim(text), {}};
  return {trim(text.substr(0, colon)), trim(text.substr(colon + 1))};
}

std::optional<Direction> direction_of(std::string_view name) {
  for (const Direction direction :
       {Direction::kSendRecv, Direction::kSendOnly, Direction::kRecvOnly, Direction::kInactive}) {
    if (iequals(name, direction_name(direction))) return direction;
  }
  return std::nullopt;
}

CandidateType candidate_type_of(std::string_view name) {
  if (iequals(name, "host")) return CandidateType::kHost;
  if (iequals(name, "srflx")) return CandidateType::kServerReflexive;
  if (iequals(name, "prflx")) return CandidateType::kPeerReflexive;
  if (iequals(name, "relay")) return CandidateType::kRelay;
  return CandidateType::kOther;
}

// "0 PCMU/8000/1" to every format of this media with that payload type.
bool apply_rtpmap(std::string_view value, Sdp& sdp, const SdpMedia& media) {
  const std::optional<std::uint16_t> payload_type = parse_u16(take_sdp_word(value));
  std::string_view map = trim(value);
  const std::size_t slash = map.find('/');
  if (!payload_type || *payload_type > kPayloadTypeMax || slash == std::string_view::npos) {
    return false;
  }
  const std::string_view encoding = map.substr(0, slash);
  map.remove_prefix(slash + 1);
  const std::size_t second = map.find('/');
  const std::optional<std::uint32_t> clock = parse_u32(trim(map.substr(0, second)));
  if (!clock || encoding.empty()) return false;
  std::uint16_t channels = 1;
  if (second != std::string_view::npos) {
    channels = parse_u16(trim(map.substr(second + 1))).value_or(1);
  }
  for (std::size_t i = 0; i < media.format_count; ++i) {
    SdpFormat& format = sdp.formats[media.format_begin + i];
    if (format.payload_type != static_cast<std::int16_t>(*payload_type)) continue;
    format.encoding = encoding;
    format.clock_rate_hz = *clock;
    format.channels = static_cast<std::uint8_t>(std::clamp<std::uint16_t>(channels, 1, 255));
  }
  return true;
}

bool apply_fmtp(std::string_view value, Sdp& sdp, const SdpMedia& media) {
  const std::string_view token = take_sdp_word(value);
  if (token.empty()) return false;
  for (std::size_t i = 0; i < media.format_count; ++i) {
    SdpFormat& format = sdp.formats[media.format_begin + i];
    if (format.token == token && format.fmtp.empty()) format.fmtp = trim(value);
  }
  return true;
}

// "53020 IN IP4 192.0.2.1"; the address is optional (RFC 3605).
bool apply_rtcp(std::string_view value, SdpMedia& media, MediaNotes& notes) {
  const std::optional<std::uint16_t> port = parse_u16(take_sdp_word(value));
  if (!port) return false;
  media.has_rtcp = true;
  media.rtcp_port = *port;
  if (iequals(take_sdp_word(value), "IN")) {
    take_sdp_word(value);
    notes.rtcp_address = take_sdp_word(value);
  }
  return true;
}

// "1 1 UDP 2130706431 192.0.2.1 8998 typ host" (RFC 8839); only UDP ones carry RTP here.
bool apply_candidate(std::string_view value, Sdp& sdp) {
  take_sdp_word(value);  // foundation
  const std::optional<std::uint16_t> component = parse_u16(take_sdp_word(value));
  const std::string_view transport = take_sdp_word(value);
  take_sdp_word(value);  // priority
  const std::optional<IpAddress> ip = parse_ip(take_sdp_word(value));
  const std::optional<std::uint16_t> port = parse_u16(take_sdp_word(value));
  if (!component || *component > 255 || !port) return false;
  if (!ip || !iequals(transport, "UDP")) return true;  // a host name (mDNS) or TCP
  if (sdp.candidate_count == kSdpCandidatesMax) {
    sdp.truncated = true;
    return true;
  }
  CandidateType type = CandidateType::kOther;
  if (iequals(take_sdp_word(value), "typ")) type = candidate_type_of(take_sdp_word(value));
  sdp.candidates[sdp.candidate_count++] = {static_cast<std::uint8_t>(sdp.media_count - 1),
                                           static_cast<std::uint8_t>(*component),
                                           type,
                                           {*ip, *port}};
  return true;
}

bool apply_ssrc(std::string_view value, SdpMedia& media) {
  const std::optional<std::uint32_t> ssrc = parse_u32(take_sdp_word(value));
  if (!ssrc) return false;
  const auto end = media.ssrcs.begin() + media.ssrc_count;
  if (std::find(media.ssrcs.begin(), end, *ssrc) != end) return true;
  if (media.ssrc_count < media.ssrcs.size()) media.ssrcs[media.ssrc_count++] = *ssrc;
  return true;
}

// Milliseconds; some devices write "20.0".
bool apply_milliseconds(std::string_view value, std::uint16_t& milliseconds) {
  const std::optional<std::uint16_t> parsed = parse_u16(value.substr(0, value.find('.')));
  if (parsed) milliseconds = *parsed;
  return parsed.has_value();
}

bool apply_flag_or_text(const Attribute& attribute, SdpMedia& media) {
  if (iequals(attribute.name, "rtcp-mux")) {
    media.rtcp_mux = true;
  } else if (iequals(attribute.name, "bundle-only")) {
    media.bundle_only = true;
  } else if (iequals(attribute.name, "crypto")) {
    if (media.crypto_count < kCryptoCountMax) ++media.crypto_count;
  } else if (iequals(attribute.name, "key-mgmt")) {
    media.has_key_mgmt = true;
  } else if (iequals(attribute.name, "fingerprint")) {
    media.has_fingerprint = true;
  } else if (iequals(attribute.name, "setup")) {
    media.setup = attribute.value;
  } else if (iequals(attribute.name, "mid")) {
    media.mid = attribute.value;
  } else if (iequals(attribute.name, "label")) {
    media.label = attribute.value;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string_view take_sdp_word(std::string_view& rest) {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  std::size_t end = 0;
  while (end < rest.size() && !is_space(rest[end])) ++end;
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

bool apply_session_attribute(std::string_view text, Sdp& sdp, SessionDefaults& defaults) {
  Attribute attribute = split(text);
  if (const std::optional<Direction> direction = direction_of(attribute.name)) {
    defaults.direction = *direction;
    sdp.direction = *direction;
  } else if (iequals(attribute.name, "key-mgmt")) {
    defaults.has_key_mgmt = true;
  } else if (iequals(attribute.name, "crypto")) {
    defaults.has_crypto = true;
  } else if (iequals(attribute.name, "fingerprint")) {
    defaults.has_fingerprint = true;
  } else if (iequals(attribute.name, "setup")) {
    defaults.setup = attribute.value;
  } else if (iequals(attribute.name, "ice-lite")) {
    sdp.ice_lite = true;
  } else if (iequals(attribute.name, "group") && sdp.bundle.empty() &&
             iequals(take_sdp_word(attribute.value), "BUNDLE")) {
    sdp.bundle = trim(attribute.value);
  }
  return true;
}

bool apply_media_attribute(std::string_view text, Sdp& sdp, MediaNotes& notes) {
  SdpMedia& media = sdp.media[sdp.media_count - 1];
  const Attribute attribute = split(text);
  if (const std::optional<Direction> direction = direction_of(attribute.name)) {
    media.direction = *direction;
    notes.has_direction = true;
    return true;
  }
  if (apply_flag_or_text(attribute, media)) return true;
  if (iequals(attribute.name, "rtpmap")) return apply_rtpmap(attribute.value, sdp, media);
  if (iequals(attribute.name, "fmtp")) return apply_fmtp(attribute.value, sdp, media);
  if (iequals(attribute.name, "rtcp")) return apply_rtcp(attribute.value, media, notes);
  if (iequals(attribute.name, "candidate")) return apply_candidate(attribute.value, sdp);
  if (iequals(attribute.name, "ssrc")) return apply_ssrc(attribute.value, media);
  if (iequals(attribute.name, "ptime")) return apply_milliseconds(attribute.value, media.ptime_ms);
  if (iequals(attribute.name, "maxptime")) {
    return apply_milliseconds(attribute.value, media.maxptime_ms);
  }
  return true;
}

}  // namespace tapdeck::sip
