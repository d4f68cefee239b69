// The part of Media that tells of RTP which no call explains; the rules are in media.h.
#include "engine/media.h"

namespace tapdeck::engine {

// What there is to say of a stream that got packets.  False when the report ring has no room.
bool Media::tell(std::uint32_t stream) {
  const bool bound = streams_.hot(stream).state == StreamState::kBound;
  if (!bound) return !offering_ || offer(stream);
  if (rings_.report_room() == 0) return false;
  report(stream, StreamReportKind::kActivity);
  return true;
}

bool Media::offer(std::uint32_t stream) {
  StreamCold& cold = streams_.cold(stream);
  const bool proven = streams_.hot(stream).state == StreamState::kQuarantined;
  if (!proven || cold.offered_round == offer_round_) return true;
  if (rings_.report_room() == 0) return false;
  StreamReport out;
  fill_report(stream, StreamReportKind::kOffer, out);
  const bool pushed = rings_.push_report(out);
  TD_ASSERT(pushed);
  cold.offered_round = offer_round_;
  return true;
}

// False when the report ring has no room for all: those that were told of are left out next time.
bool Media::set_offering(BindOperation operation) {
  switch (operation) {
    case BindOperation::kLeaveUnbound: offering_ = false; return true;
    case BindOperation::kOfferUnbound:
      offering_ = true;
      if (++offer_round_ == 0) offer_round_ = 1;
      return true;
    default: break;
  }
  if (!offering_) return true;
  for (std::uint32_t at = timers_.first; at != kNone; at = streams_.cold(at).timer.next) {
    if (!offer(at)) return false;
  }
  return true;
}

}  // namespace tapdeck::engine
