#include "pipelines/calls/line_security.h"

#include <algorithm>

namespace tapdeck::calls {

void LineSecurity::forget_offers() {
  std::erase_if(lines_, [](const Line& line) { return line.state == State::kOffered; });
}

void LineSecurity::note(std::uint8_t party, std::size_t media_index, State state) {
  const auto index = static_cast<std::uint16_t>(media_index);
  for (Line& line : lines_) {
    if (line.party != party || line.media_index != index) continue;
    line.state = std::max(line.state, state);
    return;
  }
  if (lines_.size() < kSecureLinesMax) lines_.push_back({index, party, state});
}

LineSecurity::State LineSecurity::state_of(Party party, std::uint16_t media_index) const {
  if (!party) return State::kNone;
  for (const Line& line : lines_) {
    if (line.party == *party && line.media_index == media_index) return line.state;
  }
  return State::kNone;
}

// The caller may have agreed on one thing with one fork and on another with the next: what the
// callee says goes first.
bool LineSecurity::is_secure(Party sender, Party receiver, std::uint16_t media_index) const {
  constexpr std::uint8_t kCaller = 0;
  State caller = State::kNone;
  State callee = State::kNone;
  for (const Party& party : {sender, receiver}) {
    State& of = party == kCaller ? caller : callee;
    of = std::max(of, state_of(party, media_index));
  }
  const State state = callee == State::kNone ? caller : callee;
  return state == State::kOffered || state == State::kSecure;
}

}  // namespace tapdeck::calls
