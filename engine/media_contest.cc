// The part of Media that decides whose a running stream is once a later call claims its addresses;
// the rules are in media.h, the reasons in docs/SIP.md.
#include "base/clock.h"
#include "engine/media.h"

namespace tapdeck::engine {
namespace {

// What is in the air when a call ends comes at its pace: a longer pause is another call's
// beginning.
constexpr std::int64_t kPauseInTheAirNs = 200 * kNsPerMs;
// And it comes soon.
constexpr std::int64_t kRunsOnNs = kNsPerSecond;
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

// A claim of another call than the stream's has come: `message`.
void Media::contest(std::uint32_t stream, const Owner& owner, const BindMessage& message) {
  if (!is_contested(stream, owner)) return;
  // What goes on cannot be told from packets of a fax.
  if (streams_.is_fax(stream)) return pass_on(stream, owner);
  const StreamHot& hot = streams_.hot(stream);
  if (streams_.cold(stream).first_ns >= message.time_ns) return hand_over(stream, owner);
  if (endpoints_.claim(streams_.cold(stream).claim).live()) return pass_on(stream, owner);
  // Packets that came since then may have broken off what was there before them.
  if (hot.last_ns >= message.time_ns && broke_off(stream, message.time_ns)) {
    return pass_on(stream, owner);
  }
  streams_.set_aside(stream);
}

// By the open chunk, as far as that reaches back: the stream has paused or begun anew with a packet
// that is not older than `since_ns`.
bool Media::broke_off(std::uint32_t stream, std::int64_t since_ns) {
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
    if (is_since && !is_first && breaks(last, next, kPauseInTheAirNs)) return true;
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
  const bool runs_on = !breaks(last, next, kPauseInTheAirNs);
  if (!runs_on || time_ns - held.unbind_ns >= kRunsOnNs) pass_on(stream, owner);
  return stream;
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
