// The part of Media that does without: calls that are refused, cut short or starve, and streams
// that make room for others.  The rules are in media.h.
#include <algorithm>
#include <utility>

#include "engine/media.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kLookedAtForRoom = 64;  // streams, those not reported for longest first
constexpr std::uint32_t kFedPerStep = 8;        // calls

}  // namespace

void Media::set_withheld(const BindMessage& message) {
  CallSlot* slot = endpoints_.call_slot(message.call);
  slot->withheld = message.operation != BindOperation::kRestore;
  for (std::uint32_t at = slot->streams.first; at != kNone; at = streams_.cold(at).in_call.next) {
    if (!slot->withheld) {
      keep_again(at, kStreamWithheld);
      continue;
    }
    const bool refused = message.operation == BindOperation::kRefuse;
    if (refused && streams_.cold(at).chunk_sequence == 0) chunker_.drop_open(at);
    withhold(at, kStreamWithheld);
  }
}

// From now on the stream's packets are counted only; what it has open goes out.
void Media::withhold(std::uint32_t stream, StreamFlag why) {
  StreamHot& hot = streams_.hot(stream);
  if (hot.is_withheld()) {
    settle_withheld(stream);
  } else {
    chunker_.close(stream, Chunker::Why::kFlush, now_ns_);
    StreamCold& cold = streams_.cold(stream);
    cold.withheld_from = hot.packet_count;
    cold.withheld_since_ns = hot.last_ns;
    ++withheld_count_;
  }
  hot.set(why);
}

void Media::keep_again(std::uint32_t stream, StreamFlag why) {
  StreamHot& hot = streams_.hot(stream);
  if (!hot.is_withheld()) return;
  settle_withheld(stream);
  hot.clear(why);
  if (!hot.is_withheld()) --withheld_count_;
}

// The stream leaves its call.
void Media::forget_withholding(std::uint32_t stream) {
  StreamHot& hot = streams_.hot(stream);
  if (hot.is_withheld()) --withheld_count_;
  hot.clear(kStreamWithheld);
  hot.clear(kStreamStarved);
}

// The stream joins a call that is not kept: nor is what waited in quarantine.
void Media::take_withholding(std::uint32_t stream, const CallSlot& slot) {
  quarantine_.lose(stream, DropReason::kCallWithheld);
  if (slot.withheld) withhold(stream, kStreamWithheld);
  if (slot.starved) withhold(stream, kStreamStarved);
}

// Tells what has not been kept since the last time: packets were counted, nothing else.
void Media::settle_withheld(std::uint32_t stream) {
  const StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  if (!hot.is_withheld() || hot.packet_count <= cold.withheld_from) return;
  const GapReason reason = hot.has(kStreamWithheld) ? GapReason::kWithheld : GapReason::kNoChunk;
  chunker_.add_gap(stream,
                   reason,
                   {std::max(cold.withheld_since_ns, cold.first_ns),
                    hot.last_ns,
                    static_cast<std::uint32_t>(hot.packet_count - cold.withheld_from)});
  cold.withheld_from = hot.packet_count;
  cold.withheld_since_ns = hot.last_ns;
}

// A packet of a call for whose stream there is no place.
void Media::note_missed(std::uint32_t claim, std::int64_t time_ns) {
  CallSlot* slot = endpoints_.call_slot(endpoints_.claim(claim).call);
  if (slot != nullptr && !slot->muted && endpoints_.claim(claim).keep)
    slot->missed.add(time_ns, time_ns, 1);
}

// Any stream of the call tells it: better there than nowhere.
void Media::tell_missed(std::uint32_t stream) {
  const CallHandle call = streams_.cold(stream).call;
  CallSlot* slot = call.is_none() ? nullptr : endpoints_.call_slot(call);
  if (slot == nullptr || slot->missed.packet_count == 0) return;
  const LossSpan missed = std::exchange(slot->missed, {});
  chunker_.add_gap(stream,
                   GapReason::kWithheld,
                   {missed.from_ns, missed.to_ns, static_cast<std::uint32_t>(missed.packet_count)});
}

void Media::count_withheld(std::uint32_t stream) {
  counters_.drop(streams_.hot(stream).has(kStreamWithheld) ? DropReason::kCallWithheld
                                                           : DropReason::kNoChunk);
}

// There is no chunk for the packet at hand.  One call loses all of its media rather than all calls
// a little: the chunks that it would need are left to others.
void Media::starve(std::uint32_t stream) {
  counters_.drop(DropReason::kNoChunk);
  const CallHandle call = streams_.cold(stream).call;
  CallSlot* slot = endpoints_.call_slot(call);
  TD_DCHECK(slot != nullptr && !slot->starved);
  slot->starved = true;
  list_push_back(endpoints_.all_calls(), &CallSlot::hungry, hungry_, call.index);
  for (std::uint32_t at = slot->streams.first; at != kNone; at = streams_.cold(at).in_call.next) {
    withhold(at, kStreamStarved);
  }
  --streams_.cold(stream).withheld_from;  // the packet at hand
}

void Media::feed_hungry() {
  const std::uint32_t enough = std::max<std::uint32_t>(pool_.size() / 8, 1);
  for (std::uint32_t fed = 0; fed < kFedPerStep && !hungry_.empty(); ++fed) {
    if (pool_.available() < enough) return;
    const std::uint32_t index = hungry_.first;
    CallSlot& slot = endpoints_.all_calls()[index];
    list_remove(endpoints_.all_calls(), &CallSlot::hungry, hungry_, index);
    slot.starved = false;
    for (std::uint32_t at = slot.streams.first; at != kNone; at = streams_.cold(at).in_call.next) {
      keep_again(at, kStreamStarved);
    }
  }
}

bool Media::is_kept(std::uint32_t claim) {
  const CallSlot* slot = endpoints_.call_slot(endpoints_.claim(claim).call);
  return slot != nullptr && !slot->withheld && !slot->muted && endpoints_.claim(claim).keep;
}

// A call wants to keep this packet.
bool Media::is_wanted(const MediaPacket& packet) {
  const StreamKey& key = packet.key;
  const auto realm = static_cast<RealmId>(key.realm);
  for (const Endpoint& endpoint : {Endpoint{{key.destination_ip}, key.destination_port},
                                   Endpoint{{key.source_ip}, key.source_port}}) {
    const std::uint32_t address = endpoints_.find(realm, endpoint);
    if (address == kNone) continue;
    const std::uint32_t claim = endpoints_.resolve(address, packet.arrival.time_ns);
    if (claim != kNone) return is_kept(claim);
  }
  return false;
}

// The table is full: a stream that nobody keeps goes, if there is one among the first.
void Media::make_room() {
  std::uint32_t at = timers_.first;
  for (std::uint32_t seen = 0; seen < kLookedAtForRoom && at != kNone; ++seen) {
    const StreamHot& hot = streams_.hot(at);
    if (hot.state != StreamState::kBound) {
      quarantine_.lose(at, DropReason::kQuarantineFull);
      return remove_stream(at);
    }
    const bool unkept = hot.has(kStreamWithheld) || is_unrecorded(at);
    if (unkept && rings_.report_room() > 0) {
      end_part(at);
      return remove_stream(at);
    }
    at = streams_.cold(at).timer.next;
  }
}

}  // namespace tapdeck::engine
