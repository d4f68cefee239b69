// The part of OfferAnswer that says which m-lines are encrypted.
#include "pipelines/calls/offer_answer.h"

namespace tapdeck::calls {

// Only once all of a message is known: a response answers the offer of one side and, in the same
// breath, puts it in force.
void OfferAnswer::weigh_security(std::int64_t time_ns) {
  if (sides_.empty()) return;
  bool has_secure = !security_.empty();
  for_each_line([&](const MediaLine& line, const Side&, std::size_t) {
    has_secure = has_secure || line.secure;
  });
  if (!has_secure) return security_.see_clear(time_ns);
  security_.begin();
  const auto line_of = [](const Side& side, const SessionFacts& session, std::size_t index) {
    return LineSecurity::Line{
        side.who.party, static_cast<std::uint16_t>(index), session.lines[index].address};
  };
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
        const bool secure = mine.secure && theirs[i].secure && mine.enabled && theirs[i].enabled;
        security_.agreed(line_of(side, *session, i), secure);
        security_.agreed(line_of(other, *other.current, i), secure);
      }
    }
    if (answered) continue;
    for (std::size_t i = 0; i < session->lines.size(); ++i) {
      if (session->lines[i].secure) security_.offered(line_of(side, *session, i));
    }
  }
  security_.finish(time_ns);
}

// Whatever SDP says: keys were agreed on in the media path.
void OfferAnswer::secure(const StreamReport& report) {
  if (report.sender != kNoParty) {
    security_.keyed({report.sender, report.media_index, report.source});
  }
  if (report.receiver != kNoParty) {
    security_.keyed({report.receiver, report.media_index, report.destination});
  }
}

}  // namespace tapdeck::calls
