#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "model/call_codec.h"
#include "model/call_codec_claims.h"
#include "model/call_codec_message.h"

namespace tapdeck {
namespace {

// Numbers travel as 32 or 64 bits; what does not fit the field of the record is bad input.
class Checker {
 public:
  template <typename To, typename From>
  To narrow(From value) {
    static_assert(std::is_unsigned_v<To> && std::is_unsigned_v<From>);
    if (value > std::numeric_limits<To>::max()) good_ = false;
    return static_cast<To>(value);
  }

  template <typename Enum>
  Enum enumerator(std::uint32_t value, Enum last) {
    if (value > static_cast<std::uint32_t>(last)) good_ = false;
    return static_cast<Enum>(value);
  }

  IpAddress ip(const std::string& bytes) {
    IpAddress address;
    if (bytes.empty()) return address;
    if (bytes.size() != address.bytes.size()) {
      good_ = false;
      return address;
    }
    std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
    return address;
  }

  double finite(double value) {
    if (!std::isfinite(value)) good_ = false;
    return value;
  }

  void require(bool condition) { good_ = good_ && condition; }

  [[nodiscard]] bool good() const { return good_; }

 private:
  bool good_ = true;
};

Endpoint read_endpoint(const wire::EndpointV1& from, Checker& checker) {
  return {checker.ip(from.ip()), checker.narrow<std::uint16_t>(from.port())};
}

SharedDevice read_device(const wire::DeviceV1& from, Checker& checker) {
  Device device;
  device.name = from.name();
  device.user_agent = from.user_agent();
  device.contact = from.contact();
  device.address = read_endpoint(from.address(), checker);
  device.registered_us = from.registered_us();
  device.expires_us = from.expires_us();
  return std::make_shared<const Device>(std::move(device));
}

CallParty read_party(const wire::PartyV1& from, Checker& checker) {
  CallParty party;
  party.id = checker.narrow<std::uint8_t>(from.id());
  party.role = checker.enumerator(from.role(), PartyRole::kFork);
  party.number = from.number();
  party.e164 = from.e164();
  party.name = from.name();
  party.uri = from.uri();
  if (from.has_ip()) party.ip = checker.ip(from.ip());
  party.port = checker.narrow<std::uint16_t>(from.port());
  party.user_agent = from.user_agent();
  if (from.has_from_us()) party.from_us = from.from_us();
  if (from.has_to_us()) party.to_us = from.to_us();
  party.sdp_origin = from.sdp_origin();
  party.sdp_addresses.reserve(static_cast<std::size_t>(from.sdp_addresses().size()));
  for (const wire::EndpointV1& address : from.sdp_addresses()) {
    party.sdp_addresses.push_back(read_endpoint(address, checker));
  }
  if (from.has_device()) party.device = read_device(from.device(), checker);
  return party;
}

void read_media_quality(const wire::MediaV1& from, MediaRecord& media) {
  if (from.has_jitter_ms()) media.jitter_ms = from.jitter_ms();
  if (from.has_jitter_max_ms()) media.jitter_max_ms = from.jitter_max_ms();
  if (from.has_mos_est()) media.mos_est = from.mos_est();
  media.mos_model = from.mos_model();
  if (from.has_rtcp_loss_pct()) media.rtcp_loss_pct = from.rtcp_loss_pct();
  if (from.has_rtcp_jitter_ms()) media.rtcp_jitter_ms = from.rtcp_jitter_ms();
  if (from.has_rtcp_rtt_ms()) media.rtcp_rtt_ms = from.rtcp_rtt_ms();
}

MediaRecord read_media(const wire::MediaV1& from, Checker& checker) {
  MediaRecord media;
  media.kind = checker.enumerator(from.kind(), MediaKind::kText);
  if (from.has_party()) media.party = checker.narrow<std::uint8_t>(from.party());
  media.source = read_endpoint(from.source(), checker);
  media.destination = read_endpoint(from.destination(), checker);
  media.ssrc = from.ssrc();
  media.codec = from.codec();
  if (from.has_payload_type()) {
    media.payload_type = checker.narrow<std::uint8_t>(from.payload_type());
  }
  media.clock_rate_hz = from.clock_rate_hz();
  for (const wire::CodecV1& entry : from.codecs()) {
    media.codecs[checker.narrow<std::uint8_t>(entry.payload_type())] = entry.name();
  }
  for (const wire::PayloadCountV1& entry : from.payload_packets()) {
    media.payload_packets[checker.narrow<std::uint8_t>(entry.payload_type())] = entry.packets();
  }
  media.first_us = from.first_us();
  media.last_us = from.last_us();
  media.packets = from.packets();
  media.bytes = from.bytes();
  media.expected = from.expected();
  media.lost = from.lost();
  media.lost_by_us = from.lost_by_us();
  media.lost_suspect = from.lost_suspect();
  media.duplicated = from.duplicated();
  media.reordered = from.reordered();
  read_media_quality(from, media);
  media.srtp = from.srtp();
  if (from.has_speaker()) media.speaker = checker.narrow<std::uint8_t>(from.speaker());
  return media;
}

void read_retention(const wire::RecordingV1& from, RecordingInfo& recording, Checker& checker) {
  recording.retention_class = from.retention_class();
  recording.lifecycle = checker.enumerator(from.lifecycle(), RecordingLifecycle::kExpired);
  if (from.has_expires_us()) recording.expires_us = from.expires_us();
  if (from.has_sip_expires_us()) recording.sip_expires_us = from.sip_expires_us();
  if (from.has_cdr_expires_us()) recording.cdr_expires_us = from.cdr_expires_us();
  recording.locked = from.locked();
  if (from.has_latest_us()) recording.latest_us = from.latest_us();
}

RecordingDecision read_decision(const wire::DecisionV1& from, Checker& checker) {
  RecordingDecision decision;
  decision.media = checker.enumerator(from.media(), DecidedMedia::kAudioVideo);
  decision.log = checker.enumerator(from.log(), DecidedLog::kNone);
  decision.early_media = from.early_media();
  decision.mask_dtmf = from.mask_dtmf();
  return decision;
}

PauseTerms read_pause(const wire::PauseTermsV1& from, Checker& checker) {
  checker.require(from.cause() != 0 && from.limit_ms() >= 0);
  return {checker.enumerator(from.cause(), PauseCause::kLimit), from.limit_ms(), from.late()};
}

RecordingInfo read_recording(const wire::RecordingV1& from, Checker& checker) {
  RecordingInfo recording;
  recording.state = checker.enumerator(from.state(), RecordingState::kNotRecorded);
  for (const std::uint32_t reason : from.reasons()) {
    checker.require(reason != 0);
    recording.reasons.push_back(checker.enumerator(reason, RecordingReason::kTruncated));
  }
  read_retention(from, recording, checker);
  recording.legal_holds.assign(from.legal_holds().begin(), from.legal_holds().end());
  recording.encrypted = from.encrypted();
  recording.sha256 = from.sha256();
  recording.duration_ms = from.duration_ms();
  recording.gaps_left_out = from.gaps_left_out();
  recording.policy_rule = from.policy_rule();
  if (from.has_paused_since_us()) recording.paused_since_us = from.paused_since_us();
  if (from.has_decision()) recording.decision = read_decision(from.decision(), checker);
  if (from.has_pause()) recording.pause = read_pause(from.pause(), checker);
  for (const wire::GapV1& gap : from.gaps()) {
    recording.gaps.push_back({gap.from_us(), gap.to_us(), gap.reason(), gap.packets()});
  }
  return recording;
}

void read_identity(const wire::CallV1& from, CallRecord& call, Checker& checker) {
  checker.require(from.encoding() == kCallEncodingVersion);
  checker.require(from.uid().size() == call.uid.bytes.size());
  if (!checker.good()) return;
  std::memcpy(call.uid.bytes.data(), from.uid().data(), call.uid.bytes.size());
  call.version = from.version();
  call.final = from.final();
  call.call_id = from.call_id();
  call.from_tag = from.from_tag();
  call.to_tag = from.to_tag();
  call.realm = checker.narrow<RealmId>(from.realm());
  call.realm_name = from.realm_name();
  call.conversation_id = from.conversation_id();
  call.joined_by_method = from.joined_by_method();
  if (from.has_joined_by_score()) call.joined_by_score = from.joined_by_score();
  call.node = from.node();
  call.port = from.port();
  if (from.has_vlan()) call.vlan = checker.narrow<std::uint16_t>(from.vlan());
}

void read_times(const wire::CallV1& from, CallRecord& call) {
  if (from.has_start_us()) call.start_us = from.start_us();
  if (from.has_progress_us()) call.progress_us = from.progress_us();
  if (from.has_ringing_us()) call.ringing_us = from.ringing_us();
  if (from.has_answered_us()) call.answered_us = from.answered_us();
  if (from.has_ended_us()) call.ended_us = from.ended_us();
  call.first_seen_us = from.first_seen_us();
  if (from.has_pdd_ms()) call.pdd_ms = from.pdd_ms();
  if (from.has_ring_ms()) call.ring_ms = from.ring_ms();
  if (from.has_setup_ms()) call.setup_ms = from.setup_ms();
  if (from.has_talk_ms()) call.talk_ms = from.talk_ms();
  if (from.has_total_ms()) call.total_ms = from.total_ms();
  if (from.has_hold_ms()) call.hold_ms = from.hold_ms();
}

CallBusiness read_business(const wire::BusinessV1& from, Checker& checker) {
  CallBusiness business{
      from.agent(), from.team(), from.client(), from.marketing_channel(), from.campaign()};
  checker.require(from.tags().size() <= static_cast<int>(kCallTagsMax));
  business.tags.assign(from.tags().begin(), from.tags().end());
  business.disposition = from.disposition();
  if (from.has_resolved()) business.resolved = from.resolved();
  if (from.has_csat()) business.csat = checker.finite(from.csat());
  if (from.has_revenue()) business.revenue = checker.finite(from.revenue());
  business.note = from.note();
  return business;
}

void read_outcome(const wire::CallV1& from, CallRecord& call, Checker& checker) {
  call.state = checker.enumerator(from.state(), CallState::kInterrupted);
  if (from.has_caller()) call.caller = checker.narrow<std::uint8_t>(from.caller());
  if (from.has_callee()) call.callee = checker.narrow<std::uint8_t>(from.callee());
  checker.require(!call.caller || *call.caller < call.parties.size());
  checker.require(!call.callee || *call.callee < call.parties.size());
  call.dialled = from.dialled();
  call.diverted_from = from.diverted_from();
  call.asserted = from.asserted();
  call.dialled_e164 = from.dialled_e164();
  call.diverted_from_e164 = from.diverted_from_e164();
  call.asserted_e164 = from.asserted_e164();
  call.masked = from.masked();
  call.trunk = from.trunk();
  if (from.has_business()) {
    call.business = std::make_shared<const CallBusiness>(read_business(from.business(), checker));
  }
  call.direction = checker.enumerator(from.direction(), CallDirection::kTransit);
  call.outcome = checker.enumerator(from.outcome(), CallOutcome::kRedirected);
  call.end_reason = checker.enumerator(from.end_reason(), EndReason::kCrash);
  call.hangup_by = checker.enumerator(from.hangup_by(), HangupBy::kCallee);
  if (from.has_transferred()) {
    const wire::TransferV1& transfer = from.transferred();
    call.transferred =
        CallTransfer{transfer.to(), transfer.by(), transfer.kind(), transfer.to_e164()};
  }
  if (from.has_status_code()) {
    call.status_code = checker.narrow<std::uint16_t>(from.status_code());
  }
  call.reason = from.reason();
  if (from.has_q850_cause()) call.q850_cause = checker.narrow<std::uint16_t>(from.q850_cause());
  for (const auto& entry : from.sip_methods()) call.sip_methods[entry.name()] = entry.count();
  for (const auto& entry : from.sip_responses()) call.sip_responses[entry.name()] = entry.count();
}

void read_links(const wire::CallV1& from, CallRecord& call, Checker& checker) {
  bool good = true;
  if (from.has_claims()) {
    call.claims = std::make_shared<const CallClaims>(read_claims(from.claims(), good));
  }
  for (const wire::EdgeV1& edge : from.edges()) call.edges.push_back(read_edge(edge, good));
  checker.require(good);
}

}  // namespace

std::optional<CallRecord> decode_call(std::string_view bytes) {
  thread_local ReusedMessage reused;
  const wire::CallV1* message = reused.parse(bytes);
  if (message == nullptr) return std::nullopt;
  Checker checker;
  CallRecord call;
  read_identity(*message, call, checker);
  read_times(*message, call);
  call.parties.reserve(static_cast<std::size_t>(message->parties().size()));
  for (const wire::PartyV1& party : message->parties()) {
    call.parties.push_back(read_party(party, checker));
  }
  read_outcome(*message, call, checker);
  call.media.reserve(static_cast<std::size_t>(message->media().size()));
  for (const wire::MediaV1& media : message->media()) {
    call.media.push_back(read_media(media, checker));
  }
  call.recording = read_recording(message->recording(), checker);
  read_links(*message, call, checker);
  if (!checker.good()) return std::nullopt;
  return call;
}

std::optional<CallRecord> decode_call_terms(std::string_view bytes) {
  thread_local ReusedMessage reused;
  const wire::CallV1* message = reused.parse(bytes);
  if (message == nullptr) return std::nullopt;
  Checker checker;
  CallRecord call;
  checker.require(message->encoding() == kCallEncodingVersion);
  checker.require(message->uid().size() == call.uid.bytes.size());
  if (!checker.good()) return std::nullopt;
  std::memcpy(call.uid.bytes.data(), message->uid().data(), call.uid.bytes.size());
  call.version = message->version();
  call.final = message->final();
  call.call_id = message->call_id();
  call.state = checker.enumerator(message->state(), CallState::kInterrupted);
  read_retention(message->recording(), call.recording, checker);
  call.parties.reserve(static_cast<std::size_t>(message->parties().size()));
  for (const wire::PartyV1& from : message->parties()) {
    CallParty& party = call.parties.emplace_back();
    party.number = from.number();
    party.e164 = from.e164();
  }
  call.dialled = message->dialled();
  call.diverted_from = message->diverted_from();
  call.asserted = message->asserted();
  call.dialled_e164 = message->dialled_e164();
  call.diverted_from_e164 = message->diverted_from_e164();
  call.asserted_e164 = message->asserted_e164();
  call.masked = message->masked();
  if (message->has_transferred()) {
    call.transferred =
        CallTransfer{message->transferred().to(), {}, {}, message->transferred().to_e164()};
  }
  call.conversation_id = message->conversation_id();
  read_links(*message, call, checker);
  if (!checker.good()) return std::nullopt;
  return call;
}

}  // namespace tapdeck
