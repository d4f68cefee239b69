#include "pipelines/calls/recording_state.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

namespace tapdeck::calls {
namespace {

constexpr std::int64_t kToleranceNs = 2'000'000'000;
constexpr std::uint8_t kComfortNoise = 13;

using Rows = std::vector<const MediaRecord*>;

// Where it comes from: whoever is recorded by the call is heard from one end of it.
std::optional<std::uint8_t> end_of(const LiveCall& state, const MediaRecord& row) {
  const PoolVector<Party>& parties = state.parties.all();
  const bool is_participant =
      row.party && *row.party < parties.size() && parties[*row.party].is_participant;
  if (!is_participant) return row.party;
  return state.recording_session ? state.recording_session->source() : kCallerParty;
}

// Losing forks and media from before the answer are not what the recording is judged by; nor is a
// fax, which is `datagrams`: the time in which SDP lets nothing else flow lacks no media.
Rows talk_rows(const LiveCall& state, const std::vector<MediaRecord>& rows, bool datagrams) {
  Rows talk;
  // Where the clock of the capture ran backwards, before and after say nothing.
  const CallTimes& times = state.times;
  const bool is_ordered =
      times.answered_ns && times.ended_ns.value_or(INT64_MAX) >= *times.answered_ns;
  for (const MediaRecord& row : rows) {
    if (is_ordered && row.last_us < *times.answered_ns / 1000) continue;
    if (row.is_datagrams() != datagrams) continue;
    const std::optional<std::uint8_t> end = end_of(state, row);
    if (end && *end != kCallerParty && *end != state.parties.callee()) continue;
    talk.push_back(&row);
  }
  return talk;
}

bool is_of_direction(const LiveCall& state,
                     const MediaRecord& row,
                     MediaKind kind,
                     bool from_caller) {
  const std::optional<std::uint8_t> end = end_of(state, row);
  const MediaKind row_kind = row.kind == MediaKind::kUnknown ? MediaKind::kAudio : row.kind;
  return row_kind == kind && end && (*end == kCallerParty) == from_caller;
}

bool suppresses_silence(const MediaRecord& row) {
  return std::any_of(row.codecs.begin(), row.codecs.end(), [](const auto& entry) {
    return entry.first == kComfortNoise || entry.second == "CN";
  });
}

std::int64_t overlap_ns(const std::vector<Interval>& intervals, const Interval& with) {
  std::int64_t total = 0;
  for (const Interval& interval : intervals) {
    const std::int64_t from = std::max(interval.from_ns, with.from_ns);
    const std::int64_t to = std::min(interval.to_ns, with.to_ns);
    if (to > from) total += to - from;
  }
  return total;
}

// Where media was allowed within `with` and did not come.
void note_silence(const std::vector<Interval>& allowed,
                  const Interval& with,
                  RecordingReason reason,
                  RecordingVerdict& verdict) {
  verdict.reasons.push_back(reason);
  for (const Interval& interval : allowed) {
    const std::int64_t from_ns = std::max(interval.from_ns, with.from_ns);
    const std::int64_t to_ns = std::min(interval.to_ns, with.to_ns);
    if (to_ns <= from_ns) continue;
    verdict.gaps.push_back(
        {from_ns / 1000, to_ns / 1000, std::string(recording_reason_name(reason)), 0});
  }
}

void judge_direction(const std::vector<Interval>& allowed,
                     const Rows& rows,
                     RecordingVerdict& verdict) {
  if (overlap_ns(allowed, {INT64_MIN, INT64_MAX}) == 0) return;
  std::int64_t first_us = INT64_MAX;
  std::int64_t last_us = INT64_MIN;
  bool silence = false;
  for (const MediaRecord* row : rows) {
    first_us = std::min(first_us, row->first_us);
    last_us = std::max(last_us, row->last_us);
    silence = silence || suppresses_silence(*row);
  }
  if (rows.empty()) {
    note_silence(allowed, {INT64_MIN, INT64_MAX}, RecordingReason::kDirectionMissing, verdict);
    return;
  }
  const Interval before{INT64_MIN, first_us * 1000};
  const Interval after{last_us * 1000, INT64_MAX};
  if (overlap_ns(allowed, before) > kToleranceNs) {
    note_silence(allowed, before, RecordingReason::kLateStart, verdict);
  }
  if (!silence && overlap_ns(allowed, after) > kToleranceNs) {
    note_silence(allowed, after, RecordingReason::kEarlyEnd, verdict);
  }
}

void judge_directions(const LiveCall& state, const Rows& rows, RecordingVerdict& verdict) {
  const std::int64_t end_ns = state.times.ended_ns.value_or(state.last_packet_ns());
  for (std::size_t kind = 0; kind < kExpectedKinds.size(); ++kind) {
    for (const bool from_caller : {true, false}) {
      Rows of_direction;
      std::ranges::copy_if(rows, std::back_inserter(of_direction), [&](const MediaRecord* row) {
        return !row->codec.empty() &&
               is_of_direction(state, *row, kExpectedKinds[kind], from_caller);
      });
      judge_direction(
          state.expected[kind][from_caller ? 0 : 1].until(end_ns), of_direction, verdict);
    }
  }
}

// The program was down while SDP let media flow, or where nobody knows.
bool outage_cost_media(const LiveCall& state) {
  const std::optional<Interval> outage = state.outage();
  if (!outage) return false;
  if (state.unbound) return outage->to_ns > outage->from_ns;
  const std::int64_t end_ns = state.times.ended_ns.value_or(state.last_packet_ns());
  for (const auto& of_kind : state.expected) {
    for (const Timeline& allowed : of_kind) {
      if (overlap_ns(allowed.until(end_ns), *outage) > 0) return true;
    }
  }
  return false;
}

RecordingVerdict not_recorded(RecordingReason reason) {
  return {RecordingState::kNotRecorded, {reason}, {}};
}

}  // namespace

RecordingVerdict judge_recording(const LiveCall& state, const std::vector<MediaRecord>& rows) {
  if (!state.ended) return {};
  const bool answered = state.times.answered_ns.has_value() || state.established;
  if (!answered && !(state.outcome == CallOutcome::kUnknown && !rows.empty() &&
                     state.end_reason == EndReason::kBye)) {
    return not_recorded(RecordingReason::kNotAnswered);
  }
  if (state.is_forbidden()) return not_recorded(RecordingReason::kPolicy);
  const Rows talk = talk_rows(state, rows, false);
  if (talk.empty()) {
    if (!talk_rows(state, rows, true).empty()) return not_recorded(RecordingReason::kUnknownCodec);
    if (state.interrupted) return not_recorded(RecordingReason::kInterrupted);
    const bool no_room = state.out_of_resources || state.keeping == Keeping::kRefused;
    return not_recorded(no_room ? RecordingReason::kResources : RecordingReason::kNoMedia);
  }
  const bool nothing_kept = std::all_of(talk.begin(), talk.end(), [](const MediaRecord* row) {
    return row->packets > 0 && row->lost_by_us >= row->packets;
  });
  if (nothing_kept) return not_recorded(RecordingReason::kResources);
  const auto count = [&talk](auto&& holds) {
    return std::count_if(talk.begin(), talk.end(), holds);
  };
  const auto all = static_cast<std::ptrdiff_t>(talk.size());
  const auto encrypted = count([](const MediaRecord* row) { return row->srtp; });
  if (encrypted == all) return not_recorded(RecordingReason::kEncryptedWithoutKey);
  if (count([](const MediaRecord* row) { return row->codec.empty(); }) == all) {
    return not_recorded(RecordingReason::kUnknownCodec);
  }
  std::set<RecordingReason> reasons;
  if (encrypted > 0) reasons.insert(RecordingReason::kPartlyEncrypted);
  if (state.policy != nullptr && state.policy->heard_since_ns) {
    reasons.insert(RecordingReason::kLateStart);
  }
  if (!state.times.answered_ns && !state.unbound) reasons.insert(RecordingReason::kLateStart);
  if (state.interrupted || state.out_of_resources) reasons.insert(RecordingReason::kEarlyEnd);
  RecordingVerdict verdict;
  judge_directions(state, talk, verdict);
  reasons.insert(verdict.reasons.begin(), verdict.reasons.end());
  if (outage_cost_media(state)) reasons.insert(RecordingReason::kInterrupted);
  for (const MediaRecord* row : talk) {
    if (missing_packets(*row) > 0) reasons.insert(RecordingReason::kLoss);
    if (row->lost_by_us > 0) reasons.insert(RecordingReason::kLossByUs);
  }
  const bool was_paused = state.streams.has_missed(LossCause::kPaused) ||
                          std::ranges::any_of(state.kept.paused, &PausedStretch::late);
  if (was_paused) reasons.insert(RecordingReason::kPaused);
  if (state.streams.has_missed(LossCause::kCut)) reasons.insert(RecordingReason::kTruncated);
  verdict.state = reasons.empty() ? RecordingState::kRecorded : RecordingState::kRecordedWithGaps;
  verdict.reasons.assign(reasons.begin(), reasons.end());
  return verdict;
}

}  // namespace tapdeck::calls
