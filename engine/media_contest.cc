// The part of Media that decides whose a running stream is once a later call claims its addresses;
// the rules are in media.h, the reasons in docs/SIP.md.
#include <algorithm>

#include "base/clock.h"
#include "engine/media.h"

namespace tapdeck::engine {
namespace {

// What is in the air when a call ends comes at its pace: a longer pause is another call's
// beginning.
constexpr std::int64_t kPauseInTheAirNs = 200 * kNsPerMs;
// And it comes soon: sooner where another call had the addresses before the end already.
constexpr std::int64_t kRunsOnNs = kNsPerSecond;
constexpr std::int64_t kRunsOnSharedNs = 200 * kNsPerMs;
// Who has not hung up may fall silent for a little while.
constexpr std::int64_t kPauseNs = kNsPerSecond;
// Numbers that a stream may leave out, or go back by, and still go on.
constexpr int kAheadMax = 100;
constexpr int kBehindMax = 10;

struct LastPacket {
  std::int64_t time_ns = 0;
  std::uint16_t sequence = 0;
};

int steps_between(std::uint16_t from, std::uint16_t to) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(to - from));
}

// The stream does not go on from `last` with `next`: it has paused, or began anew.
bool breaks(const LastPacket& last, const LastPacket& next, std::int64_t pause_ns) {
  const int steps = steps_between(last.sequence, next.sequence);
  return next.time_ns - last.time_ns >= pause_ns || steps > kAheadMax || steps < -kBehindMax;
}

}  // namespace

// Another call than the stream's has it by the rules for streams that begin now.
bool Media::is_contested(std::uint32_t stream, const Owner& owner) {
  const StreamCold& cold = streams_.cold(stream);
  if (owner.claim == kNone || cold.claim == kNone) return false;
  const Claim& held = endpoints_.claim(cold.claim);
  const Claim& taker = endpoints_.claim(owner.claim);
  if (taker.call == cold.call) return false;
  if (held.paired) return true;
  return !taker.paired && (owner.by_destination || !cold.bound_by_destination);
}

// A claim has come, `message`, and `owner` is another call's.
void Media::contest(std::uint32_t stream, const Owner& owner, const BindMessage& message) {
  if (!is_contested(stream, owner)) return;
  const StreamCold& cold = streams_.cold(stream);
  const Claim& held = endpoints_.claim(cold.claim);
  const Claim& taker = endpoints_.claim(owner.claim);
  const bool is_guess = held.paired || (owner.by_destination && !cold.bound_by_destination);
  if (held.live() && message.call == cold.call) return renew(stream);
  const auto is_new = [&](std::uint32_t address) {
    const std::uint32_t claim = endpoints_.claim_of(address, taker.call);
    return claim != kNone && endpoints_.claim(claim).time_ns >= message.time_ns;
  };
  // What had been claimed before has been decided on.
  if (held.live() && !is_new(cold.destination) && !is_new(cold.source)) return;
  // What goes on cannot be told from packets of a fax.
  if (streams_.is_fax(stream)) return pass_on(stream, owner);
  if (cold.first_ns >= message.time_ns) return hand_over(stream, owner);
  if (held.live() && (is_guess || is_nested(cold, taker.call))) return pass_on(stream, owner);
  // Packets that came since then may have broken off what was there before them.
  const std::int64_t pause_ns = held.live() ? kPauseNs : kPauseInTheAirNs;
  if (streams_.hot(stream).last_ns >= message.time_ns &&
      broke_off(stream, message.time_ns, pause_ns)) {
    return pass_on(stream, owner);
  }
  streams_.set_aside(stream);
}

// The call that has the stream says anew what it is, though a later one claims the addresses, too.
void Media::renew(std::uint32_t stream) {
  const StreamCold& cold = streams_.cold(stream);
  const bool by_destination = cold.bound_by_destination;
  const std::uint32_t own =
      endpoints_.claim_of(by_destination ? cold.destination : cold.source, cold.call);
  if (own == kNone) return;
  take_parties(stream, {own, by_destination});
  if (cold.unwanted) chunker_.wipe_open(stream);
}

// `other` claimed one of the ends before the stream's call did, and the other one after it: these
// are legs that pass one SDP on, and the outer one has all media between those ends.
bool Media::is_nested(const StreamCold& cold, const CallHandle& other) {
  for (const std::uint32_t address : {cold.destination, cold.source}) {
    const std::uint32_t own = endpoints_.claim_of(address, cold.call);
    const std::uint32_t theirs = endpoints_.claim_of(address, other);
    if (own == kNone || theirs == kNone) continue;
    if (endpoints_.claim(theirs).time_ns <= endpoints_.claim(own).time_ns) return true;
  }
  return false;
}

// The claim that the stream leans on has ended: who had claimed it later already may have it.
void Media::contest_ended(std::uint32_t stream, std::int64_t end_ns) {
  const std::int64_t time_ns = std::max(streams_.hot(stream).last_ns, end_ns) + 1;
  if (is_contested(stream, find_owner(stream, time_ns))) streams_.set_aside(stream);
}

