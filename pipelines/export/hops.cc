#include "pipelines/export/hops.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace tapdeck::exports {
namespace {

constexpr std::size_t kComparedMax = 2'000;  // packets that tell a copy of a stream
// Both hops of one path are seen for longer than media that only move.
constexpr std::int64_t kHopsTogetherUs = 2 * kUsPerSecond;
// A relay's jitter buffer and transcoding take less.
constexpr std::int64_t kHopDelayUs = 500 * kUsPerMs;

std::int64_t together_us(const MediaStream& a, const MediaStream& b) {
  if (a.packets.empty() || b.packets.empty()) return -1;
  return std::min(a.packets.back().arrival_us, b.packets.back().arrival_us) -
         std::max(a.packets.front().arrival_us, b.packets.front().arrival_us);
}

// The same SSRC with, at the same time, the same sequence numbers and timestamps.
bool is_copy(const MediaStream& original, const MediaStream& other) {
  if (original.ssrc != other.ssrc || together_us(original, other) < 0) return false;
  const std::size_t compared = std::min(kComparedMax, other.packets.size());
  const std::int64_t from_us = other.packets.front().arrival_us - kUsPerSecond;
  const std::int64_t to_us = other.packets[compared - 1].arrival_us + kUsPerSecond;
  std::set<std::pair<std::uint16_t, std::uint32_t>> seen;
  for (const PacketEntry& packet : original.packets) {
    const bool near = packet.arrival_us >= from_us && packet.arrival_us <= to_us;
    if (near && seen.size() < 2 * kComparedMax) seen.emplace(packet.sequence, packet.timestamp);
  }
  std::size_t alike = 0;
  for (std::size_t i = 0; i < compared; ++i) {
    alike += seen.count({other.packets[i].sequence, other.packets[i].timestamp});
  }
  return alike * 2 > std::min(compared, seen.size());
}

bool is_of_one_party(const CallRecord& call, const MediaStream& a, const MediaStream& b) {
  const auto party_of = [&call](const MediaStream& stream) {
    const MediaRecord* media = media_record(call, stream);
    return media != nullptr ? media->party : std::nullopt;
  };
  const auto party = party_of(a);
  return party && party == party_of(b);
}

bool is_other_hop(const CallRecord& call, const MediaStream& a, const MediaStream& b) {
  return a.source.ip != b.source.ip && a.destination.ip != b.destination.ip &&
         is_of_one_party(call, a, b) && together_us(a, b) >= kHopsTogetherUs;
}

// Of another branch than `heard`, and not of the one that was answered.
bool is_other_branch(const CallRecord& call, const MediaStream& heard, const MediaStream& other) {
  const auto branch = branch_of(call, other);
  return branch && branch != branch_of(call, heard);
}

// True when any packet was.
bool silence(MediaStream& stream, const std::vector<std::int64_t>& heard_us) {
  bool any = false;
  for (PacketEntry& packet : stream.packets) {
    const auto next =
        std::lower_bound(heard_us.begin(), heard_us.end(), packet.arrival_us - kHopDelayUs);
    if (next != heard_us.end() && *next <= packet.arrival_us + kHopDelayUs) {
      packet.is_heard_elsewhere = any = true;
    }
  }
  return any;
}

std::vector<std::int64_t> audible_us(const MediaStream& stream, const StreamPlan& plan) {
  std::vector<std::int64_t> heard_us;
  for (const PacketEntry& packet : stream.packets) {
    if (!packet.is_heard_elsewhere && is_audible(packet, plan)) {
      heard_us.push_back(packet.arrival_us);
    }
  }
  std::sort(heard_us.begin(), heard_us.end());
  return heard_us;
}

void leave_out_copies(const MediaIndex& index, WavPlan& plan) {
  for (std::size_t i = 0; i < index.streams.size(); ++i) {
    for (std::size_t j = i + 1; j < index.streams.size(); ++j) {
      if (plan.streams[i].side == Side::kNone || plan.streams[i].side != plan.streams[j].side ||
          !is_copy(index.streams[i], index.streams[j])) {
        continue;
      }
      plan.streams[j].side = Side::kNone;
      add_note(plan, "the same stream on a further hop is left out");
    }
  }
}

// Positions of the streams that are heard: those of whoever answered, of these those at the caller,
// first.
std::vector<std::size_t> by_preference(const CallRecord& call,
                                       const MediaIndex& index,
                                       const WavPlan& plan) {
  const std::uint8_t caller = call.caller.value_or(0);
  const auto is_at_caller = [&](std::size_t i) {
    if (caller >= call.parties.size()) return false;
    const MediaStream& stream = index.streams[i];
    const bool is_left = plan.streams[i].side == Side::kLeft;
    return call.parties[caller].ip == (is_left ? stream.source.ip : stream.destination.ip);
  };
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < index.streams.size(); ++i) {
    if (plan.streams[i].side != Side::kNone) order.push_back(i);
  }
  std::stable_partition(order.begin(), order.end(), is_at_caller);
  std::stable_partition(order.begin(), order.end(), [&](std::size_t i) {
    return !branch_of(call, index.streams[i]);
  });
  return order;
}

}  // namespace

void leave_out_hops(const CallRecord& call, MediaIndex& index, WavPlan& plan) {
  leave_out_copies(index, plan);
  const std::vector<std::size_t> order = by_preference(call, index, plan);
  for (std::size_t first = 0; first < order.size(); ++first) {
    const std::size_t i = order[first];
    std::vector<std::int64_t> heard_us;  // made once it is needed
    for (std::size_t next = first + 1; next < order.size(); ++next) {
      const std::size_t j = order[next];
      if (plan.streams[i].side != plan.streams[j].side) continue;
      const bool is_branch = is_other_branch(call, index.streams[i], index.streams[j]);
      if (!is_branch && !is_other_hop(call, index.streams[i], index.streams[j])) continue;
      if (heard_us.empty()) heard_us = audible_us(index.streams[i], plan.streams[i]);
      if (heard_us.empty()) break;
      if (!silence(index.streams[j], heard_us)) continue;
      add_note(plan,
               is_branch ? "branches that rang at the same time are left out"
                         : "the same audio on a further hop is left out");
    }
  }
}

}  // namespace tapdeck::exports
