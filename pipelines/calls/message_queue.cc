#include "pipelines/calls/message_queue.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tapdeck::calls {
namespace {

constexpr std::size_t kKeptBytesMax = 4'096;

}  // namespace

void MessageQueue::put(const SignalMessage& message, std::int64_t timer_now_ns) {
  large_.clear();
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  slots_[slot].signal = message;
  slots_[slot].bytes = as_text(message.view());
  arrivals_.push_back(timer_now_ns);
  const Entry entry{message.time_ns, message.order, slot};
  if (in_order_.empty() || !(in_order_.back() > entry)) {
    in_order_.push_back(entry);
    return;
  }
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

std::uint32_t MessageQueue::take_first() {
  if (heap_.empty() || (!in_order_.empty() && heap_.front() > in_order_.front())) {
    const std::uint32_t slot = in_order_.front().slot;
    in_order_.pop_front();
    return slot;
  }
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
  const std::uint32_t slot = heap_.back().slot;
  heap_.pop_back();
  return slot;
}

std::optional<SignalMessage> MessageQueue::take_due(std::int64_t timer_now_ns) {
  if (arrivals_.empty() || arrivals_.front() + hold_back_ns_ > timer_now_ns) return std::nullopt;
  return take_any();
}

std::optional<SignalMessage> MessageQueue::take_any() {
  if (arrivals_.empty()) return std::nullopt;
  arrivals_.pop_front();
  const std::uint32_t slot = take_first();
  free_.push_back(slot);
  SignalMessage message = slots_[slot].signal;
  std::string& bytes = slots_[slot].bytes;
  message.bytes = as_bytes(bytes).data();
  if (bytes.capacity() > kKeptBytesMax) large_.push_back(std::exchange(bytes, {}));
  return message;
}

}  // namespace tapdeck::calls