// By the open chunk, as far as that reaches back: the stream has paused or begun anew with a packet
// that is not older than `since_ns`.
bool Media::broke_off(std::uint32_t stream, std::int64_t since_ns, std::int64_t pause_ns) {
  const StreamHot& hot = streams_.hot(stream);
  if (hot.chunk == kNone) return false;
  const std::uint8_t* const records = pool_.at(hot.chunk).records.data();
  LastPacket last;
  bool is_first = true;
  for (std::size_t at = 0; at < hot.fill.record_bytes;) {
    const RecordHead head = read_head(records + at);
    const std::uint8_t* const packet = records + at + kRecordHeaderBytes;
    at += head.bytes;
    if (head.kind != RecordKind::kRtp) continue;
    const LastPacket next{(hot.fill.base_us + head.delta_us) * kNsPerUs,
                          load_be<std::uint16_t>(packet + 2)};
    const bool is_since = next.time_ns / kNsPerUs >= since_ns / kNsPerUs;
    if (is_since && !is_first && breaks(last, next, pause_ns)) return true;
    const int steps = steps_between(last.sequence, next.sequence);
    const bool is_late = !is_first && steps <= 0 && steps >= -kBehindMax;
    if (!is_late) last = next;
    is_first = false;
  }
  return false;
}

// The stream that a packet asks for in vain because its owner is in doubt; the packet decides.
std::uint32_t Media::find_contested(const MediaPacket& packet) {
  const std::uint32_t stream = streams_.find_aside(packet.key, packet.hash);
  if (stream == kNone) return kNone;
  const std::int64_t time_ns = packet.arrival.time_ns;
  const Owner owner = find_owner(stream, time_ns);
  if (!is_contested(stream, owner)) {
    streams_.take_back(stream);
    return stream;
  }
  const StreamHot& hot = streams_.hot(stream);
  const Claim& held = endpoints_.claim(streams_.cold(stream).claim);
  const LastPacket last{hot.last_ns, static_cast<std::uint16_t>(hot.highest)};
  const LastPacket next{time_ns, packet.arrival.header.sequence};
  if (breaks(last, next, held.live() ? kPauseNs : kPauseInTheAirNs)) {
    pass_on(stream, owner);
  } else if (held.live()) {
    if (steps_between(last.sequence, next.sequence) > 0) streams_.take_back(stream);
  } else {
    const bool is_shared = endpoints_.claim(owner.claim).time_ns <= held.unbind_ns;
    const std::int64_t late_ns = is_shared ? kRunsOnSharedNs : kRunsOnNs;
    // Somebody else's voice, unless the later call names him: he did not hear of the end.
    const std::uint32_t source = streams_.cold(stream).source;
    const bool is_named = endpoints_.claim_of(source, endpoints_.claim(owner.claim).call) != kNone;
    if (is_named && time_ns - held.unbind_ns >= late_ns) pass_on(stream, owner);
  }
  return stream;
}

// Somebody who goes on sending after his call: with a pause, or other numbers, he begins anew.
void Media::doubt_stray(std::uint32_t stream, const MediaPacket& packet) {
  const StreamHot& hot = streams_.hot(stream);
  const std::int64_t time_ns = packet.arrival.time_ns;
  const int steps =
      steps_between(static_cast<std::uint16_t>(hot.highest), packet.arrival.header.sequence);
  if (!StrayMarks::breaks(time_ns - hot.last_ns, steps)) return;
  streams_.cold(stream).stray_since_ns = kNoStray;
  start_anew(stream, time_ns);
}

// The stream's past stays with its call; what comes is the other one's, and counted anew.
void Media::pass_on(std::uint32_t stream, const Owner& owner) {
  end_part(stream);
  detach(stream);
  streams_.take_back(stream);
  streams_.hot(stream).state = StreamState::kQuarantined;
  forget_past(stream);
  attach(stream, owner);
}

// The whole stream is the other call's: it began when that had claimed its addresses already, but
// before the message with the claim was here.  The report without packets takes back what was told.
void Media::hand_over(std::uint32_t stream, const Owner& owner) {
  if (streams_.cold(stream).chunk_sequence != 0) return pass_on(stream, owner);
  StreamReport none;
  fill_report(stream, StreamReportKind::kFinal, none);
  none.statistics = {};
  none.losses = {};
  if (!rings_.push_report(none)) counters_.drop(DropReason::kReportRingFull);
  detach(stream);
  streams_.take_back(stream);
  streams_.hot(stream).state = StreamState::kQuarantined;
  attach(stream, owner);
  if (is_unrecorded(stream)) return chunker_.wipe_open(stream);
  const CallSlot* slot = endpoints_.call_slot(streams_.cold(stream).call);
  if (slot->is_paused()) chunker_.cut_paused(stream, slot->pauses[0].from_ns);
}

}  // namespace tapdeck::engine
