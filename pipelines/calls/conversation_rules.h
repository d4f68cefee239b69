// What holds for whole conversations.  Pauses: an order reaches every leg, and a call that joins a
// paused conversation is paused from the same time on.  Rules: who must not be recorded on one leg
// is heard on the others, so that they keep no more than the strictest rule among them lets.
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

class ConversationRules {
 public:
  // All must outlive this.
  ConversationRules(const CallTable& table,
                    const Conversations& conversations,
                    const CallPolicy& policy,
                    std::int64_t pause_limit_ns)
      : table_(table), conversations_(conversations), policy_(policy), limit_ns_(pause_limit_ns) {}

  PauseAnswer obey(const PauseOrder& order, std::int64_t timer_now_ns);

  // After a message of the call, which may order something by a header field or by keys, or have
  // joined the call to a conversation that is paused or has a stricter rule; true when
  // take_changed() has some.
  [[nodiscard]] bool heed(Call& call, const SeenMessage& message, std::int64_t timer_now_ns) {
    if (message.facts.claims != nullptr) obey_header(call, message, timer_now_ns);
    if (message.facts.method == sip::Method::kInfo) obey_info(call, message, timer_now_ns);
    if (used_) follow_pause(call);
    if (call.conversation_slot != 0 && policy_.restricts())
      follow_strictest(call, message.time_ns());
    return !changed_.empty();
  }

  // After a report of the call's streams: the key that it tells of may be the last of a code.
  [[nodiscard]] bool heed(Call& call, const StreamReport& report, std::int64_t timer_now_ns) {
    if (report.kind == StreamReportKind::kKey) obey_key(call, report, timer_now_ns);
    return !changed_.empty();
  }

  // Some call has been paused at some time: others may have to follow.
  void note() { used_ = true; }

  // The calls that were paused, resumed or restricted since: to be settled.
  std::vector<Call*> take_changed() { return std::exchange(changed_, {}); }

 private:
  struct What {
    bool resume;
    std::int64_t time_ns;
    std::int64_t limit_ns;  // of a pause
    PauseCause cause;
  };

  void obey_header(const Call& call, const SeenMessage& message, std::int64_t timer_now_ns);
  void obey_key(Call& call, const StreamReport& report, std::int64_t timer_now_ns);
  void obey_info(Call& call, const SeenMessage& message, std::int64_t timer_now_ns);
  PauseAnswer tell_legs(const Call& call, const What& what, std::int64_t timer_now_ns);
  [[nodiscard]] Call* find(const PauseOrder& order) const;
  void follow_pause(const Call& call);
  void follow_strictest(const Call& call, std::int64_t time_ns);

  const CallTable& table_;
  const Conversations& conversations_;
  const CallPolicy& policy_;
  std::int64_t limit_ns_;
  std::vector<Call*> changed_;  // may name one twice
  bool used_ = false;
};

}  // namespace tapdeck::calls
