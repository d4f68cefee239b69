#include "model/call_codec.h"

#include <call.pb.h>
#include <limits>
#include <type_traits>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace tapdeck {
namespace {

constexpr std::uint32_t kEncodingVersion = 1;
constexpr std::size_t kMessageBytesMax = 16U << 20;

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

  void require(bool condition) { good_ = good_ && condition; }

  [[nodiscard]] bool good() const { return good_; }

 private:
  bool good_ = true;
};

std::string ip_bytes(const IpAddress& ip) {
  return {reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()};
}

void write_endpoint(const Endpoint& endpoint, wire::EndpointV1* to) {
  if (endpoint.ip != IpAddress{}) to->set_ip(ip_bytes(endpoint.ip));
  to->set_port(endpoint.port);
}

Endpoint read_endpoint(const wire::EndpointV1& from, Checker& checker) {
  return {checker.ip(from.ip()), checker.narrow<std::uint16_t>(from.port())};
}

void write_party(const CallParty& party, wire::PartyV1* to) {
  to->set_id(party.id);
  to->set_role(static_cast<std::uint32_t>(party.role));
  to->set_number(party.number);
  to->set_e164(party.e164);
  to->set_name(party.name);
  to->set_uri(party.uri);
  if (party.ip) to->set_ip(ip_bytes(*party.ip));
  to->set_port(party.port);
  to->set_user_agent(party.user_agent);
  if (party.from_us) to->set_from_us(*party.from_us);
  if (party.to_us) to->set_to_us(*party.to_us);
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
  return party;
}

