#include "engine/rtp/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/clock.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kDropoutMax = 3'000;  // RFC 3550 A.1
constexpr std::uint32_t kMisorderMax = 100;
constexpr std::uint32_t kSequenceModulus = 1U << 16;
constexpr std::uint32_t kWindow = 64;
// Packets by which the timestamp may disagree with the sequence number after a hole: late ones,
// and a little silence.
constexpr int kHoleTolerance = 16;
constexpr std::int32_t kHoleUnclockedMax = 1 << 16;  // without a clock nothing counts the cycles
// A different payload type takes jitter over when it stays: telephone events and comfort noise,
// whose timestamps do not advance like the codec's, come in short runs.
constexpr std::uint32_t kTypeTakesOver = 50;

void start_run(StreamHot& hot, StreamCold& cold, std::uint16_t sequence) {
  // One cycle ahead, so that packets from before the first one do not count below zero.
  cold.first_sequence = kSequenceModulus | sequence;
  hot.highest = cold.first_sequence;
  hot.seen = 1;
  cold.bad_sequence = 0;
  hot.clear(kStreamOddSequence);
}

// How many numbers a confirmed jump went ahead when it is a hole in what the tap saw, 0 when the
// source began anew: after a hole the timestamp has gone ahead by as many packets as the sequence
// number, modulo its 16 bits, and so has the clock.  Called before `arrival` is the latest packet:
// that is the one which jumped.
std::uint32_t packets_of_hole(const StreamHot& hot,
                              const StreamCold& cold,
                              const RtpArrival& arrival) {
  if (arrival.header.payload_type != hot.jitter_payload_type) return 0;
  const auto step = static_cast<std::int32_t>(arrival.header.timestamp - hot.rtp_timestamp);
  const auto units = static_cast<std::int32_t>(hot.rtp_timestamp - cold.jump_timestamp);
  if (step <= 0 || units < step) return 0;
  const std::int32_t by_time = units / step;
  const auto jump = static_cast<std::uint16_t>(arrival.header.sequence - 1 - hot.highest);
  const auto apart = static_cast<std::int16_t>(jump - by_time);
  if (std::abs(apart) > kHoleTolerance) return 0;
  if (hot.clock_rate_hz == 0) return by_time + apart < kHoleUnclockedMax ? jump : 0;
  const double told_s = static_cast<double>(units) / hot.clock_rate_hz;
  const double elapsed_s = static_cast<double>(hot.last_ns - cold.jump_ns) * 1e-9;
  if (std::fabs(told_s - elapsed_s) > 1 + told_s / 8) return 0;
  return static_cast<std::uint32_t>(by_time + apart);
}

SequenceVerdict update_sequence(StreamHot& hot, StreamCold& cold, const RtpArrival& arrival) {
  const std::uint16_t sequence = arrival.header.sequence;
  const auto ahead = static_cast<std::uint16_t>(sequence - hot.highest);
  if (ahead != 0 && ahead < kDropoutMax) {
    hot.highest += ahead;
    hot.seen = ahead >= kWindow ? 1 : (hot.seen << ahead) | 1;
    if (hot.has(kStreamOddSequence)) {
      cold.bad_sequence = 0;
      hot.clear(kStreamOddSequence);
    }
    return {.in_sequence = ahead == 1,
            .duplicate = false,
            .late = false,
            .missing = static_cast<std::uint32_t>(ahead - 1)};
  }
  const std::uint32_t behind = (kSequenceModulus - ahead) % kSequenceModulus;
  if (behind <= kMisorderMax) {
    const bool known = behind < kWindow && (hot.seen >> behind & 1) != 0;
    if (known) {
      ++cold.duplicate_count;
    } else {
      ++cold.reordered_count;
      if (behind < kWindow) hot.seen |= std::uint64_t{1} << behind;
    }
    return {.in_sequence = false, .duplicate = known, .late = !known, .missing = 0};
  }
  if (cold.bad_sequence == (kSequenceModulus | sequence)) {
    if (const std::uint32_t packets = packets_of_hole(hot, cold, arrival); packets > 0) {
      hot.highest += packets + 1;
      hot.seen = 3;
      cold.bad_sequence = 0;
      hot.clear(kStreamOddSequence);
      return {.in_sequence = true,
              .duplicate = false,
              .late = false,
              .missing = packets - 1,
              .is_hole = true};
    }
    cold.expected_past += hot.highest - cold.first_sequence + 1;
    start_run(hot, cold, static_cast<std::uint16_t>(sequence - 1));
    ++hot.highest;
    hot.seen = 3;
    return {.in_sequence = true, .duplicate = false, .late = false, .missing = 0};
  }
  const std::uint32_t confirming = kSequenceModulus | static_cast<std::uint16_t>(sequence + 1);
  if (cold.bad_sequence == confirming) {  // the one that jumped, as another mirror shows it
    ++cold.duplicate_count;
    return {.in_sequence = false, .duplicate = true, .late = false, .missing = 0};
  }
  cold.bad_sequence = confirming;
  if (!hot.has(kStreamOddSequence)) {
    cold.jump_timestamp = hot.rtp_timestamp;
    cold.jump_ns = hot.last_ns;
  }
  hot.set(kStreamOddSequence);
  return {};
}

