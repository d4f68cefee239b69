// The part of OfferAnswer that says which m-lines are encrypted.
#include "pipelines/calls/offer_answer.h"

namespace tapdeck::calls {

// Only once all of a message is known: a response answers the offer of one side and, in the same
// breath, puts it in force.
void OfferAnswer::weigh_security() {
  security_.forget_offers();
  for (const Side& side : sides_) {
    const SessionFacts* session = side.current ? side.current.get() : side.pending.get();
    if (session == nullptr) continue;
    bool answered = false;
    for (const Side& other : sides_) {
      const bool is_peer = other.who.hop == side.who.hop && other.current != nullptr &&
                           (other.who.party == kCallerParty) != (side.who.party == kCallerParty);
      if (!is_peer) continue;
      answered = true;
      const PoolVector<MediaLine>& theirs = other.current->lines;
      for (std::size_t i = 0; i < session->lines.size() && i < theirs.size(); ++i) {
        const MediaLine& mine = session->lines[i];
        if (!mine.secure && !theirs[i].secure) continue;
        const bool secure = mine.secure && theirs[i].secure && mine.enabled && theirs[i].enabled;
        security_.agreed(side.who.party, i, secure);
        security_.agreed(other.who.party, i, secure);
      }
    }
    if (answered) continue;
    for (std::size_t i = 0; i < session->lines.size(); ++i) {
      if (session->lines[i].secure) security_.offered(side.who.party, i);
    }
  }
}

// Whatever SDP says: keys were agreed on in the media path.
void OfferAnswer::secure(const StreamReport& report) {
  for (const std::uint8_t party : {report.sender, report.receiver}) {
    if (party != kNoParty) security_.agreed(party, report.media_index, true);
  }
}

}  // namespace tapdeck::calls
