// In which RTP payload types of a call keys travel (model/dtmf.h), by what its sides declare.
// Threads: any; plain values.  Memory: none.
#pragma once

#include "model/dtmf.h"

namespace tapdeck::calls {

// What an m-line says of payload types.
struct DeclaredTypes {
  PayloadTypes all;  // that have an encoding
  DtmfTypes dtmf;    // of these

  void add(const DeclaredTypes& other) {
    all.add(other.all);
    dtmf.add(other.dtmf);
  }

  bool operator==(const DeclaredTypes&) const = default;
};

// Of RTP between the two: the receiver's declaration counts (RFC 3264 section 5.1), for types that
// it does not have the sender's.
constexpr DtmfTypes types_received(const DeclaredTypes& receiver, const DeclaredTypes& sender) {
  DtmfTypes types = receiver.dtmf;
  types.events.add(sender.dtmf.events.without(receiver.all));
  types.redundant.add(sender.dtmf.redundant.without(receiver.all));
  return types;
}

// Where no SDP tells: any type that SDP might have assigned (RFC 3551 section 6).
constexpr DtmfTypes guessed_types() {
  DtmfTypes types;
  types.guess();
  return types;
}

// What becomes of keys.
struct DtmfUse {
  bool mask = true;   // made unreadable before they are kept
  bool tell = false;  // told to the call plane

  bool operator==(const DtmfUse&) const = default;
};

// As BindMessage has them.
struct BoundDtmfTypes {
  DtmfTypes to;
  DtmfTypes from;

  void add(const BoundDtmfTypes& other) {
    to.add(other.to);
    from.add(other.from);
  }

  bool operator==(const BoundDtmfTypes&) const = default;
};

}  // namespace tapdeck::calls
