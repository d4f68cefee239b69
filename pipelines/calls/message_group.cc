#include "pipelines/calls/message_group.h"

#include <utility>

namespace tapdeck::calls {

MessageGroup::MessageGroup(const HeaderChoice& choice, const CallTable& table) : table_(table) {
  choose(choice);
}

void MessageGroup::choose(const HeaderChoice& choice) {
  for (FactsReader& reader : readers_) reader = FactsReader(&choice);
}

std::span<const DueMessage> MessageGroup::read() {
  const std::span<DueMessage> due(messages_.data(), std::exchange(count_, 0));
  read_facts(due);
  ask_for_calls(due);
  return due;
}

void MessageGroup::read_facts(std::span<DueMessage> due) {
  for (std::size_t i = 0; i < due.size(); ++i) {
    DueMessage& message = due[i];
    message.result = readers_[i].read(message.signal.view());
    if (message.result.facts == nullptr) continue;
    message.hash = table_.hash_of(message.signal.realm, message.result.facts->call_id);
    table_.prefetch_index(message.hash);
  }
}

void MessageGroup::ask_for_calls(std::span<DueMessage> due) const {
  for (DueMessage& message : due) {
    message.slot = message.result.facts == nullptr ? 0 : table_.guess_slot(message.hash);
    if (message.slot != 0) table_.prefetch_slot(message.slot);
  }
  for (const DueMessage& message : due) {
    if (const Call* call = table_.guess_call(message.slot)) Call::prefetch(call);
  }
  for (const DueMessage& message : due) {
    if (const Call* call = table_.guess_call(message.slot)) {
      call->prefetch_parts(message.signal.length);
    }
  }
  for (const DueMessage& message : due) {
    if (const Call* call = table_.guess_call(message.slot)) call->live().dialogs.prefetch_tags();
  }
}

}  // namespace tapdeck::calls