void write_media(const MediaRecord& media, wire::MediaV1* to) {
  to->set_kind(static_cast<std::uint32_t>(media.kind));
  if (media.party) to->set_party(*media.party);
  write_endpoint(media.source, to->mutable_source());
  write_endpoint(media.destination, to->mutable_destination());
  to->set_ssrc(media.ssrc);
  to->set_codec(media.codec);
  if (media.payload_type) to->set_payload_type(*media.payload_type);
  to->set_clock_rate_hz(media.clock_rate_hz);
  for (const auto& [type, name] : media.codecs) (*to->mutable_codecs())[type] = name;
  for (const auto& [type, count] : media.payload_packets) {
    (*to->mutable_payload_packets())[type] = count;
  }
  to->set_first_us(media.first_us);
  to->set_last_us(media.last_us);
  to->set_packets(media.packets);
  to->set_bytes(media.bytes);
  to->set_expected(media.expected);
  to->set_lost(media.lost);
  to->set_lost_by_us(media.lost_by_us);
  to->set_lost_suspect(media.lost_suspect);
  to->set_duplicated(media.duplicated);
  to->set_reordered(media.reordered);
  if (media.jitter_ms) to->set_jitter_ms(*media.jitter_ms);
  if (media.jitter_max_ms) to->set_jitter_max_ms(*media.jitter_max_ms);
  if (media.mos_est) to->set_mos_est(*media.mos_est);
  to->set_mos_model(media.mos_model);
  if (media.rtcp_loss_pct) to->set_rtcp_loss_pct(*media.rtcp_loss_pct);
  if (media.rtcp_jitter_ms) to->set_rtcp_jitter_ms(*media.rtcp_jitter_ms);
  if (media.rtcp_rtt_ms) to->set_rtcp_rtt_ms(*media.rtcp_rtt_ms);
  to->set_srtp(media.srtp);
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
  for (const auto& [type, name] : from.codecs()) {
    media.codecs[checker.narrow<std::uint8_t>(type)] = name;
  }
  for (const auto& [type, count] : from.payload_packets()) {
    media.payload_packets[checker.narrow<std::uint8_t>(type)] = count;
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
  return media;
}

void write_recording(const RecordingInfo& recording, wire::RecordingV1* to) {
  to->set_state(static_cast<std::uint32_t>(recording.state));
  for (const RecordingReason reason : recording.reasons) {
    to->add_reasons(static_cast<std::uint32_t>(reason));
  }
  to->set_lifecycle(static_cast<std::uint32_t>(recording.lifecycle));
  to->set_retention_class(recording.retention_class);
  if (recording.expires_us) to->set_expires_us(*recording.expires_us);
  for (const std::string& hold : recording.legal_holds) to->add_legal_holds(hold);
  to->set_encrypted(recording.encrypted);
  to->set_sha256(recording.sha256);
  to->set_duration_ms(recording.duration_ms);
  to->set_gaps_left_out(recording.gaps_left_out);
  for (const RecordingGap& gap : recording.gaps) {
    wire::GapV1* added = to->add_gaps();
    added->set_from_us(gap.from_us);
    added->set_to_us(gap.to_us);
    added->set_reason(gap.reason);
    added->set_packets(gap.packets);
  }
}

RecordingInfo read_recording(const wire::RecordingV1& from, Checker& checker) {
  RecordingInfo recording;
  recording.state = checker.enumerator(from.state(), RecordingState::kNotRecorded);
  for (const std::uint32_t reason : from.reasons()) {
    checker.require(reason != 0);
    recording.reasons.push_back(checker.enumerator(reason, RecordingReason::kInterrupted));
  }
  recording.lifecycle = checker.enumerator(from.lifecycle(), RecordingLifecycle::kExpired);
  recording.retention_class = from.retention_class();
  if (from.has_expires_us()) recording.expires_us = from.expires_us();
  recording.legal_holds.assign(from.legal_holds().begin(), from.legal_holds().end());
  recording.encrypted = from.encrypted();
  recording.sha256 = from.sha256();
  recording.duration_ms = from.duration_ms();
  recording.gaps_left_out = from.gaps_left_out();
  for (const wire::GapV1& gap : from.gaps()) {
    recording.gaps.push_back({gap.from_us(), gap.to_us(), gap.reason(), gap.packets()});
  }
  return recording;
}

void write_identity(const CallRecord& call, wire::CallV1& to) {
  to.set_encoding(kEncodingVersion);
  to.set_uid(call.uid.bytes.data(), call.uid.bytes.size());
  to.set_version(call.version);
  to.set_final(call.final);
  to.set_call_id(call.call_id);
  to.set_from_tag(call.from_tag);
  to.set_to_tag(call.to_tag);
  to.set_realm(call.realm);
  to.set_realm_name(call.realm_name);
  to.set_conversation_id(call.conversation_id);
  to.set_joined_by_method(call.joined_by_method);
  if (call.joined_by_score) to.set_joined_by_score(*call.joined_by_score);
  to.set_node(call.node);
  to.set_port(call.port);
  if (call.vlan) to.set_vlan(*call.vlan);
}

void read_identity(const wire::CallV1& from, CallRecord& call, Checker& checker) {
  checker.require(from.encoding() == kEncodingVersion);
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

void write_times(const CallRecord& call, wire::CallV1& to) {
  if (call.start_us) to.set_start_us(*call.start_us);
  if (call.progress_us) to.set_progress_us(*call.progress_us);
  if (call.ringing_us) to.set_ringing_us(*call.ringing_us);
  if (call.answered_us) to.set_answered_us(*call.answered_us);
  if (call.ended_us) to.set_ended_us(*call.ended_us);
  to.set_first_seen_us(call.first_seen_us);
  if (call.pdd_ms) to.set_pdd_ms(*call.pdd_ms);
  if (call.ring_ms) to.set_ring_ms(*call.ring_ms);
  if (call.setup_ms) to.set_setup_ms(*call.setup_ms);
  if (call.talk_ms) to.set_talk_ms(*call.talk_ms);
  if (call.total_ms) to.set_total_ms(*call.total_ms);
  if (call.hold_ms) to.set_hold_ms(*call.hold_ms);
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

void write_outcome(const CallRecord& call, wire::CallV1& to) {
  to.set_state(static_cast<std::uint32_t>(call.state));
  if (call.caller) to.set_caller(*call.caller);
  if (call.callee) to.set_callee(*call.callee);
  to.set_dialled(call.dialled);
  to.set_diverted_from(call.diverted_from);
  to.set_asserted(call.asserted);
  to.set_direction(static_cast<std::uint32_t>(call.direction));
  to.set_outcome(static_cast<std::uint32_t>(call.outcome));
  to.set_end_reason(static_cast<std::uint32_t>(call.end_reason));
  to.set_hangup_by(static_cast<std::uint32_t>(call.hangup_by));
  if (call.transferred) {
    to.mutable_transferred()->set_to(call.transferred->to);
    to.mutable_transferred()->set_by(call.transferred->by);
    to.mutable_transferred()->set_kind(call.transferred->kind);
  }
  if (call.status_code) to.set_status_code(*call.status_code);
  to.set_reason(call.reason);
  if (call.q850_cause) to.set_q850_cause(*call.q850_cause);
  for (const auto& [name, count] : call.sip_methods) {
    wire::HeaderCountV1* added = to.add_sip_methods();
    added->set_name(name);
    added->set_count(count);
  }
  for (const auto& [name, count] : call.sip_responses) {
    wire::HeaderCountV1* added = to.add_sip_responses();
    added->set_name(name);
    added->set_count(count);
  }
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
  call.direction = checker.enumerator(from.direction(), CallDirection::kTransit);
  call.outcome = checker.enumerator(from.outcome(), CallOutcome::kRedirected);
  call.end_reason = checker.enumerator(from.end_reason(), EndReason::kCrash);
  call.hangup_by = checker.enumerator(from.hangup_by(), HangupBy::kCallee);
  if (from.has_transferred()) {
    const wire::TransferV1& transfer = from.transferred();
    call.transferred = CallTransfer{transfer.to(), transfer.by(), transfer.kind()};
  }
  if (from.has_status_code()) {
    call.status_code = checker.narrow<std::uint16_t>(from.status_code());
  }
  call.reason = from.reason();
  if (from.has_q850_cause()) call.q850_cause = checker.narrow<std::uint16_t>(from.q850_cause());
  for (const auto& entry : from.sip_methods()) call.sip_methods[entry.name()] = entry.count();
  for (const auto& entry : from.sip_responses()) call.sip_responses[entry.name()] = entry.count();
}

}  // namespace

std::string encode_call(const CallRecord& call) {
  wire::CallV1 message;
  write_identity(call, message);
  write_times(call, message);
  for (const CallParty& party : call.parties) write_party(party, message.add_parties());
  write_outcome(call, message);
  for (const MediaRecord& media : call.media) write_media(media, message.add_media());
  write_recording(call.recording, message.mutable_recording());

  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);  // maps by key
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

std::optional<CallRecord> decode_call(std::string_view bytes) {
  if (bytes.size() > kMessageBytesMax) return std::nullopt;
  wire::CallV1 message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  Checker checker;
  CallRecord call;
  read_identity(message, call, checker);
  read_times(message, call);
  for (const wire::PartyV1& party : message.parties()) {
    call.parties.push_back(read_party(party, checker));
  }
  read_outcome(message, call, checker);
  for (const wire::MediaV1& media : message.media()) {
    call.media.push_back(read_media(media, checker));
  }
  call.recording = read_recording(message.recording(), checker);
  if (!checker.good()) return std::nullopt;
  return call;
}

}  // namespace tapdeck
