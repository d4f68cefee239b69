// Call-IDs of calls whose final record is out, for as long as their messages may still be
// retransmitted: what comes late opens no new call.
//
// Threads: the call-plane thread.  Memory: one entry per finished call, bounded; the oldest goes
// first.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "pipelines/calls/hash_index.h"

namespace tapdeck::calls {

class FinishedCalls {
 public:
  FinishedCalls(std::size_t count_max, std::uint64_t seed) : count_max_(count_max), seed_(seed) {}

  void add(RealmId realm, std::string_view call_id, std::int64_t until_timer_ns);
  bool contains(RealmId realm, std::string_view call_id, std::int64_t timer_now_ns);

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::int64_t until_ns = 0;
  };

  [[nodiscard]] std::uint64_t key_of(RealmId realm, std::string_view call_id) const;
  void drop_oldest();

  std::size_t count_max_;
  std::uint64_t seed_;
  std::deque<Entry> entries_;  // oldest first
  HashIndex keys_;             // one for each entry
};

// What became of calls that are gone, as far as messages that come late need to know.
class PastCalls {
 public:
  PastCalls(std::size_t count_max, std::uint64_t seed)
      : finished_(count_max, seed), fell_silent_(count_max, seed + 1) {}

  // `fell_silent`: a timer ended it, so that its BYE may still come.
  struct Ending {
    bool fell_silent = false;
    std::int64_t repeats_until_ns = 0;  // timer times
    std::int64_t silent_until_ns = 0;
  };

  void add(RealmId realm, std::string_view call_id, const Ending& ending);

  // Its messages may still be repeated.
  [[nodiscard]] bool has_finished(RealmId realm, std::string_view call_id, std::int64_t now_ns) {
    return finished_.contains(realm, call_id, now_ns);
  }

  [[nodiscard]] bool fell_silent(RealmId realm, std::string_view call_id, std::int64_t now_ns) {
    return fell_silent_.contains(realm, call_id, now_ns);
  }

 private:
  FinishedCalls finished_;
  FinishedCalls fell_silent_;
};

}  // namespace tapdeck::calls
