// The part of OfferAnswer that says in which payload types of RTP keys travel.
#include "pipelines/calls/offer_answer.h"

namespace tapdeck::calls {
namespace {

bool is_caller(std::uint8_t party) { return party == kCallerParty; }

}  // namespace

// None when nobody asks for keys, or there are no telephone events.
OfferAnswer::DeclaredLines OfferAnswer::declared_lines() const {
  DeclaredLines declared;
  if (!dtmf_use_.mask && !dtmf_use_.tell) return declared;
  bool has_events = false;
  for (const Side& side : sides_) {
    for (const SessionFacts* session : {side.current.get(), side.pending.get()}) {
      if (session == nullptr) continue;
      if (session->lines.size() > declared.size()) declared.resize(session->lines.size());
      for (std::size_t i = 0; i < session->lines.size(); ++i) {
        const DeclaredTypes& types = session->lines[i].types;
        has_events = has_events || !types.dtmf.events.empty();
        declared[i][is_caller(side.who.party) ? 1 : 0].add(types);
      }
    }
  }
  if (!has_events) declared.clear();
  return declared;
}

// Keys for a line may be an offer only (RTP/AVP with a=crypto): it is for nothing when the other
// side of the same hop has answered without them.
bool OfferAnswer::is_encrypted(const Side& side, std::size_t index, const MediaLine& line) const {
  if (!line.secure) return false;
  for (const Side& other : sides_) {
    if (is_caller(other.who.party) == is_caller(side.who.party) || other.who.hop != side.who.hop ||
        !other.current || index >= other.current->lines.size()) {
      continue;
    }
    const MediaLine& answer = other.current->lines[index];
    if (answer.enabled && !answer.secure) return false;
  }
  return true;
}

BoundDtmfTypes OfferAnswer::dtmf_types(const DeclaredLines& declared,
                                       const Side& side,
                                       std::size_t index,
                                       const MediaLine& line) const {
  if (index >= declared.size() || is_encrypted(side, index, line)) return {};
  const DeclaredTypes& others = declared[index][is_caller(side.who.party) ? 0 : 1];
  return {types_received(line.types, others), types_received(others, line.types)};
}

// Of an address that SDP does not name: by all that its party has declared.
BoundDtmfTypes OfferAnswer::dtmf_types(const DeclaredLines& declared,
                                       const MediaBinding& learnt) const {
  const std::size_t index = learnt.media_index;
  if (index >= declared.size()) return {};
  for (const Side& side : sides_) {
    if (is_caller(side.who.party) != is_caller(learnt.receiver) || !side.current ||
        index >= side.current->lines.size()) {
      continue;
    }
    if (is_encrypted(side, index, side.current->lines[index])) return {};
  }
  const DeclaredTypes& own = declared[index][is_caller(learnt.receiver) ? 1 : 0];
  const DeclaredTypes& others = declared[index][is_caller(learnt.receiver) ? 0 : 1];
  return {types_received(own, others), types_received(others, own)};
}

}  // namespace tapdeck::calls
