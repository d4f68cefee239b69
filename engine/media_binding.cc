// The part of Media that follows binding messages; the rules are in media.h.
#include <algorithm>
#include <utility>

#include "engine/media.h"

namespace tapdeck::engine {
namespace {

// Reports that one message may need at once; more are counted as lost.
constexpr std::uint32_t kReportRoom = 16;

}  // namespace

Media::Owner Media::find_owner(std::uint32_t stream, std::int64_t time_ns) const {
  if (streams_.is_fax(stream)) return find_fax_owner(stream, time_ns);
  const StreamCold& cold = streams_.cold(stream);
  const std::uint32_t claim = endpoints_.resolve(cold.destination, cold.source, time_ns);
  const auto may_have = [&](std::uint32_t at) {
    if (at == kNone) return false;
    const Claim& taker = endpoints_.claim(at);
    return taker.time_ns <= cold.stray_since_ns ||
           endpoints_.claim_of(cold.source, taker.call) != kNone;
  };
  if (may_have(claim)) return {claim, true};
  const std::uint32_t sender = endpoints_.resolve(cold.source, time_ns);
  if (sender != kNone) return {sender, false};
  const std::uint32_t learnt = endpoints_.resolve_learnt(cold.destination, time_ns);
  if (may_have(learnt)) return {learnt, true};
  return {endpoints_.resolve_paired(cold.destination, cold.source, time_ns), true};
}

// Who receives and who sends, and what SDP says of the media.
void Media::take_parties(std::uint32_t stream, const Owner& owner) {
  StreamCold& cold = streams_.cold(stream);
  const Claim& claim = endpoints_.claim(owner.claim);
  cold.claim = owner.claim;
  cold.bound_by_destination = owner.by_destination;
  cold.kind = claim.kind;
  cold.media_index = claim.media_index;
  cold.retention_class = claim.retention_class;
  cold.unwanted = !claim.keep;
  if (cold.unwanted) streams_.hot(stream).set(kStreamPaused);
  cold.recording = endpoints_.call_slot(claim.call)->recording;
  cold.receiver = owner.by_destination ? claim.receiver : kNoParty;
  cold.sender = kNoParty;
  const std::uint32_t source = endpoints_.claim_of(cold.source, claim.call);
  if (source != kNone) cold.sender = endpoints_.claim(source).receiver;
  if (streams_.is_fax(stream)) {
    cold.kind = MediaKind::kFax;
    cold.unwanted = true;
    return;
  }
  update_clock(stream);
  take_dtmf(stream, claim, owner.by_destination);
}

void Media::attach(std::uint32_t stream, const Owner& owner) {
  StreamHot& hot = streams_.hot(stream);
  StreamCold& cold = streams_.cold(stream);
  TD_DCHECK(hot.state != StreamState::kBound && cold.call.is_none());
  cold.call = endpoints_.claim(owner.claim).call;
  CallSlot* slot = endpoints_.call_slot(cold.call);
  TD_ASSERT(slot != nullptr);
  take_parties(stream, owner);
  if (hot.state == StreamState::kProbation) --unproven_count_;
  hot.state = StreamState::kBound;
  if (slot->paused_ever || slot->muted) hot.set(kStreamPaused);
  list_push_back(streams_.all_cold(), &StreamCold::in_call, slot->streams, stream);
  ++bound_count_;
  if (slot->withheld || slot->starved) {
    take_withholding(stream, *slot);
  } else if (is_unrecorded(stream)) {
    quarantine_.discard(stream);
  } else {
    quarantine_.adopt(stream, *slot, now_ns_);
  }
  report(stream, StreamReportKind::kActivity);
}

void Media::detach(std::uint32_t stream) {
  StreamCold& cold = streams_.cold(stream);
  CallSlot* slot = endpoints_.call_slot(cold.call);
  TD_ASSERT(slot != nullptr);
  list_remove(streams_.all_cold(), &StreamCold::in_call, slot->streams, stream);
  --bound_count_;
  forget_withholding(stream);
  cold.call = {};
  cold.recording = {};
  cold.unwanted = false;
  cold.claim = kNone;
  cold.dtmf = {};
  note_dtmf(streams_.hot(stream), cold);
}

// The stream's time with its call is over: what is kept goes out, and the last word is said.
void Media::end_part(std::uint32_t stream) {
  settle_withheld(stream);
  StreamCold& cold = streams_.cold(stream);
  const bool unkept = streams_.hot(stream).is_withheld() || is_unrecorded(stream);
  if (unkept && cold.chunk_sequence == 0) {
    // Nothing of it was kept: gaps alone are no recording.
    cold.gaps = {};
    cold.gaps_pending = 0;
  }
  chunker_.close(stream, Chunker::Why::kEnd, now_ns_);
  report(stream, StreamReportKind::kFinal);
}

// A claim on one of the stream's addresses has come or gone.
void Media::reexamine(std::uint32_t stream, const BindMessage& message) {
  const StreamHot& hot = streams_.hot(stream);
  const StreamCold& cold = streams_.cold(stream);
  const std::int64_t time_ns = message.time_ns;
  const bool bound = hot.state == StreamState::kBound;
  const Owner owner = find_owner(stream, bound ? std::max(time_ns, hot.last_ns) : hot.last_ns);
  if (owner.claim == kNone) {
    if (!bound) start_anew(stream, time_ns);
    return;
  }
  if (!bound) return attach(stream, owner);
  if (endpoints_.claim(owner.claim).call != cold.call) return contest(stream, owner, message);
  take_parties(stream, owner);
  if (cold.unwanted) chunker_.wipe_open(stream);
}

// A stream that was silent for too long before the claim: what it sent then is not the call's, what
// it may send from now on is.  One stray packet is no past worth parting from: whoever counts the
// stream's packets counts it, too.
void Media::start_anew(std::uint32_t stream, std::int64_t time_ns) {
  const Owner owner = find_owner(stream, time_ns);
  if (owner.claim == kNone) return;
  const bool proven = streams_.hot(stream).state == StreamState::kQuarantined;
  quarantine_.expire(stream);
  if (proven) forget_past(stream);
  attach(stream, owner);
}

void Media::forget_past(std::uint32_t stream) {
  StreamCold& cold = streams_.cold(stream);
  reset_statistics(streams_.hot(stream), cold);
  cold.chunk_sequence = 0;
  cold.gaps = {};
  cold.gaps_pending = 0;
  cold.losses = {};
}

bool Media::on_message(const BindMessage& message) {
  if (message.operation >= BindOperation::kOfferUnbound) return set_offering(message.operation);
  if (endpoints_.call_slot(message.call) == nullptr) {
    counters_.drop(DropReason::kBadCallHandle);
    return true;
  }
  switch (message.operation) {
    case BindOperation::kBind: return bind(message);
    case BindOperation::kUnbind: unbind(message); return true;
    case BindOperation::kPause: set_paused(message, true); return true;
    case BindOperation::kResume: set_paused(message, false); return true;
    case BindOperation::kMute: set_muted(message, true); return true;
    case BindOperation::kUnmute: set_muted(message, false); return true;
    case BindOperation::kRefuse:
    case BindOperation::kCut:
    case BindOperation::kRestore: set_withheld(message); return true;
    case BindOperation::kRelease: return release(message);
    case BindOperation::kOfferUnbound:
    case BindOperation::kOfferUnboundNow:
    case BindOperation::kLeaveUnbound: break;  // of no call
  }
  return true;
}

// Streams of `call` that leaned on a claim of it at `address` which is no more.
void Media::forget_claim(const CallHandle& call, std::uint32_t address) {
  CallSlot* slot = endpoints_.call_slot(call);
  if (slot == nullptr) return;
  for (std::uint32_t at = slot->streams.first; at != kNone; at = streams_.cold(at).in_call.next) {
    StreamCold& cold = streams_.cold(at);
    const std::uint32_t leaned_on = cold.bound_by_destination ? cold.destination : cold.source;
    if (leaned_on == address) cold.claim = kNone;
  }
}

// Its streams stay with the call; only new ones on that address are no longer known to be its.
void Media::drop_surplus_claim(const CallHandle& call) {
  const std::uint32_t claim = endpoints_.surplus_claim(call);
  if (claim == kNone) return;
  const std::uint32_t address = endpoints_.claim(claim).address;
  counters_.drop(DropReason::kClaimEvicted);
  forget_claim(call, address);
  endpoints_.remove_claim(claim);
  endpoints_.drop_if_unused(address);
}

bool Media::bind(const BindMessage& message) {
  if (rings_.report_room() < kReportRoom) return false;
  const std::uint32_t address = endpoints_.find_or_create(message.realm, message.address);
  if (address == kNone) {
    counters_.drop(DropReason::kAddressTableFull);
    return true;
  }
  if (endpoints_.claim_of(address, message.call) == kNone) drop_surplus_claim(message.call);
  CallHandle evicted;
  const std::uint32_t claim = endpoints_.bind(address, message, evicted);
  if (!evicted.is_none()) {
    counters_.drop(DropReason::kClaimEvicted);
    forget_claim(evicted, address);
  }
  if (claim == kNone) {
    endpoints_.drop_if_unused(address);
    counters_.drop(DropReason::kAddressTableFull);
    return true;
  }
  // Attaching never changes these two lists, so they can be walked while it happens.
  Address& at = endpoints_.address(address);
  std::uint32_t stream = at.streams_to.first;
  for (; stream != kNone; stream = streams_.cold(stream).by_destination.next) {
    reexamine(stream, message);
  }
  stream = at.streams_from.first;
  for (; stream != kNone; stream = streams_.cold(stream).by_source.next) {
    reexamine(stream, message);
  }
  return true;
}

void Media::unbind(const BindMessage& message) {
  const std::uint32_t address = endpoints_.find(message.realm, message.address);
  if (address == kNone) return;
  const std::uint32_t claim = endpoints_.claim_of(address, message.call);
  if (claim == kNone || !endpoints_.claim(claim).live()) return;
  endpoints_.claim(claim).unbind_ns = message.time_ns;
  const Address& at = endpoints_.address(address);
  if (at.claim_count == 1) return;
  std::uint32_t stream = at.streams_to.first;
  for (; stream != kNone; stream = streams_.cold(stream).by_destination.next) {
    if (streams_.cold(stream).claim == claim) contest_ended(stream, message.time_ns);
  }
  stream = at.streams_from.first;
  for (; stream != kNone; stream = streams_.cold(stream).by_source.next) {
    if (streams_.cold(stream).claim == claim) contest_ended(stream, message.time_ns);
  }
}

// By packet time: packets that came before the message did are taken out of their open chunk;
// chunks that have left are not called back.
void Media::set_paused(const BindMessage& message, bool paused) {
  CallSlot* slot = endpoints_.call_slot(message.call);
  if (paused == slot->is_paused()) return;
  if (!paused) {
    slot->pauses[0].to_ns = message.time_ns;
    return;
  }
  slot->begin_pause(message.time_ns);
  for (std::uint32_t at = slot->streams.first; at != kNone; at = streams_.cold(at).in_call.next) {
    streams_.hot(at).set(kStreamPaused);
    chunker_.cut_paused(at, message.time_ns);
  }
}

// What comes is counted only; what has left is the call plane's to have shredded.
void Media::set_muted(const BindMessage& message, bool muted) {
  CallSlot* slot = endpoints_.call_slot(message.call);
  if (!muted) slot->heard_ns = std::max(slot->heard_ns, message.time_ns);
  if (std::exchange(slot->muted, muted) == muted || !muted) return;
  for (std::uint32_t at = slot->streams.first; at != kNone; at = streams_.cold(at).in_call.next) {
    streams_.hot(at).set(kStreamPaused);
    chunker_.wipe_open(at);
  }
}

bool Media::is_unrecorded(std::uint32_t stream) const {
  const StreamCold& cold = streams_.cold(stream);
  return cold.unwanted || (!cold.call.is_none() && endpoints_.all_calls()[cold.call.index].muted);
}

// The end of its call has come for all but, perhaps, its sender.
void Media::note_stray(std::uint32_t stream) {
  const StreamHot& hot = streams_.hot(stream);
  const std::uint32_t claim = streams_.cold(stream).claim;
  strays_.note(
      streams_.hash(hot.key), hot, claim == kNone ? hot.last_ns : endpoints_.claim(claim).time_ns);
}

bool Media::release(const BindMessage& message) {
  CallSlot* slot = endpoints_.call_slot(message.call);
  while (!slot->streams.empty()) {
    if (rings_.report_room() < 2) return false;
    const std::uint32_t stream = slot->streams.first;
    note_stray(stream);
    end_part(stream);
    remove_stream(stream);
  }
  if (rings_.report_room() == 0) return false;
  while (!slot->claims.empty()) {
    const std::uint32_t claim = slot->claims.first;
    const std::uint32_t address = endpoints_.claim(claim).address;
    endpoints_.remove_claim(claim);
    endpoints_.drop_if_unused(address);
  }
  if (slot->starved) {
    list_remove(endpoints_.all_calls(), &CallSlot::hungry, hungry_, message.call.index);
  }
  *slot = {};
  StreamReport done;
  done.kind = StreamReportKind::kReleased;
  done.worker = options_.index;
  done.call = message.call;
  const bool pushed = rings_.push_report(done);
  TD_ASSERT(pushed);
  return true;
}

}  // namespace tapdeck::engine
