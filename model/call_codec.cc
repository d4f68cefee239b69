#include "model/call_codec.h"

#include "model/call_codec_claims.h"
#include "model/call_codec_message.h"

namespace tapdeck {
namespace {

template <typename Message>
void write_ip(const IpAddress& ip, Message* to) {
  to->set_ip(ip.bytes.data(), ip.bytes.size());
}

void write_endpoint(const Endpoint& endpoint, wire::EndpointV1* to) {
  if (endpoint.ip != IpAddress{}) write_ip(endpoint.ip, to);
  to->set_port(endpoint.port);
}

void write_device(const Device& device, wire::DeviceV1* to) {
  to->set_name(device.name);
  to->set_user_agent(device.user_agent);
  to->set_contact(device.contact);
  write_endpoint(device.address, to->mutable_address());
  to->set_registered_us(device.registered_us);
  to->set_expires_us(device.expires_us);
}

void write_party(const CallParty& party, wire::PartyV1* to) {
  to->set_id(party.id);
  to->set_role(static_cast<std::uint32_t>(party.role));
  to->set_number(party.number);
  to->set_e164(party.e164);
  to->set_name(party.name);
  to->set_uri(party.uri);
  if (party.ip) write_ip(*party.ip, to);
  to->set_port(party.port);
  to->set_user_agent(party.user_agent);
  if (party.from_us) to->set_from_us(*party.from_us);
  if (party.to_us) to->set_to_us(*party.to_us);
  to->set_sdp_origin(party.sdp_origin);
  for (const Endpoint& address : party.sdp_addresses) {
    write_endpoint(address, to->add_sdp_addresses());
  }
  if (party.device != nullptr) write_device(*party.device, to->mutable_device());
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
  for (const auto& [type, name] : media.codecs) {
    wire::CodecV1* added = to->add_codecs();
    added->set_payload_type(type);
    added->set_name(name);
  }
  for (const auto& [type, count] : media.payload_packets) {
    wire::PayloadCountV1* added = to->add_payload_packets();
    added->set_payload_type(type);
    added->set_packets(count);
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
  if (media.speaker) to->set_speaker(*media.speaker);
}

void write_recording(const RecordingInfo& recording, wire::RecordingV1* to) {
  to->set_state(static_cast<std::uint32_t>(recording.state));
  for (const RecordingReason reason : recording.reasons) {
    to->add_reasons(static_cast<std::uint32_t>(reason));
  }
  to->set_lifecycle(static_cast<std::uint32_t>(recording.lifecycle));
  to->set_retention_class(recording.retention_class);
  if (recording.expires_us) to->set_expires_us(*recording.expires_us);
  if (recording.sip_expires_us) to->set_sip_expires_us(*recording.sip_expires_us);
  if (recording.cdr_expires_us) to->set_cdr_expires_us(*recording.cdr_expires_us);
  to->set_locked(recording.locked);
  if (recording.latest_us) to->set_latest_us(*recording.latest_us);
  for (const std::string& hold : recording.legal_holds) to->add_legal_holds(hold);
  to->set_encrypted(recording.encrypted);
  to->set_sha256(recording.sha256);
  to->set_duration_ms(recording.duration_ms);
  to->set_gaps_left_out(recording.gaps_left_out);
  to->set_policy_rule(recording.policy_rule);
  if (recording.paused_since_us) to->set_paused_since_us(*recording.paused_since_us);
  if (recording.decision) {
    wire::DecisionV1* decision = to->mutable_decision();
    decision->set_media(static_cast<std::uint32_t>(recording.decision->media));
    decision->set_log(static_cast<std::uint32_t>(recording.decision->log));
    decision->set_early_media(recording.decision->early_media);
    decision->set_mask_dtmf(recording.decision->mask_dtmf);
  }
  if (recording.pause) {
    to->mutable_pause()->set_cause(static_cast<std::uint32_t>(recording.pause->cause));
    to->mutable_pause()->set_limit_ms(recording.pause->limit_ms);
    to->mutable_pause()->set_late(recording.pause->late);
  }
  for (const RecordingGap& gap : recording.gaps) {
    wire::GapV1* added = to->add_gaps();
    added->set_from_us(gap.from_us);
    added->set_to_us(gap.to_us);
    added->set_reason(gap.reason);
    added->set_packets(gap.packets);
  }
}

void write_identity(const CallRecord& call, wire::CallV1& to) {
  to.set_encoding(kCallEncodingVersion);
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

void write_business(const CallBusiness& business, wire::CallV1& to) {
  wire::BusinessV1* out = to.mutable_business();
  out->set_agent(business.agent);
  out->set_team(business.team);
  out->set_client(business.client);
  out->set_marketing_channel(business.marketing_channel);
  out->set_campaign(business.campaign);
  for (const std::string& tag : business.tags) out->add_tags(tag);
  out->set_disposition(business.disposition);
  if (business.resolved) out->set_resolved(*business.resolved);
  if (business.csat) out->set_csat(*business.csat);
  if (business.revenue) out->set_revenue(*business.revenue);
  out->set_note(business.note);
}

void write_outcome(const CallRecord& call, wire::CallV1& to) {
  to.set_state(static_cast<std::uint32_t>(call.state));
  if (call.caller) to.set_caller(*call.caller);
  if (call.callee) to.set_callee(*call.callee);
  to.set_dialled(call.dialled);
  to.set_diverted_from(call.diverted_from);
  to.set_asserted(call.asserted);
  to.set_dialled_e164(call.dialled_e164);
  to.set_diverted_from_e164(call.diverted_from_e164);
  to.set_asserted_e164(call.asserted_e164);
  to.set_masked(call.masked);
  to.set_trunk(call.trunk);
  if (call.business) write_business(*call.business, to);
  to.set_direction(static_cast<std::uint32_t>(call.direction));
  to.set_outcome(static_cast<std::uint32_t>(call.outcome));
  to.set_end_reason(static_cast<std::uint32_t>(call.end_reason));
  to.set_hangup_by(static_cast<std::uint32_t>(call.hangup_by));
  if (call.transferred) {
    to.mutable_transferred()->set_to(call.transferred->to);
    to.mutable_transferred()->set_by(call.transferred->by);
    to.mutable_transferred()->set_kind(call.transferred->kind);
    to.mutable_transferred()->set_to_e164(call.transferred->to_e164);
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

}  // namespace

std::string encode_call(const CallRecord& call) {
  std::string bytes;
  append_call(call, bytes);
  return bytes;
}

void append_call(const CallRecord& call, std::string& bytes) {
  thread_local ReusedMessage reused;
  wire::CallV1& message = reused.cleared();
  write_identity(call, message);
  write_times(call, message);
  for (const CallParty& party : call.parties) write_party(party, message.add_parties());
  write_outcome(call, message);
  for (const MediaRecord& media : call.media) write_media(media, message.add_media());
  write_recording(call.recording, message.mutable_recording());
  if (call.claims) write_claims(*call.claims, message.mutable_claims());
  for (const CallEdge& edge : call.edges) write_edge(edge, message.add_edges());

  const std::size_t size = message.ByteSizeLong();
  reused.note_size(size);
  const std::size_t at = bytes.size();
  bytes.resize(at + size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.data() + at));
}

}  // namespace tapdeck
