// A call record with every field set, for tests of what stores, encodes and shows records.
// Threads: any.  Memory: returns values.
#pragma once

#include "model/call.h"

namespace tapdeck::testing {

// Uid of the call that begins at `start_us`, told apart by `seed`.
inline Uid sample_uid(std::int64_t start_us, std::uint8_t seed = 1) {
  return make_uid(start_us / 1'000, {seed, 2, 3, 4, 5, 6, 7, 8, 9, 10});
}

inline MediaRecord sample_media() {
  MediaRecord media;
  media.kind = MediaKind::kAudio;
  media.party = 0;
  media.source = {make_ipv4(0xc0000201), 4000};
  media.destination = {make_ipv4(0xc0000202), 5000};
  media.ssrc = 0x01020304;
  media.codec = "PCMA";
  media.payload_type = 8;
  media.clock_rate_hz = 8000;
  media.codecs = {{8, "PCMA"}, {13, "CN"}, {101, "telephone-event"}};
  media.payload_packets = {{8, 900}, {101, 7}};
  media.first_us = 1'700'000'002'000'000;
  media.last_us = 1'700'000'020'000'000;
  media.packets = 907;
  media.bytes = 155'000;
  media.expected = 905;
  media.lost = -2;
  media.lost_by_us = 1;
  media.lost_suspect = 2;
  media.duplicated = 3;
  media.reordered = 4;
  media.jitter_ms = 0.25;
  media.jitter_max_ms = 1.5;
  media.mos_est = 4.25;
  media.mos_model = "g107";
  media.rtcp_loss_pct = 0.5;
  media.rtcp_jitter_ms = 2.5;
  media.rtcp_rtt_ms = 30.0;
  media.srtp = true;
  media.speaker = 2;
  return media;
}

inline void set_parties(CallRecord& call) {
  CallParty caller;
  caller.role = PartyRole::kCaller;
  caller.number = "0891234";
  caller.e164 = "+49891234";
  caller.name = "J\xfcrgen";  // Latin-1, as some phones send it
  caller.uri = "sip:0891234@192.0.2.1";
  caller.ip = make_ipv4(0xc0000201);
  caller.port = 5060;
  caller.user_agent = "phone/1";
  caller.from_us = call.start_us;
  CallParty callee = caller;
  callee.id = 1;
  callee.role = PartyRole::kCallee;
  callee.number = "00441632960123";
  callee.e164.clear();
  callee.ip = parse_ip("2001:db8::2");
  callee.to_us = call.ended_us;
  call.parties = {caller, callee};
  call.caller = 0;
  call.callee = 1;
}

inline void set_outcome(CallRecord& call) {
  call.state = CallState::kEnded;
  call.dialled = "441632960123";
  call.diverted_from = "441632960999";
  call.asserted = "+4930555";
  call.dialled_e164 = "+441632960123";
  call.diverted_from_e164 = "+441632960999";
  call.asserted_e164 = "+4930555";
  call.trunk = "carrier";
  call.direction = CallDirection::kOutbound;
  call.outcome = CallOutcome::kAnswered;
  call.end_reason = EndReason::kBye;
  call.hangup_by = HangupBy::kCallee;
  call.transferred = CallTransfer{"4420555", "49891234", "blind", "+4420555"};
  call.status_code = 200;
  call.reason = "OK";
  call.q850_cause = 16;
  call.sip_methods = {{"ACK", 1}, {"BYE", 1}, {"INVITE", 2}};
  call.sip_responses = {{"100", 1}, {"180", 1}, {"200", 2}};
}

inline CallRecord sample_call() {
  CallRecord call;
  call.start_us = 1'700'000'000'123'456;
  call.uid = sample_uid(*call.start_us);
  call.version = 2;
  call.final = true;
  call.call_id = "abc@192.0.2.1";
  call.from_tag = "f1";
  call.to_tag = "t1";
  call.realm = 3;
  call.realm_name = "voice";
  call.conversation_id = "c1";
  call.joined_by_method = "header";
  call.joined_by_score = 0.75;
  call.node = "n1";
  call.port = "eth1";
  call.vlan = 42;
  call.progress_us = *call.start_us + 300'000;
  call.ringing_us = *call.start_us + 400'000;
  call.answered_us = *call.start_us + 2'000'000;
  call.ended_us = *call.start_us + 20'000'000;
  call.first_seen_us = *call.start_us;
  call.pdd_ms = 300;
  call.ring_ms = 1'600;
  call.setup_ms = 2'000;
  call.talk_ms = 18'000;
  call.total_ms = 20'000;
  call.hold_ms = 0;
  set_parties(call);
  set_outcome(call);
  call.media = {sample_media()};
  call.recording.state = RecordingState::kRecordedWithGaps;
  call.recording.reasons = {RecordingReason::kLoss, RecordingReason::kLossByUs};
  call.recording.lifecycle = RecordingLifecycle::kHeld;
  call.recording.retention_class = "default";
  call.recording.expires_us = *call.start_us + 7'776'000'000'000;
  call.recording.legal_holds = {"m1"};
  call.recording.encrypted = true;
  call.recording.sha256 = std::string(64, 'a');
  call.recording.duration_ms = 18'000;
  call.recording.gaps = {{*call.start_us + 1, *call.start_us + 2, "loss", 3}};
  return call;
}

}  // namespace tapdeck::testing
