#include "pipelines/calls/message_facts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/hash.h"
#include "pipelines/calls/claims_facts.h"
#include "pipelines/calls/transfer_facts.h"
#include "pipelines/signalling/body.h"
#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/message.h"
#include "pipelines/signalling/siprec_metadata.h"

namespace tapdeck::calls {
namespace {

constexpr std::uint64_t kBodySeed = 0x626f6479ULL;

std::string_view diverted_number(const sip::Message& message, Scratch& scratch) {
  if (const auto diversion = message.name_addr(sip::HeaderId::kDiversion)) {
    return number_of(diversion->uri, scratch);
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
  const std::string_view number = number_of(first->uri, scratch);
  return number == number_of(last->uri, scratch) ? std::string_view() : number;
}

bool is_initial_invite(const MessageFacts& facts) {
  return facts.is_request && facts.method == sip::Method::kInvite && facts.to_tag.empty();
}

bool may_make_dialog(const MessageFacts& facts) {
  return facts.method == sip::Method::kInvite && facts.status > 100 && facts.status < 300;
}

void read_people(const sip::Message& message, Scratch& scratch, MessageFacts& facts) {
  if (may_make_dialog(facts)) {
    const auto contact = message.contact();
    if (contact && !contact->is_star)
      facts.contact_uri = contact->address.uri.text.substr(0, kTextMax);
  }
  if (const auto asserted = message.name_addr(sip::HeaderId::kPAssertedIdentity)) {
    facts.asserted = person_of(*asserted, scratch);
  }
  if (!is_initial_invite(facts)) return;
  facts.diverted_from = diverted_number(message, scratch);
  std::string_view value;
  auto vias = message.values(sip::HeaderId::kVia);
  while (vias.next(value)) ++facts.via_count;
  if (const auto uri = message.request_uri()) {
    facts.request_number = number_of(*uri, scratch);
    facts.request_context = context_of(*uri, scratch);
  }
}

void read_extras(const sip::Message& message, MessageFacts& facts) {
  if (const auto reason = message.reason()) {
    if (sip::iequals(reason->protocol, "Q.850")) facts.q850_cause = reason->cause;
    facts.reason_text = reason->text.substr(0, kTextMax);
  }
  if (facts.status < 200 || facts.status >= 300) return;
  if (const auto expires = message.session_expires()) facts.session_expires_s = expires->seconds;
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
  line.is_udptl = sip::iequals(media.proto, "udptl");
  if (media.ip && line.enabled && media.port != kDiscardPort) {
    line.address = Endpoint{*media.ip, media.port};
  }
  if (line.enabled) read_candidates(sdp, index, line);
  if (media.has_rtcp && media.rtcp_ip && !media.rtcp_ip->is_unspecified() && line.enabled) {
    const bool beside = media.rtcp_ip == media.ip &&
                        (media.rtcp_port == media.port || media.rtcp_port == media.port + 1);
    if (!beside && media.rtcp_port != kDiscardPort) line.rtcp = {*media.rtcp_ip, media.rtcp_port};
  }
  line.payloads.reserve(std::min<std::size_t>(media.format_count, kPayloadsPerLineMax));
  for (std::size_t i = 0; i < media.format_count; ++i) {
    const sip::SdpFormat& format = sdp.format(media, i);
    if (format.payload_type < 0 || format.encoding.empty()) continue;
    const auto type = static_cast<std::uint8_t>(format.payload_type);
    line.types.all.add(type);
    if (sip::iequals(format.encoding, "telephone-event")) line.types.dtmf.events.add(type);
    if (sip::iequals(format.encoding, "red")) line.types.dtmf.redundant.add(type);
    if (i >= kPayloadsPerLineMax) continue;
    line.payloads.push_back(
        {type, format.clock_rate_hz, PoolString(format.encoding.substr(0, 64)), media.kind});
  }
  return line;
}

PoolString origin_of(const sip::Sdp& sdp) {
  constexpr std::size_t kWordMax = 64;
  if (sdp.origin_address.empty()) return {};
  std::array<char, 2 * kWordMax + 48> text;
  char* to = text.data();
  const auto append = [&](std::string_view word) {
    to = std::copy_n(word.data(), std::min(word.size(), kWordMax), to);
  };
  append(sdp.origin_user);
  *to++ = ' ';
  to = std::to_chars(to, to + 20, sdp.session_id).ptr;
  *to++ = ' ';
  to = std::to_chars(to, to + 20, sdp.session_version).ptr;
  *to++ = ' ';
  append(sdp.origin_address);
  return {text.data(), static_cast<std::size_t>(to - text.data())};
}

void read_labels(const sip::Sdp& sdp, SessionFacts& session) {
  constexpr std::size_t kLabelMax = 64;
  const auto* const end = sdp.media.begin() + session.lines.size();
  const auto has_label = [](const sip::SdpMedia& media) { return !media.label.empty(); };
  if (std::none_of(sdp.media.begin(), end, has_label)) return;
  session.labels.reserve(session.lines.size());
  for (const auto* media = sdp.media.begin(); media != end; ++media) {
    session.labels.emplace_back(media->label.substr(0, kLabelMax));
  }
}

// An open line without an address of its own: nothing resolves names, so its media is found only by
// what else the call says.
bool lacks_address(const sip::Sdp& sdp, const SessionFacts& session) {
  for (std::size_t i = 0; i < session.lines.size(); ++i) {
    const MediaLine& line = session.lines[i];
    if (line.enabled && !sdp.media[i].ip && line.candidates.empty()) return true;
  }
  return false;
}

SharedSession read_session(std::string_view text, sip::Sdp& sdp, MessageFacts& facts) {
  const sip::SdpVerdict verdict = sip::parse_sdp(text, sdp);
  facts.sdp_trouble = trouble_of(verdict, sdp.truncated);
  if (!sip::is_accepted(verdict)) return nullptr;
  auto session = std::allocate_shared<SessionFacts>(PoolAllocator<SessionFacts>());
  session->lines.reserve(std::min(sdp.media_count, kMediaLinesMax));
  for (std::size_t i = 0; i < sdp.media_count && i < kMediaLinesMax; ++i) {
    session->lines.push_back(line_of(sdp, i));
  }
  if (!facts.sdp_trouble && lacks_address(sdp, *session)) {
    facts.sdp_trouble = SdpTrouble::kNoAddress;
  }
  session->origin = origin_of(sdp);
  read_labels(sdp, *session);
  return session;
}

}  // namespace

struct FactsReader::Work {
  // What most messages have no use for.
  struct Rare {
    ClaimsReader claims;
    TransferFacts transfer;
    Scratch scratch;  // of the transfer
    sip::RecordingMetadata metadata;
  };

