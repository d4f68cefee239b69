// Which m-lines of a call are encrypted.  What both sides have agreed on counts (RFC 3264): SAVP,
// a=crypto or a fingerprint in the offer and in its answer, or keys in the media path.  Until there
// is an answer, or where the tap sees none, what is offered counts.  A line that was encrypted once
// is called so to the end.
//
// Threads: the call-plane thread.  Memory: a few bytes per m-line and party of calls that offer
// encryption; none for others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/pool_allocator.h"

namespace tapdeck::calls {

constexpr std::size_t kSecureLinesMax = 256;  // further ones are taken for plain

class LineSecurity {
 public:
  using Party = std::optional<std::uint8_t>;

  // Offers are told anew whenever SDP has changed.
  void forget_offers();

  void offered(std::uint8_t party, std::size_t media_index) {
    note(party, media_index, State::kOffered);
  }

  // `party` has made the offer or the answer.
  void agreed(std::uint8_t party, std::size_t media_index, bool secure) {
    note(party, media_index, secure ? State::kSecure : State::kPlain);
  }

  // Of a stream between these two, either of whom may be unknown.
  [[nodiscard]] bool is_secure(Party sender, Party receiver, std::uint16_t media_index) const;

 private:
  enum class State : std::uint8_t { kNone, kOffered, kPlain, kSecure };

  struct Line {
    std::uint16_t media_index;
    std::uint8_t party;
    State state;
  };

  [[nodiscard]] State state_of(Party party, std::uint16_t media_index) const;
  void note(std::uint8_t party, std::size_t media_index, State state);

  PoolVector<Line> lines_;
};

}  // namespace tapdeck::calls