void set_payload_type(StreamHot& hot, StreamCold& cold, std::uint8_t type) {
  if (cold.payload_type_count > 0) {
    if (cold.payload_type_at < kStreamPayloadTypesMax) {
      cold.payload_types[cold.payload_type_at].packet_count +=
          static_cast<std::uint32_t>(hot.packet_count - cold.run_start);
    }
    cold.run_start = hot.packet_count;
  }
  hot.payload_type = type;
  note_dtmf(hot, cold);
  for (std::uint8_t i = 0; i < cold.payload_type_count; ++i) {
    if (cold.payload_types[i].payload_type == type) {
      cold.payload_type_at = i;
      return;
    }
  }
  if (cold.payload_type_count == kStreamPayloadTypesMax) {
    cold.payload_type_at = kStreamPayloadTypesMax;
    return;
  }
  cold.payload_type_at = cold.payload_type_count++;
  cold.payload_types[cold.payload_type_at] = {type, 0};
}

void update_jitter(StreamHot& hot, const RtpArrival& arrival) {
  const auto now_us = static_cast<std::uint32_t>(arrival.time_ns / kNsPerUs);
  const auto elapsed_us = static_cast<std::int32_t>(now_us - hot.arrival_us);
  const auto elapsed_units =
      static_cast<std::int32_t>(arrival.header.timestamp - hot.rtp_timestamp);
  hot.arrival_us = now_us;
  hot.rtp_timestamp = arrival.header.timestamp;
  if (hot.clock_rate_hz == 0) return;
  const double transit = static_cast<double>(elapsed_us) * 1e-6 * hot.clock_rate_hz -
                         static_cast<double>(elapsed_units);
  hot.jitter += (static_cast<float>(std::fabs(transit)) - hot.jitter) / 16.0F;
  hot.jitter_max = std::max(hot.jitter_max, hot.jitter);
}

void reset_jitter(StreamHot& hot, const RtpArrival& arrival) {
  hot.jitter_payload_type = arrival.header.payload_type;
  hot.arrival_us = static_cast<std::uint32_t>(arrival.time_ns / kNsPerUs);
  hot.rtp_timestamp = arrival.header.timestamp;
}

// Packets of another type than the one that feeds jitter, and its return.
void follow_type(StreamHot& hot, StreamCold& cold, const RtpArrival& arrival, bool duplicate) {
  if (arrival.header.payload_type == hot.jitter_payload_type) {
    if (hot.has(kStreamOddType)) {
      cold.other_type_run = 0;
      hot.clear(kStreamOddType);
    }
    if (!duplicate) update_jitter(hot, arrival);
    return;
  }
  hot.set(kStreamOddType);
  if (++cold.other_type_run < kTypeTakesOver) return;
  cold.other_type_run = 0;
  reset_jitter(hot, arrival);
}

}  // namespace

