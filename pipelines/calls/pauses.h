// Pauses of whole conversations: an order reaches every leg, and a call that joins a paused
// conversation is paused from the same time on.
// Threads: the call-plane thread.  Memory: what take_changed() has not taken; the pauses themselves
// are the calls'.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "model/pause.h"
#include "pipelines/calls/call.h"
#include "pipelines/calls/call_table.h"
#include "pipelines/calls/conversations.h"

namespace tapdeck::calls {

class Pauses {
 public:
  // Both must outlive this.
  Pauses(const CallTable& table, const Conversations& conversations, std::int64_t limit_ns)
      : table_(table), conversations_(conversations), limit_ns_(limit_ns) {}

  PauseAnswer obey(const PauseOrder& order, std::int64_t timer_now_ns);

  // After a message of the call, which may order something by a header field or have joined the
  // call to a paused conversation; true when somebody's pause began or ended by it.
  [[nodiscard]] bool heed(const Call& call, const SeenMessage& message, std::int64_t timer_now_ns) {
    const bool ordered =
        message.facts.claims != nullptr && obey_header(call, message, timer_now_ns);
    return (used_ && follow_conversation(call)) || ordered;
  }

  // After a report of the call's streams: the key that it tells of may be the last of a code.
  [[nodiscard]] bool heed(Call& call, const StreamReport& report, std::int64_t timer_now_ns) {
    return report.kind == StreamReportKind::kKey && obey_key(call, report, timer_now_ns);
  }

  // Some call has been paused at some time: others may have to follow.
  void note() { used_ = true; }

  // The calls that were paused or resumed since: their timers are others now.
  std::vector<Call*> take_changed() { return std::exchange(changed_, {}); }

 private:
  struct What {
    bool resume;
    std::int64_t time_ns;
    std::int64_t deadline_ns;  // of a pause
  };

  bool obey_header(const Call& call, const SeenMessage& message, std::int64_t timer_now_ns);
  bool obey_key(Call& call, const StreamReport& report, std::int64_t timer_now_ns);
  PauseAnswer tell_legs(const Call& call, const What& what);
  [[nodiscard]] Call* find(const PauseOrder& order) const;
  bool follow_conversation(const Call& call);

  const CallTable& table_;
  const Conversations& conversations_;
  std::int64_t limit_ns_;
  std::vector<Call*> changed_;
  bool used_ = false;
};

}  // namespace tapdeck::calls
