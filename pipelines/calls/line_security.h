// Which m-lines of a call are encrypted, and when.  What both sides have agreed on counts (RFC
// 3264): SAVP, a=crypto or a fingerprint in the offer and in its answer, or keys in the media path.
// Until there is an answer, or where the tap sees none, what is offered counts.
//
// A call may be in clear for a part of its time (music on hold, a transfer), or on one side of a
// border element: so each line is known by its address, with the times at which it changed.
//
// Threads: the call-plane thread.  Memory: some bytes for each change of an m-line in calls that
// offer encryption; none for others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/pool_allocator.h"
#include "model/ids.h"
#include "pipelines/calls/timeline.h"

namespace tapdeck::calls {

constexpr std::size_t kSecureLinesMax = 256;  // further changes are not known

class LineSecurity {
 public:
  // Who sends or receives a stream, and where.
  struct End {
    std::optional<std::uint8_t> party;
    Endpoint address{};
  };

  struct Line {
    std::uint8_t party = 0;
    std::uint16_t media_index = 0;
    Endpoint address{};

    bool operator==(const Line&) const = default;
  };

  // SDP is in force.  Until lines were told there are none but such in clear.
  void see_clear(std::int64_t time_ns) {
    if (!since_ns_) since_ns_ = time_ns;
  }

  // All lines are told anew whenever SDP has changed: begin(), then each of them, then finish().
  void begin() { told_.clear(); }

  void offered(const Line& line) { tell(line, State::kOffered); }

  // An offer and its answer name this line.
  void agreed(const Line& line, bool secure) {
    tell(line, secure ? State::kSecure : State::kPlain);
  }

  void finish(std::int64_t time_ns);

  // Whatever SDP says, and from the beginning.
  void keyed(const Line& line);

  // Nothing was ever encrypted.
  [[nodiscard]] bool empty() const { return changes_.empty(); }

  // Of a stream between these two, most of the time or for longer than a change takes.
  [[nodiscard]] bool is_secure(const End& sender,
                               const End& receiver,
                               std::uint16_t media_index,
                               const Interval& time) const;

 private:
  enum class State : std::uint8_t { kNone, kPlain, kOffered, kSecure, kKeyed };

  struct Change {
    Line line;
    State state = State::kNone;
    std::int64_t from_ns = 0;
  };

  void tell(const Line& line, State state);
  void note(const Line& line, State state, std::int64_t time_ns);
  [[nodiscard]] const Change* latest(const Line& line) const;
  [[nodiscard]] State state_of(const End& end,
                               std::uint16_t media_index,
                               bool at_address,
                               std::int64_t time_ns) const;
  [[nodiscard]] bool is_secure_at(const End& sender,
                                  const End& receiver,
                                  std::uint16_t media_index,
                                  std::int64_t time_ns) const;

  PoolVector<Change> told_;               // from begin() to finish()
  PoolVector<Change> changes_;            // in order of time
  std::optional<std::int64_t> since_ns_;  // before that no SDP was seen
};

}  // namespace tapdeck::calls
