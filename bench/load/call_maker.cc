#include "bench/load/call_maker.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "bench/traffic/random.h"
#include "storage/segment_format.h"

namespace tapdeck::load {
namespace {

using traffic::Random;

constexpr std::int64_t kFirstUs = 1'767'225'600 * kUsPerSecond;  // 2026-01-01
constexpr std::uint64_t kSegmentCalls = 20'000;                  // that begin in one segment

// What one call draws does not depend on what others drew, nor one aspect of it on another.
enum class Aspect : std::uint64_t { kStart = 1, kTimes, kCaller, kCallee, kIdentity, kMedia };

Random draw(std::uint64_t seed, std::uint64_t call, Aspect aspect) {
  Random mixed(seed * 0x9e3779b97f4a7c15ULL + call * 8 + static_cast<std::uint64_t>(aspect));
  return Random(mixed.next());
}

std::string hex(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

std::string digest(Random& random) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += hex(random.next(), 16);
  return text;
}

void set_parties(CallRecord& call, std::string caller, std::string callee, Random& random) {
  call.parties.resize(2);
  CallParty& from = call.parties[0];
  from.id = 0;
  from.role = PartyRole::kCaller;
  from.uri = "sip:+" + caller + "@sbc1.example.net";
  from.number = "+" + std::move(caller);
  from.ip = make_ipv4(0x0a000000 | random.below(1U << 16));
  from.port = 5060;
  from.user_agent = random.chance_pct(50) ? "Acme SBC 8.4.0" : "Yealink SIP-T46S 66.86.0.15";
  from.from_us = call.start_us;
  from.to_us = call.ended_us;
  if (random.chance_pct(30)) from.name = "Extension " + std::to_string(random.below(1'000));
  CallParty& to = call.parties[1];
  to = from;
  to.id = 1;
  to.role = PartyRole::kCallee;
  to.name.clear();
  to.uri = "sip:" + callee + "@pbx7.example.net";
  to.number = std::move(callee);
  to.ip = make_ipv4(0x0a010000 | random.below(1U << 16));
  to.user_agent = "Asterisk PBX 18.20";
  call.caller = 0;
  call.callee = 1;
  call.dialled = to.number;
  if (random.chance_pct(40)) call.asserted = from.number;
  if (random.chance_pct(5)) call.diverted_from = "+4930" + std::to_string(random.below(9'000'000));
}

MediaRecord make_media(const CallRecord& call, bool from_caller, Random& random) {
  MediaRecord media;
  media.kind = MediaKind::kAudio;
  media.party = from_caller ? 0 : 1;
  media.source = {*call.parties[from_caller ? 0 : 1].ip,
                  static_cast<std::uint16_t>(10'000 + random.below(50'000))};
  media.destination = {*call.parties[from_caller ? 1 : 0].ip,
                       static_cast<std::uint16_t>(10'000 + random.below(50'000))};
  media.ssrc = static_cast<std::uint32_t>(random.next());
  media.codec = "PCMA";
  media.payload_type = 8;
  media.clock_rate_hz = 8'000;
  media.codecs = {{8, "PCMA"}, {101, "telephone-event"}};
  media.first_us = *call.answered_us + random.below(40'000);
  media.last_us = call.ended_us.value_or(*call.answered_us + kUsPerSecond);
  media.packets = static_cast<std::uint64_t>((media.last_us - media.first_us) / 20'000 + 1);
  media.payload_packets = {{8, media.packets}};
  media.bytes = media.packets * 172;
  media.lost = random.chance_pct(10) ? random.below(30) : 0;
  media.expected = media.packets + static_cast<std::uint64_t>(media.lost);
  media.jitter_ms = random.unit();
  media.jitter_max_ms = 4 * random.unit();
  media.mos_est = 4.0 + random.unit() / 2;
  media.mos_model = "g107";
  return media;
}

void set_unanswered(CallRecord& call, Random& random) {
  constexpr std::uint16_t kCodes[] = {404, 480, 486, 487};
  constexpr CallOutcome kOutcomes[] = {
      CallOutcome::kFailed, CallOutcome::kNoAnswer, CallOutcome::kBusy, CallOutcome::kCancelled};
  const std::uint32_t which = random.below(4);
  call.outcome = kOutcomes[which];
  call.end_reason = which == 3 ? EndReason::kCancel : EndReason::kFailure;
  call.hangup_by = which == 3 ? HangupBy::kCaller : HangupBy::kCallee;
  call.status_code = kCodes[which];
  call.reason = which == 2 ? "Busy Here" : "Request Terminated";
  call.ring_ms = (*call.ended_us - *call.ringing_us) / kUsPerMs;
  call.sip_methods = {{"ACK", 1}, {"INVITE", 1}};
  call.sip_responses = {{"100", 1}, {"180", 1}, {std::to_string(kCodes[which]), 1}};
  call.recording.state = RecordingState::kNotRecorded;
  call.recording.reasons = {RecordingReason::kNotAnswered};
}

void set_answered(CallRecord& call, Random& random) {
  call.outcome = CallOutcome::kAnswered;
  call.status_code = 200;
  call.reason = "OK";
  call.ring_ms = (*call.answered_us - *call.ringing_us) / kUsPerMs;
  call.setup_ms = (*call.answered_us - *call.start_us) / kUsPerMs;
  call.hold_ms = 0;
  call.sip_methods = {{"ACK", 1}, {"INVITE", 1}};
  call.sip_responses = {{"100", 1}, {"180", 1}, {"200", 1}};
  call.media = {make_media(call, true, random), make_media(call, false, random)};
  if (!call.final) {
    call.media.clear();  // nothing has been reported yet
    return;
  }
  call.sip_methods["BYE"] = 1;
  call.sip_responses["200"] = 2;
  call.talk_ms = (*call.ended_us - *call.answered_us) / kUsPerMs;
  call.end_reason = EndReason::kBye;
  call.hangup_by = random.chance_pct(50) ? HangupBy::kCaller : HangupBy::kCallee;
  call.q850_cause = 16;
  RecordingInfo& recording = call.recording;
  recording.state = RecordingState::kRecorded;
  recording.duration_ms = *call.talk_ms;
  recording.sha256 = digest(random);
}

storage::SegmentId segment_of(std::uint64_t call, std::uint64_t seed, storage::SegmentKind kind) {
  Random random(seed + call / kSegmentCalls * 2 + (kind == storage::SegmentKind::kSip ? 1 : 0));
  storage::SegmentId id{};
  store_be(id.data(), random.next());
  store_be(id.data() + 8, random.next());
  return id;
}

}  // namespace

CallMaker::CallMaker(const MakerOptions& options)
    : options_(options),
      step_us_(options.days * static_cast<double>(kUsPerDay) /
               static_cast<double>(std::max<std::uint64_t>(1, options.calls))) {
  double sum = 0;
  for (std::uint32_t rank = 0; rank < options_.centres; ++rank) sum += 1.0 / (rank + 1);
  double share = 0;
  for (std::uint32_t rank = 0; rank < options_.centres; ++rank) {
    share += 1.0 / (rank + 1) / sum;
    centre_shares_.push_back(share);
  }
}

CallMaker::Times CallMaker::times(std::uint64_t call) const {
  Random jitter = draw(options_.seed, call, Aspect::kStart);
  Times times;
  times.start_us =
      kFirstUs + static_cast<std::int64_t>((static_cast<double>(call) + jitter.unit()) * step_us_);
  Random random = draw(options_.seed, call, Aspect::kTimes);
  const auto us = [](double seconds) { return static_cast<std::int64_t>(seconds * kUsPerSecond); };
  const bool answered = random.chance_pct(options_.answered_pct);
  const std::int64_t ring_us = us(1 + random.exponential(8));
  if (answered) {
    times.answered_us = times.start_us + ring_us;
    times.end_us = times.answered_us + us(1 + random.exponential(options_.talk_mean_s));
  } else {
    times.end_us = times.start_us + ring_us;
  }
  return times;
}

Uid CallMaker::uid(std::uint64_t call) const {
  Random random = draw(options_.seed, call, Aspect::kIdentity);
  std::array<std::uint8_t, 10> hash{};
  store_be(hash.data(), random.next());
  store_be(hash.data() + 2, random.next());
  return make_uid(times(call).start_us / kUsPerMs, hash);
}

std::string CallMaker::subscriber(std::uint32_t index) const {
  return "49" + std::to_string(3'000'000'000ULL + index * 37ULL);
}

std::string CallMaker::centre(std::uint32_t rank) const {
  return "49800" + std::to_string(1'000'000 + rank * 1'111);
}

std::string CallMaker::caller(std::uint64_t call) const {
  return subscriber(draw(options_.seed, call, Aspect::kCaller).below(options_.subscribers));
}

std::string CallMaker::callee(std::uint64_t call) const {
  Random random = draw(options_.seed, call, Aspect::kCallee);
  if (centre_shares_.empty() || !random.chance_pct(options_.centre_pct)) {
    return subscriber(random.below(options_.subscribers));
  }
  const auto found =
      std::lower_bound(centre_shares_.begin(), centre_shares_.end() - 1, random.unit());
  return centre(static_cast<std::uint32_t>(found - centre_shares_.begin()));
}

std::uint64_t CallMaker::first_from(std::int64_t start_us) const {
  const double about = static_cast<double>(start_us - kFirstUs) / step_us_;
  auto call = static_cast<std::uint64_t>(std::max(0.0, about - 2));
  while (call < options_.calls && times(call).start_us < start_us) ++call;
  return std::min(call, options_.calls);
}

CallRecord CallMaker::record(std::uint64_t number, bool final) const {
  const Times when = times(number);
  Random random = draw(options_.seed, number, Aspect::kIdentity);
  CallRecord call;
  call.uid = uid(number);
  call.final = final;
  call.version = final && when.answered_us != 0 ? 2 : 1;
  call.call_id = hex(random.next(), 16) + hex(random.next(), 16) + "@10.0." +
                 std::to_string(random.below(256)) + "." + std::to_string(random.below(256));
  call.from_tag = hex(random.next(), 10);
  call.to_tag = hex(random.next(), 10);
  call.realm_name = "default";
  call.node = "capture1";
  call.port = "eth1";
  call.state = final ? CallState::kEnded : CallState::kInProgress;
  call.start_us = when.start_us;
  call.first_seen_us = when.start_us;
  call.progress_us = when.start_us + 40'000 + random.below(100'000);
  call.ringing_us = *call.progress_us + random.below(100'000);
  call.pdd_ms = (*call.progress_us - when.start_us) / kUsPerMs;
  if (when.answered_us != 0) call.answered_us = when.answered_us;
  if (final) {
    call.ended_us = when.end_us;
    call.total_ms = (when.end_us - when.start_us) / kUsPerMs;
  }
  Random media = draw(options_.seed, number, Aspect::kMedia);
  set_parties(call, caller(number), callee(number), media);
  call.recording.retention_class = "default";
  call.recording.expires_us = when.start_us + 90 * kUsPerDay;
  if (when.answered_us != 0) {
    set_answered(call, media);
  } else {
    set_unanswered(call, media);
  }
  return call;
}

std::vector<storage::ExtentRow> CallMaker::rows(std::uint64_t call) const {
  const bool answered = times(call).answered_us != 0;
  Random random = draw(options_.seed, call, Aspect::kIdentity);
  std::vector<storage::ExtentRow> rows;
  for (const auto kind : {storage::SegmentKind::kSip, storage::SegmentKind::kMedia}) {
    if (kind == storage::SegmentKind::kMedia && !answered) continue;
    storage::ExtentEntry entry;
    entry.offset = call % kSegmentCalls * 16'384;
    entry.stored_bytes = 16'384;
    entry.kind = kind == storage::SegmentKind::kSip ? storage::ExtentType::kMessages
                                                    : storage::ExtentType::kMedia;
    entry.key_id = static_cast<std::uint32_t>(call);
    entry.first_us = times(call).start_us;
    entry.duration_us = 1'800'000;
    for (std::uint8_t& byte : entry.leaf) byte = static_cast<std::uint8_t>(random.next());
    rows.push_back({uid(call),
                    kind,
                    segment_of(call, options_.seed, kind),
                    storage::encode_extent_row({&entry, 1})});
  }
  return rows;
}

}  // namespace tapdeck::load
