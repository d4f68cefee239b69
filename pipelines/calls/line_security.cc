#include "pipelines/calls/line_security.h"

#include <algorithm>
#include <limits>

namespace tapdeck::calls {
namespace {

// Media follow an agreement, or go before it, by less.
constexpr std::int64_t kChangingNs = 1'000'000'000;

}  // namespace

// A caller may have agreed on one thing with one fork and on another with the next.
void LineSecurity::tell(const Line& line, State state) {
  for (Change& known : told_) {
    if (known.line != line) continue;
    known.state = std::max(known.state, state);
    return;
  }
  if (told_.size() < kSecureLinesMax) told_.push_back({line, state, 0});
}

void LineSecurity::finish(std::int64_t time_ns) {
  see_clear(time_ns);
  // An offer that is there no more was refused.
  const std::size_t before = changes_.size();
  for (std::size_t i = 0; i < before; ++i) {
    const Line line = changes_[i].line;
    const bool is_told =
        std::ranges::any_of(told_, [&](const Change& change) { return change.line == line; });
    if (!is_told && latest(line)->state == State::kOffered) note(line, State::kPlain, time_ns);
  }
  for (const Change& change : told_) note(change.line, change.state, time_ns);
  told_.clear();
}

void LineSecurity::keyed(const Line& line) {
  note(line, State::kKeyed, std::numeric_limits<std::int64_t>::min());
}

const LineSecurity::Change* LineSecurity::latest(const Line& line) const {
  const auto found = std::find_if(changes_.rbegin(), changes_.rend(), [&](const Change& change) {
    return change.line == line;
  });
  return found == changes_.rend() ? nullptr : &*found;
}

void LineSecurity::note(const Line& line, State state, std::int64_t time_ns) {
  const Change* known = latest(line);
  if (known != nullptr && (known->state == state || known->state == State::kKeyed)) return;
  if (changes_.size() < kSecureLinesMax) changes_.push_back({line, state, time_ns});
}

// What is known first of a call that was met midway was so before.
LineSecurity::State LineSecurity::state_of(const End& end,
                                           std::uint16_t media_index,
                                           bool at_address,
                                           std::int64_t time_ns) const {
  State state = State::kNone;
  if (!end.party) return state;
  for (const Change& change : changes_) {
    const Line& line = change.line;
    if (line.party != *end.party || line.media_index != media_index) continue;
    if (at_address && line.address != end.address) continue;
    if (change.from_ns <= std::max(time_ns, since_ns_.value_or(time_ns))) state = change.state;
  }
  return state;
}

// Lines with the stream's own addresses go first, and of two the callee's, since a caller has one
// line for all forks.
bool LineSecurity::is_secure_at(const End& sender,
                                const End& receiver,
                                std::uint16_t media_index,
                                std::int64_t time_ns) const {
  constexpr std::uint8_t kCaller = 0;
  for (const bool at_address : {true, false}) {
    for (const bool of_caller : {false, true}) {
      State state = State::kNone;
      for (const End* end : {&sender, &receiver}) {
        if ((end->party == kCaller) != of_caller) continue;
        state = std::max(state, state_of(*end, media_index, at_address, time_ns));
      }
      if (state != State::kNone) return state >= State::kOffered;
    }
  }
  return false;
}

bool LineSecurity::is_secure(const End& sender,
                             const End& receiver,
                             std::uint16_t media_index,
                             const Interval& time) const {
  if (changes_.empty()) return false;
  std::int64_t secure_ns = 0;
  std::int64_t from_ns = time.from_ns;
  const auto add_until = [&](std::int64_t to_ns) {
    if (is_secure_at(sender, receiver, media_index, from_ns)) secure_ns += to_ns - from_ns;
    from_ns = to_ns;
  };
  for (const Change& change : changes_) {
    if (change.from_ns > from_ns && change.from_ns < time.to_ns) add_until(change.from_ns);
  }
  if (from_ns >= time.to_ns) return is_secure_at(sender, receiver, media_index, from_ns);
  add_until(time.to_ns);
  return secure_ns >= kChangingNs || secure_ns * 2 > time.to_ns - time.from_ns;
}

}  // namespace tapdeck::calls