SequenceVerdict update_statistics(StreamHot& hot, StreamCold& cold, const RtpArrival& arrival) {
  const RtpHeader& header = arrival.header;
  SequenceVerdict verdict;
  if (hot.packet_count == 0) {
    start_run(hot, cold, header.sequence);
    cold.first_ns = arrival.time_ns;
    hot.last_ns = arrival.time_ns;
    set_payload_type(hot, cold, header.payload_type);
    reset_jitter(hot, arrival);
  } else {
    if (header.payload_type != hot.payload_type) {
      set_payload_type(hot, cold, header.payload_type);
    }
    verdict = update_sequence(hot, cold, arrival);
    // One that was here before the latest packet was overtaken on its way to us, not on the wire.
    if (verdict.late && arrival.time_ns < hot.last_ns) --cold.reordered_count;
    follow_type(hot, cold, arrival, verdict.duplicate);
    if (arrival.time_ns >= hot.last_ns) {
      hot.last_ns = arrival.time_ns;
    } else {
      cold.first_ns = std::min(cold.first_ns, arrival.time_ns);
    }
  }
  ++hot.packet_count;
  hot.payload_bytes += arrival.payload_length;
  return verdict;
}

void set_clock_rate(StreamHot& hot, std::uint32_t clock_rate_hz) {
  if (hot.clock_rate_hz == clock_rate_hz) return;
  if (hot.clock_rate_hz != 0 && clock_rate_hz != 0) {  // keep milliseconds, not units
    const float factor = static_cast<float>(clock_rate_hz) / static_cast<float>(hot.clock_rate_hz);
    hot.jitter *= factor;
    hot.jitter_max *= factor;
  }
  hot.clock_rate_hz = clock_rate_hz;
}

void reset_statistics(StreamHot& hot, StreamCold& cold) {
  hot.packet_count = 0;
  hot.payload_bytes = 0;
  hot.clock_rate_hz = 0;
  hot.jitter = 0;
  hot.jitter_max = 0;
  cold.expected_past = 0;
  cold.duplicate_count = 0;
  cold.reordered_count = 0;
  cold.lost_by_us_count = 0;
  cold.losses = {};
  hot.clear(kStreamDoubled);
  cold.run_start = 0;
  cold.other_type_run = 0;
  cold.payload_type_count = 0;
  cold.payload_type_at = 0;
  cold.serviced_count = 0;
}

void fill_statistics(const StreamHot& hot, const StreamCold& cold, StreamStatistics& out) {
  out = {};
  out.lost_by_us_count = cold.lost_by_us_count;
  if (hot.packet_count == 0) {
    out.jitter_ms = -1;
    out.jitter_max_ms = -1;
    return;
  }
  out.packet_count = hot.packet_count;
  out.payload_bytes = hot.payload_bytes;
  out.expected_count = cold.expected_past + (hot.highest - cold.first_sequence + 1);
  out.duplicate_count = cold.duplicate_count;
  out.reordered_count = cold.reordered_count;
  out.first_ns = cold.first_ns;
  out.last_ns = hot.last_ns;
  const double units_per_ms = static_cast<double>(hot.clock_rate_hz) / 1e3;
  out.jitter_ms = hot.clock_rate_hz == 0 ? -1 : static_cast<double>(hot.jitter) / units_per_ms;
  out.jitter_max_ms =
      hot.clock_rate_hz == 0 ? -1 : static_cast<double>(hot.jitter_max) / units_per_ms;
  out.payload_type_count = cold.payload_type_count;
  out.payload_types = cold.payload_types;
  if (cold.payload_type_at < kStreamPayloadTypesMax) {
    out.payload_types[cold.payload_type_at].packet_count +=
        static_cast<std::uint32_t>(hot.packet_count - cold.run_start);
  }
}

}  // namespace tapdeck::engine
