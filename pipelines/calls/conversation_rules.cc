#include "pipelines/calls/conversation_rules.h"

#include <optional>
#include <string>

#include "pipelines/calls/unbound_media.h"

namespace tapdeck::calls {

Call* ConversationRules::find(const PauseOrder& order) const {
  const std::string call_id = order.call_id.empty() ? unbound_call_id(order.uid) : order.call_id;
  Call* call = table_.find(table_.hash_of(order.realm, call_id), order.realm, call_id);
  while (call != nullptr && call->live().uid != order.uid) call = table_.find(call->predecessor);
  return call == nullptr || call->live().ended ? nullptr : call;
}

PauseAnswer ConversationRules::obey(const PauseOrder& order, std::int64_t timer_now_ns) {
  const Call* call = find(order);
  if (call == nullptr) return {};
  return tell_legs(
      *call, {order.resume, order.time_ns, limit_ns_, PauseCause::kCommand}, timer_now_ns);
}

void ConversationRules::obey_header(const Call& call,
                                    const SeenMessage& message,
                                    std::int64_t timer_now_ns) {
  const auto trigger = pause_trigger_of(call.live(), *message.facts.claims);
  if (!trigger || call.live().ended) return;
  const What what{trigger->resume, message.time_ns(), trigger->limit_ns, PauseCause::kHeader};
  tell_legs(call, what, timer_now_ns);
}

void ConversationRules::obey_key(Call& call,
                                 const StreamReport& report,
                                 std::int64_t timer_now_ns) {
  const auto trigger = call.hear_keys(report);
  if (!trigger) return;
  const What what{trigger->resume, report.statistics.last_ns, trigger->limit_ns, PauseCause::kDtmf};
  tell_legs(call, what, timer_now_ns);
}

void ConversationRules::obey_info(Call& call,
                                  const SeenMessage& message,
                                  std::int64_t timer_now_ns) {
  if (!message.facts.is_request) return;
  const auto trigger = call.hear_keys(message.facts);
  if (!trigger) return;
  const What what{trigger->resume, message.time_ns(), trigger->limit_ns, PauseCause::kDtmf};
  tell_legs(call, what, timer_now_ns);
}

PauseAnswer ConversationRules::tell_legs(const Call& call,
                                         const What& what,
                                         std::int64_t timer_now_ns) {
  const RecordingPause pause{what.time_ns, timer_now_ns + what.limit_ns, what.cause, what.limit_ns};
  PauseAnswer answer{.known = true};
  for (const CallHandle handle : conversations_.legs_of(call)) {
    Call* leg = table_.find(handle);
    if (leg == nullptr || leg->live().ended) continue;
    ++answer.legs;
    const bool changed =
        what.resume ? leg->resume_recording(what.time_ns, what.cause) : leg->pause(pause);
    if (!changed) continue;
    ++answer.changed;
    changed_.push_back(leg);
  }
  used_ = used_ || !what.resume;
  return answer;
}

void ConversationRules::follow_pause(const Call& call) {
  if (call.conversation_slot == 0) return;
  const std::vector<CallHandle> legs = conversations_.legs_of(call);
  std::optional<RecordingPause> first;
  std::vector<Interval> over = conversations_.paused_before(call);
  for (const CallHandle handle : legs) {
    const Call* leg = table_.find(handle);
    if (leg == nullptr) continue;
    for (const Interval& paused : leg->live().kept.over_by(leg->live().times.ended_ns))
      over.push_back(paused);
    if (leg->live().ended || !leg->live().pause) continue;
    if (!first || leg->live().pause->since_ns < first->since_ns) first = leg->live().pause;
  }
  for (const CallHandle handle : legs) {
    Call* leg = table_.find(handle);
    if (leg == nullptr) continue;
    for (const Interval& paused : over) leg->destroy_paused(paused);
    if (first && leg->pause(*first, /*late=*/true)) changed_.push_back(leg);
  }
}

void ConversationRules::follow_strictest(const Call& call, std::int64_t time_ns) {
  const std::vector<CallHandle> legs = conversations_.legs_of(call);
  std::optional<JoinedRule> strictest;
  for (const CallHandle handle : legs) {
    const Call* leg = table_.find(handle);
    if (leg == nullptr || leg->live().ended) continue;
    const PolicyState* policy = leg->live().policy.get();
    const auto asked = policy == nullptr ? std::nullopt : policy->asked_of_legs();
    if (!asked || (strictest && strictest->record <= *asked)) continue;
    strictest = {*asked, std::string(policy->deciding_rule())};
  }
  if (!strictest) return;
  for (const CallHandle handle : legs) {
    Call* leg = table_.find(handle);
    if (leg != nullptr && leg->restrict_by(*strictest, time_ns)) changed_.push_back(leg);
  }
}

}  // namespace tapdeck::calls
