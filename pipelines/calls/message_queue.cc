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
  heap_.push_back({message.time_ns, message.order, slot});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

std::optional<SignalMessage> MessageQueue::take_due(std::int64_t timer_now_ns) {
  if (arrivals_.empty() || arrivals_.front() + hold_back_ns_ > timer_now_ns) return std::nullopt;
  return take_any();
}

std::optional<SignalMessage> MessageQueue::take_any() {
  if (heap_.empty()) return std::nullopt;
  arrivals_.pop_front();
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
  const std::uint32_t slot = heap_.back().slot;
  heap_.pop_back();
  free_.push_back(slot);
  SignalMessage message = slots_[slot].signal;
  std::string& bytes = slots_[slot].bytes;
  message.bytes = as_bytes(bytes).data();
  if (bytes.capacity() > kKeptBytesMax) large_.push_back(std::exchange(bytes, {}));
  return message;
}

}  // namespace tapdeck::calls
