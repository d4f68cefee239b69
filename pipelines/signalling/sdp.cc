#include "pipelines/signalling/sdp.h"

#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/sdp_attributes.h"

namespace tapdeck::sip {
namespace {

constexpr std::size_t kSdpBytesMax = 65'535;

bool contains_ignoring_case(std::string_view text, std::string_view wanted) {
  for (std::size_t i = 0; i + wanted.size() <= text.size(); ++i) {
    if (iequals(text.substr(i, wanted.size()), wanted)) return true;
  }
  return false;
}

MediaKind kind_of(std::string_view media, std::string_view proto) {
  if (contains_ignoring_case(proto, "udptl")) return MediaKind::kFax;
  if (iequals(media, "audio")) return MediaKind::kAudio;
  if (iequals(media, "video")) return MediaKind::kVideo;
  if (iequals(media, "text")) return MediaKind::kText;
  if (iequals(media, "image")) return MediaKind::kFax;
  return MediaKind::kUnknown;
}

// "IN IP4 224.2.1.1/127/3" -> "224.2.1.1"
bool parse_connection(std::string_view value, std::string_view& address) {
  if (!iequals(take_sdp_word(value), "IN")) return false;
  const std::string_view type = take_sdp_word(value);
  const std::string_view text = take_sdp_word(value);
  if (!iequals(type, "IP4") && !iequals(type, "IP6")) return false;
  const std::string_view host = text.substr(0, text.find('/'));
  if (host.empty()) return false;
  if (address.empty()) address = host;
  return true;
}

// One pass over the lines; fills the Sdp it is given.
class SdpParser {
 public:
  explicit SdpParser(Sdp& sdp) : sdp_(sdp) {}

  SdpVerdict run() {
    std::string_view rest = sdp_.text;
    std::string_view line;
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    if (!take_line(rest, line) || !istarts_with(line, "v=")) return SdpVerdict::kNotSdp;
    if (trim(line.substr(2)) != "0") return SdpVerdict::kNotSdp;
    while (take_line(rest, line)) {
      if (line.empty()) continue;
      const bool is_line = line.size() >= 2 && line[1] == '=';
      if (!is_line || !apply_line(line)) repaired_ = true;
    }
    close_media(sdp_.text.data() + sdp_.text.size());
    if (sdp_.media_count == 0) return SdpVerdict::kNoMedia;
    if (bad_media_count_ == sdp_.media_count) return SdpVerdict::kBadMedia;
    return repaired_ || sdp_.truncated ? SdpVerdict::kRepaired : SdpVerdict::kOk;
  }

 private:
  bool apply_line(std::string_view line) {
    const std::string_view value = line.substr(2);
    if (line[0] == 'm') return open_media(line);
    if (skipping_) return true;  // belongs to an m-line beyond the bound
    const bool in_media = sdp_.media_count > 0;
    switch (line[0]) {
      case 'o': return in_media || parse_origin(value);
      case 's':
        if (!in_media) sdp_.session_name = trim(value);
        return true;
      case 'c': return parse_connection(value, in_media ? current().address : sdp_.address);
      case 'k': (in_media ? current().has_key_mgmt : defaults_.has_key_mgmt) = true; return true;
      case 'a':
        return in_media ? apply_media_attribute(value, sdp_, notes_)
                        : apply_session_attribute(value, sdp_, defaults_);
      default: return true;
    }
  }

  SdpMedia& current() { return sdp_.media[sdp_.media_count - 1]; }

  // "alice 2890844526 2890844527 IN IP4 host"
  bool parse_origin(std::string_view value) {
    sdp_.origin_user = take_sdp_word(value);
    const std::optional<std::uint64_t> id = parse_u64(take_sdp_word(value));
    const std::optional<std::uint64_t> version = parse_u64(take_sdp_word(value));
    sdp_.session_id = id.value_or(0);
    sdp_.session_version = version.value_or(0);
    take_sdp_word(value);
    take_sdp_word(value);
    sdp_.origin_address = take_sdp_word(value);
    return id.has_value() && version.has_value() && !sdp_.origin_address.empty();
  }

  // "m=audio 49170/2 RTP/AVP 0 8 101".  An unreadable one keeps its place, with port 0: answers
  // match offers by position.
  bool open_media(std::string_view line) {
    close_media(line.data());
    if (sdp_.media_count == kSdpMediaMax) {
      sdp_.truncated = true;
      skipping_ = true;
      return true;
    }
    SdpMedia& media = sdp_.media[sdp_.media_count++];
    media = SdpMedia{};
    notes_ = MediaNotes{};
    media.lines = line;
    media.format_begin = static_cast<std::uint16_t>(sdp_.format_count);
    std::string_view rest = line.substr(2);
    media.media = take_sdp_word(rest);
    const std::string_view port_text = take_sdp_word(rest);
    media.proto = take_sdp_word(rest);
    const std::size_t slash = port_text.find('/');
    const std::optional<std::uint16_t> port = parse_u16(port_text.substr(0, slash));
    std::optional<std::uint16_t> count = 1;
    if (slash != std::string_view::npos) count = parse_u16(port_text.substr(slash + 1));
    if (!port || !count || *count == 0 || media.proto.empty()) {
      ++bad_media_count_;
      return false;
    }
    media.kind = kind_of(media.media, media.proto);
    media.port = *port;
    media.port_count = *count;
    add_formats(rest, media);
    return true;
  }

