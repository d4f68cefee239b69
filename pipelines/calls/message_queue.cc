#include "pipelines/calls/message_queue.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tapdeck::calls {

SignalMessage HeldMessage::view() const {
  SignalMessage message = signal;
  message.bytes = as_bytes(bytes).data();
  return message;
}

bool MessageQueue::Later::operator()(const HeldMessage& a, const HeldMessage& b) const {
  return std::tie(a.signal.time_ns, a.signal.order) > std::tie(b.signal.time_ns, b.signal.order);
}

void MessageQueue::put(const SignalMessage& message, std::int64_t timer_now_ns) {
  HeldMessage held{message, std::string(as_text(message.view()))};
  held.signal.bytes = nullptr;  // the caller's bytes may go
  arrivals_.push_back(timer_now_ns);
  heap_.push_back(std::move(held));
  std::push_heap(heap_.begin(), heap_.end(), Later{});
}

std::optional<HeldMessage> MessageQueue::take_due(std::int64_t timer_now_ns) {
  if (arrivals_.empty() || arrivals_.front() + hold_back_ns_ > timer_now_ns) return std::nullopt;
  return take_any();
}

std::optional<HeldMessage> MessageQueue::take_any() {
  if (heap_.empty()) return std::nullopt;
  arrivals_.pop_front();
  std::pop_heap(heap_.begin(), heap_.end(), Later{});
  HeldMessage held = std::move(heap_.back());
  heap_.pop_back();
  return held;
}

}  // namespace tapdeck::calls