  sip::Message message;
  sip::Sdp sdp;
  Scratch scratch;
  MessageFacts facts;
  const HeaderChoice* choice = nullptr;
  std::uint64_t claim_bits = ClaimsReader::kBits;
  std::unique_ptr<Rare> rare;

  Rare& made() {
    if (!rare) rare = std::make_unique<Rare>();
    return *rare;
  }

  void read_rare();
  void read_metadata();
};

void FactsReader::Work::read_rare() {
  if (message.has_any(claim_bits)) {
    static const HeaderChoice kNone{};
    facts.claims = &made().claims.read(message, choice == nullptr ? kNone : *choice);
  }
  if (may_tell_of_transfer(message)) {
    Rare& work = made();
    work.scratch.clear();
    work.transfer = read_transfer(message, work.scratch);
    facts.transfer = &work.transfer;
  }
}

void FactsReader::Work::read_metadata() {
  const auto text = sip::find_recording_metadata(message);
  if (!text) return;
  sip::RecordingMetadata& metadata = made().metadata;
  const sip::MetadataVerdict verdict = sip::read_recording_metadata(*text, metadata);
  facts.metadata_trouble = trouble_of(verdict);
  if (verdict != sip::MetadataVerdict::kBroken) facts.metadata = &metadata;
}

FactsReader::FactsReader() : FactsReader(nullptr) {}

FactsReader::FactsReader(const HeaderChoice* choice) : work_(std::make_unique<Work>()) {
  work_->choice = choice;
  if (choice != nullptr) work_->claim_bits |= choice->bits();
}

FactsReader::~FactsReader() = default;

FactsReader::FactsReader(FactsReader&&) noexcept = default;

FactsReader& FactsReader::operator=(FactsReader&&) noexcept = default;

FactsResult FactsReader::read(ByteView bytes) {
  sip::Message& message = work_->message;
  const sip::ParseVerdict verdict = sip::parse(bytes, message);
  if (!sip::is_accepted(verdict)) return {nullptr, verdict};
  work_->scratch.clear();
  MessageFacts& facts = work_->facts;
  facts = MessageFacts{};
  facts.message = &message;
  facts.is_request = message.is_request();
  facts.method = message.method();
  facts.method_name = message.method_token();
  facts.status = message.status_code();
  facts.phrase = message.reason_phrase();
  facts.call_id = message.call_id();
  facts.from_tag = message.from_tag();
  facts.to_tag = message.to_tag();
  if (const auto via = message.top_via()) facts.branch = via->branch;
  facts.from = message.first(sip::HeaderId::kFrom).value_or(std::string_view());
  facts.to = message.first(sip::HeaderId::kTo).value_or(std::string_view());
  facts.cseq = message.cseq().number;
  facts.rseq = message.rseq().value_or(0);
  facts.user_agent = message.user_agent();
  read_people(message, work_->scratch, facts);
  read_extras(message, facts);
  work_->read_rare();
  facts.body_hash = hash_text(message.body(), kBodySeed);
  const sip::BodySdp body = sip::find_sdp(message);
  const bool is_sdp = body.place == sip::SdpPlace::kDirect;
  // What stands behind Content-Length is kept with the rest.
  const bool has_more = message.bytes_used() < bytes.size();
  facts.has_other_body = has_more || (!is_sdp && !message.body().empty());
  facts.sdp_trouble = trouble_of(body.place);
  const bool may_describe = facts.is_request && (facts.method == sip::Method::kInvite ||
                                                 facts.method == sip::Method::kUpdate);
  if (may_describe && !is_sdp && !message.body().empty()) work_->read_metadata();
  if (!body.text.empty()) facts.session = read_session(body.text, work_->sdp, facts);
  return {&facts, verdict};
}

}  // namespace tapdeck::calls