  void add_formats(std::string_view rest, SdpMedia& media) {
    const bool is_rtp = contains_ignoring_case(media.proto, "RTP/");
    for (std::string_view token = take_sdp_word(rest); !token.empty();
         token = take_sdp_word(rest)) {
      if (media.format_count == kSdpFormatsPerMediaMax || sdp_.format_count == kSdpFormatsMax) {
        sdp_.truncated = true;
        return;
      }
      SdpFormat& format = sdp_.formats[sdp_.format_count++];
      format = SdpFormat{};
      format.token = token;
      const std::optional<std::uint16_t> number = parse_u16(token);
      if (is_rtp && number && *number <= kPayloadTypeMax) {
        format.payload_type = static_cast<std::int16_t>(*number);
      }
      ++media.format_count;
    }
  }

  // Applies session defaults and derived values to the media section that ends at `end`.
  void close_media(const char* end) {
    if (sdp_.media_count == 0 || skipping_) return;
    SdpMedia& media = current();
    media.lines = {media.lines.data(), static_cast<std::size_t>(end - media.lines.data())};
    if (media.address.empty()) media.address = sdp_.address;
    media.ip = parse_ip(media.address);
    if (!notes_.has_direction) media.direction = defaults_.direction;
    const bool one_way =
        media.direction == Direction::kSendOnly || media.direction == Direction::kInactive;
    media.on_hold = media.port != 0 && (one_way || (media.ip && media.ip->is_unspecified()));
    if (!media.has_rtcp && media.port != 0) {
      media.rtcp_port = media.rtcp_mux ? media.port : static_cast<std::uint16_t>(media.port + 1);
    }
    media.rtcp_ip = notes_.rtcp_address.empty() ? media.ip : parse_ip(notes_.rtcp_address);
    media.has_key_mgmt = media.has_key_mgmt || defaults_.has_key_mgmt;
    media.has_fingerprint = media.has_fingerprint || defaults_.has_fingerprint;
    if (media.crypto_count == 0 && defaults_.has_crypto) media.crypto_count = 1;
    if (media.setup.empty()) media.setup = defaults_.setup;
    media.is_encrypted = contains_ignoring_case(media.proto, "SAVP") || media.crypto_count > 0 ||
                         media.has_key_mgmt || media.has_fingerprint;
    name_static_formats(media);
  }

  void name_static_formats(const SdpMedia& media) {
    for (std::size_t i = 0; i < media.format_count; ++i) {
      SdpFormat& format = sdp_.formats[media.format_begin + i];
      if (!format.encoding.empty() || format.payload_type < 0) continue;
      const StaticPayload payload = static_payload(static_cast<std::uint8_t>(format.payload_type));
      if (payload.codec.empty()) continue;
      format.encoding = payload.codec;
      format.clock_rate_hz = payload.clock_rate_hz;
      format.channels = payload.channels;
    }
  }

  Sdp& sdp_;
  SessionDefaults defaults_;
  MediaNotes notes_;
  std::size_t bad_media_count_ = 0;
  bool skipping_ = false;
  bool repaired_ = false;
};

}  // namespace

std::string_view sdp_verdict_name(SdpVerdict verdict) {
  switch (verdict) {
    case SdpVerdict::kOk: return "ok";
    case SdpVerdict::kRepaired: return "repaired";
    case SdpVerdict::kEmpty: return "empty";
    case SdpVerdict::kNotSdp: return "not_sdp";
    case SdpVerdict::kNoMedia: return "no_media";
    case SdpVerdict::kBadMedia: return "bad_media";
    case SdpVerdict::kTooLong: return "too_long";
    case SdpVerdict::kCount: break;
  }
  return "unknown";
}

std::string_view direction_name(Direction direction) {
  switch (direction) {
    case Direction::kSendRecv: return "sendrecv";
    case Direction::kSendOnly: return "sendonly";
    case Direction::kRecvOnly: return "recvonly";
    case Direction::kInactive: return "inactive";
  }
  return "sendrecv";
}

SdpVerdict parse_sdp(std::string_view text, Sdp& sdp) {
  sdp.text = text;
  sdp.origin_user = sdp.origin_address = sdp.session_name = sdp.address = sdp.bundle = {};
  sdp.session_id = sdp.session_version = 0;
  sdp.direction = Direction::kSendRecv;
  sdp.ice_lite = sdp.truncated = false;
  sdp.media_count = sdp.format_count = sdp.candidate_count = 0;
  if (trim(text).empty()) return SdpVerdict::kEmpty;
  if (text.size() > kSdpBytesMax) return SdpVerdict::kTooLong;
  return SdpParser(sdp).run();
}

}  // namespace tapdeck::sip
