#include "pipelines/calls/record_builder.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "pipelines/calls/recording_state.h"
#include "pipelines/calls/transfer_rules.h"

namespace tapdeck::calls {
namespace {

constexpr std::size_t kRecordGapsMax = 256;

std::optional<std::int64_t> to_us(const std::optional<std::int64_t>& ns) {
  if (!ns) return std::nullopt;
  return *ns / 1000;
}

// Milliseconds between two facts that both are known; messages of several workers may be a little
// out of order, which is no reason for a negative duration.
std::optional<std::int64_t> between_ms(const std::optional<std::int64_t>& from_ns,
                                       const std::optional<std::int64_t>& to_ns) {
  if (!from_ns || !to_ns) return std::nullopt;
  return std::max<std::int64_t>(0, *to_ns - *from_ns) / 1'000'000;
}

void fill_times(const LiveCall& state, CallRecord& record) {
  const CallTimes& times = state.times;
  record.start_us = to_us(times.start_ns);
  record.progress_us = to_us(times.progress_ns);
  record.ringing_us = to_us(times.ringing_ns);
  record.answered_us = to_us(times.answered_ns);
  record.ended_us = to_us(times.ended_ns);
  record.first_seen_us = times.first_seen_ns / 1000;
  record.pdd_ms = between_ms(times.attempt_ns, times.progress_ns);
  record.ring_ms =
      between_ms(times.ringing_ns, times.answered_ns ? times.answered_ns : times.ended_ns);
  record.setup_ms = between_ms(times.start_ns, times.answered_ns);
  record.talk_ms = between_ms(times.answered_ns, times.ended_ns);
  record.total_ms = between_ms(times.start_ns.value_or(times.first_seen_ns), times.ended_ns);
  if (times.answered_ns) {
    const std::int64_t until_ns = times.ended_ns.value_or(state.last_packet_ns());
    record.hold_ms = state.hold.total_ns(until_ns) / 1'000'000;
  }
}

void fill_parties(const LiveCall& state, CallRecord& record) {
  record.parties = state.parties.records();
  for (CallParty& party : record.parties) {
    if (party.from_us && !party.to_us) party.to_us = record.ended_us;
  }
  if (!state.parties.oriented() || record.parties.size() < 2) return;
  record.caller = kCallerParty;
  record.callee = state.parties.callee();
}

// Everything that is missing in the recording, by time; what SDP did not let flow is not.
void fill_gaps(const LiveCall& state, RecordingVerdict verdict, RecordingInfo& recording) {
  std::vector<RecordingGap> gaps = state.streams.gaps();
  for (RecordingGap& gap : verdict.gaps) gaps.push_back(std::move(gap));
  const PolicyState* policy = state.policy.get();
  if (policy != nullptr && policy->heard_since_ns) {
    gaps.push_back({*state.times.answered_ns / 1000, *policy->heard_since_ns / 1000, "policy", 0});
  }
  if (policy != nullptr && policy->withheld && state.resumed_from_ns) {
    const std::int64_t until_ns = state.times.ended_ns.value_or(state.last_packet_ns());
    gaps.push_back({*state.resumed_from_ns / 1000, until_ns / 1000, "policy", 0});
  }
  const std::int64_t end_ns = state.times.ended_ns.value_or(state.last_packet_ns());
  for (const PausedStretch& paused : state.kept.paused) {
    const std::int64_t from_ns = std::max(paused.time.from_ns, state.times.first_seen_ns);
    const std::int64_t to_ns = std::min(paused.time.to_ns, end_ns);
    if (paused.late && from_ns < to_ns) gaps.push_back({from_ns / 1000, to_ns / 1000, "paused", 0});
  }
  const std::optional<Interval> outage = state.outage();
  if (outage && outage->to_ns > outage->from_ns) {
    gaps.push_back({outage->from_ns / 1000, outage->to_ns / 1000, "interrupted", 0});
  }
  std::sort(gaps.begin(), gaps.end(), [](const RecordingGap& a, const RecordingGap& b) {
    return std::tie(a.from_us, a.to_us, a.reason, a.packets) <
           std::tie(b.from_us, b.to_us, b.reason, b.packets);
  });
  if (gaps.size() > kRecordGapsMax) {
    recording.gaps_left_out = gaps.size() - kRecordGapsMax;
    gaps.resize(kRecordGapsMax);
  }
  recording.gaps = std::move(gaps);
}

// Fixed at creation: a record that was there already keeps its terms, whatever became of its class.
void fill_retention(const LiveCall& state, const CallPlaneOptions& options, CallRecord& record) {
  RecordingInfo& recording = record.recording;
  const bool decided_since = state.policy != nullptr && state.policy->class_is_new;
  if (state.restored_terms != nullptr && !decided_since) {
    static_cast<RecordingTerms&>(recording) = *state.restored_terms;
    return;
  }
  const RetentionTerms& terms = options.retention_classes[retention_class_of(state, options)];
  const auto after = [&record](std::int64_t kept_us) -> std::optional<std::int64_t> {
    if (kept_us == 0) return std::nullopt;
    return record.key_time_us() + kept_us;
  };
  recording.retention_class = terms.name;
  recording.expires_us = after(terms.kept_us);
  recording.sip_expires_us = after(terms.sip_kept_us);
  recording.cdr_expires_us = after(terms.cdr_kept_us);
  recording.locked = terms.locked;
  recording.latest_us = after(terms.max_us);
}

void fill_recording(const LiveCall& state, const CallPlaneOptions& options, CallRecord& record) {
  RecordingInfo& recording = record.recording;
  RecordingVerdict verdict = judge_recording(state, record.media);
  recording.state = verdict.state;
  recording.reasons = std::move(verdict.reasons);
  const PolicyState* policy = state.policy.get();
  // A process that goes on with the call has to know that it is not to be recorded.
  const bool forbidden = state.is_forbidden();
  if (!state.ended && forbidden) recording.reasons = {RecordingReason::kPolicy};
  fill_retention(state, options, record);
  if (policy != nullptr) recording.policy_rule = policy->deciding_rule();
  recording.decision = state.decision();
  if (state.pause && !state.ended) {
    recording.paused_since_us = state.pause->since_ns / 1000;
    const auto lasting = std::ranges::find_if(state.kept.paused, &PausedStretch::lasts);
    const bool late = lasting != state.kept.paused.end() && lasting->late;
    recording.pause = {state.pause->cause, state.pause->limit_ns / 1'000'000, late};
  }
  fill_gaps(state, std::move(verdict), recording);
  if (forbidden) return;
  bool some_kept = false;
  std::int64_t first_us = INT64_MAX;
  std::int64_t last_us = INT64_MIN;
  for (const MediaRecord& row : record.media) {
    if (row.is_datagrams()) continue;
    some_kept = some_kept || row.lost_by_us < row.packets;
    first_us = std::min(first_us, row.first_us);
    last_us = std::max(last_us, row.last_us);
  }
  if (some_kept) recording.duration_ms = (last_us - first_us) / 1000;
}

void fill_links(const LiveCall& state, CallRecord& record) {
  if (state.claims) record.claims = std::make_shared<const CallClaims>(*state.claims);
  if (!state.edges.empty()) record.edges = edge_records(state);
  const ConversationPlace& place = state.conversation;
  if (place.id) record.conversation_id = to_string(*place.id);
  if (place.joined_by.empty()) return;
  record.joined_by_method = place.joined_by;
  record.joined_by_score = place.refused ? 0.0 : 1.0;
}

}  // namespace

std::uint16_t retention_class_of(const LiveCall& state, const CallPlaneOptions& options) {
  if (!options.class_by_policy || state.policy == nullptr) return options.retention_class;
  const std::uint16_t chosen = state.policy->retention_class.value_or(options.retention_class);
  return chosen < options.retention_classes.size() ? chosen : options.retention_class;
}

CallRecord build_record(const LiveCall& state,
                        const CallPlaneOptions& options,
                        const DropHistory& drops,
                        const RecordVersion& version) {
  CallRecord record;
  record.uid = state.uid;
  record.version = version.version;
  record.final = version.final;
  if (!state.unbound) record.call_id = state.call_id;
  record.from_tag = state.from_tag;
  record.to_tag = state.to_tag;
  record.realm = state.realm;
  if (state.realm < options.realm_names.size()) {
    record.realm_name = options.realm_names[state.realm];
  }
  record.node = options.node;
  if (state.port_index < options.port_names.size()) {
    record.port = options.port_names[state.port_index];
  }
  if (state.vlan != 0) record.vlan = state.vlan;
  if (state.ended) {
    record.state =
        state.interrupted ? tapdeck::CallState::kInterrupted : tapdeck::CallState::kEnded;
  }
  fill_times(state, record);
  fill_parties(state, record);
  record.dialled = state.dialled;
  record.diverted_from = state.diverted_from;
  record.asserted = state.asserted;
  record.dialled_e164 = state.dialled_e164;
  record.diverted_from_e164 = state.diverted_from_e164;
  record.asserted_e164 = state.asserted_e164;
  record.direction = state.route.direction();
  const std::size_t trunk = state.route.trunk();
  if (trunk < options.numbering.trunks.size()) record.trunk = options.numbering.trunks[trunk].name;
  if (state.policy != nullptr) record.business = state.policy->business;
  record.outcome = state.outcome;
  record.end_reason = state.end_reason;
  record.hangup_by = state.hangup_by;
  record.transferred = state.transferred;
  record.status_code = state.status_code;
  record.reason = state.reason;
  record.q850_cause = state.q850_cause;
  record.sip_methods = state.methods.map();
  record.sip_responses = state.responses.map();
  const StreamParties parties{
      state.parties.callee(), state.parties.all().size(), state.recording_session.get()};
  record.media = state.streams.rows(state.media, parties, drops);
  fill_recording(state, options, record);
  fill_links(state, record);
  return record;
}

}  // namespace tapdeck::calls
