#include "pipelines/calls/message_facts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "pipelines/signalling/body.h"
#include "pipelines/signalling/message.h"

namespace tapdeck::calls {
namespace {

constexpr std::uint64_t kBodySeed = 0x626f6479ULL;
constexpr std::size_t kTextMax = 1024;

constexpr bool is_separator(char c) {
  return c == '-' || c == '.' || c == '(' || c == ')' || c == ' ';
}

constexpr bool is_dialled(char c) {
  return sip::is_digit(c) || c == '+' || c == '*' || c == '#' || is_separator(c);
}

// A user part as people write it down: %xx decoded, without separators that only help the eye.
std::string number_of(const sip::Uri& uri) {
  constexpr std::size_t kNumberMax = 256;
  std::array<char, kNumberMax> decoded;
  const std::string_view user = uri.user_number();
  const std::size_t count =
      sip::copy_decoded(user.substr(0, decoded.size()), decoded.data(), decoded.size());
  std::string number(decoded.data(), count);
  // "(0711) 12-34" is a number, "john.doe-smith" is a name.
  if (std::all_of(number.begin(), number.end(), is_dialled)) {
    std::erase_if(number, is_separator);
  }
  return number;
}

PersonFacts person_of(const sip::NameAddr& address) {
  PersonFacts person;
  if (!address.display_name.empty()) {
    std::array<char, kTextMax> text;
    const std::string_view display = address.display_name.substr(0, text.size());
    const std::size_t count = address.display_is_quoted
                                  ? sip::copy_unescaped(display, text.data(), text.size())
                                  : sip::copy_unfolded(display, text.data(), text.size());
    person.name.assign(text.data(), count);
  }
  person.uri = address.uri.text.substr(0, kTextMax);
  person.number = number_of(address.uri);
  return person;
}

std::optional<PersonFacts> person_of(const std::optional<sip::NameAddr>& address) {
  if (!address) return std::nullopt;
  return person_of(*address);
}

std::string diverted_number(const sip::Message& message) {
  if (const auto diversion = message.name_addr(sip::HeaderId::kDiversion)) {
    return number_of(diversion->uri);
  }
  // RFC 7044: the entry before the last one is who the call was meant for; one entry says nothing.
  if (!message.has(sip::HeaderId::kHistoryInfo)) return {};
  std::string_view value;
  std::vector<std::string_view> entries;
  auto values = message.values(sip::HeaderId::kHistoryInfo);
  while (entries.size() < 16 && values.next(value)) entries.push_back(value);
  if (entries.size() < 2) return {};
  const auto first = sip::parse_name_addr(entries.front());
  const auto last = sip::parse_name_addr(entries.back());
  if (!first || !last) return {};
  std::string number = number_of(first->uri);
  return number == number_of(last->uri) ? std::string() : number;
}

void read_transfer(const sip::Message& message, MessageFacts& facts) {
  const auto target = message.name_addr(sip::HeaderId::kReferTo);
  if (!target) return;
  facts.refer_to = number_of(target->uri);
  facts.refer_replaces = target->uri.header("Replaces").has_value();
}

void read_extras(const sip::Message& message, MessageFacts& facts) {
  if (const auto reason = message.reason()) {
    if (sip::iequals(reason->protocol, "Q.850")) facts.q850_cause = reason->cause;
    facts.reason_text = reason->text.substr(0, kTextMax);
  }
  if (const auto expires = message.session_expires()) facts.session_expires_s = expires->seconds;
  if (facts.method == sip::Method::kRefer) read_transfer(message, facts);
}

bool is_rtp_profile(std::string_view proto) {
  constexpr std::string_view kRtp = "RTP/";
  for (std::size_t at = 0; at + kRtp.size() <= proto.size(); ++at) {
    if (sip::istarts_with(proto.substr(at), kRtp)) return true;  // "UDP/TLS/RTP/SAVPF"
  }
  return false;
}

constexpr std::uint16_t kDiscardPort = 9;  // stands for "see the ICE candidates" (RFC 8840)

// Before a re-INVITE names the pair that ICE has chosen, media may flow between any of them.
void read_candidates(const sip::Sdp& sdp, std::size_t index, MediaLine& line) {
  for (std::size_t i = 0; i < sdp.candidate_count; ++i) {
    const sip::SdpCandidate& candidate = sdp.candidates[i];
    const Endpoint& endpoint = candidate.endpoint;
    if (candidate.media_index != index || candidate.component != 1 || endpoint.port == 0 ||
        endpoint.port == kDiscardPort || endpoint.ip.is_unspecified() || endpoint == line.address) {
      continue;
    }
    if (line.candidates.size() == kCandidatesPerLineMax) return;
    line.candidates.push_back(endpoint);
  }
}

MediaLine line_of(const sip::Sdp& sdp, std::size_t index) {
  const sip::SdpMedia& media = sdp.media[index];
  MediaLine line;
  line.kind = media.kind;
  line.direction = media.direction;
  line.enabled = media.port != 0;
  line.on_hold = media.ip && media.ip->is_unspecified() && media.port != kDiscardPort;
  line.secure = media.is_encrypted;
  line.is_rtp = is_rtp_profile(media.proto);
  if (media.ip && line.enabled && media.port != kDiscardPort) {
    line.address = Endpoint{*media.ip, media.port};
  }
  if (line.enabled) read_candidates(sdp, index, line);
  if (media.has_rtcp && media.rtcp_ip && !media.rtcp_ip->is_unspecified() && line.enabled) {
    const bool beside = media.rtcp_ip == media.ip &&
                        (media.rtcp_port == media.port || media.rtcp_port == media.port + 1);
    if (!beside && media.rtcp_port != kDiscardPort) line.rtcp = {*media.rtcp_ip, media.rtcp_port};
  }
  for (std::size_t i = 0; i < media.format_count && i < kPayloadsPerLineMax; ++i) {
    const sip::SdpFormat& format = sdp.format(media, i);
    if (format.payload_type < 0 || format.encoding.empty()) continue;
    line.payloads.push_back({static_cast<std::uint8_t>(format.payload_type),
                             format.clock_rate_hz,
                             std::string(format.encoding.substr(0, 64)),
                             media.kind});
  }
  return line;
}

}  // namespace

FactsReader::FactsReader() : sdp_(std::make_unique<sip::Sdp>()) {}

FactsReader::~FactsReader() = default;

std::optional<SessionFacts> FactsReader::read_session(std::string_view text) {
  if (!sip::is_accepted(sip::parse_sdp(text, *sdp_))) return std::nullopt;
  SessionFacts session;
  for (std::size_t i = 0; i < sdp_->media_count && i < kMediaLinesMax; ++i) {
    session.lines.push_back(line_of(*sdp_, i));
  }
  return session;
}

FactsResult FactsReader::read(ByteView bytes) {
  sip::Message message;
  const sip::ParseVerdict verdict = sip::parse(bytes, message);
  if (!sip::is_accepted(verdict)) return {std::nullopt, sip::verdict_name(verdict)};
  MessageFacts facts;
  facts.is_request = message.is_request();
  facts.method = message.method();
  facts.method_name = message.method_token();
  facts.status = message.status_code();
  facts.phrase = message.reason_phrase();
  facts.call_id = message.call_id();
  facts.from_tag = message.from_tag();
  facts.to_tag = message.to_tag();
  if (const auto via = message.top_via()) facts.branch = via->branch;
  std::string_view value;
  auto vias = message.values(sip::HeaderId::kVia);
  while (vias.next(value)) ++facts.via_count;
  facts.cseq = message.cseq().number;
  facts.rseq = message.rseq().value_or(0);
  if (message.from()) facts.from = person_of(*message.from());
  if (message.to()) facts.to = person_of(*message.to());
  if (const auto contact = message.contact(); contact && !contact->is_star) {
    facts.contact = person_of(contact->address);
  }
  facts.asserted = person_of(message.name_addr(sip::HeaderId::kPAssertedIdentity));
  facts.diverted_from = diverted_number(message);
  if (const auto uri = message.request_uri()) facts.request_number = number_of(*uri);
  facts.user_agent = message.user_agent();
  read_extras(message, facts);
  facts.body_hash = hash_text(message.body(), kBodySeed);
  const sip::BodySdp body = sip::find_sdp(message);
  if (!body.text.empty()) facts.session = read_session(body.text);
  return {std::move(facts), {}};
}

}  // namespace tapdeck::calls
