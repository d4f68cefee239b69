#include "pipelines/calls/message_queue.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <type_traits>

namespace tapdeck::calls {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

}  // namespace

void MessageQueue::fill_another(std::size_t bytes) {
  if (!blocks_.empty() && blocks_[filling_].waiting == 0) empty_.push_back(filling_);
  if (empty_.empty() || blocks_[empty_.back()].capacity < bytes) {
    const std::size_t capacity = std::max(bytes, kBlockBytes);
    blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(capacity), capacity});
    filling_ = static_cast<std::uint32_t>(blocks_.size() - 1);
    return;
  }
  filling_ = empty_.back();
  empty_.pop_back();
  blocks_[filling_].used = 0;
}

// Room for one copy, at the end of the block that is being filled or at the beginning of another.
std::byte* MessageQueue::take_room(std::size_t bytes) {
  bytes = (bytes + alignof(Held) - 1) & ~(alignof(Held) - 1);
  if (!blocks_.empty() && blocks_[filling_].waiting == 0) blocks_[filling_].used = 0;
  if (blocks_.empty() || blocks_[filling_].capacity - blocks_[filling_].used < bytes) {
    fill_another(bytes);
  }
  Block& block = blocks_[filling_];
  std::byte* const room = block.memory.get() + block.used;
  block.used += bytes;
  ++block.waiting;
  return room;
}

void MessageQueue::put(const SignalMessage& message, std::int64_t timer_now_ns) {
  static_assert(std::is_trivially_destructible_v<Held>);
  std::byte* const room = take_room(sizeof(Held) + message.length);
  auto* const bytes = reinterpret_cast<std::uint8_t*>(room + sizeof(Held));
  if (message.length > 0) std::memcpy(bytes, message.bytes, message.length);
  Held* const held = new (room) Held{message, filling_};
  held->signal.bytes = bytes;
  arrivals_.push_back(timer_now_ns);
  const Entry entry{message.time_ns, message.order, held};
  if (in_order_.empty() || !(in_order_.back() > entry)) {
    in_order_.push_back(entry);
    return;
  }
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
}

const MessageQueue::Held* MessageQueue::take_first() {
  if (heap_.empty() || (!in_order_.empty() && heap_.front() > in_order_.front())) {
    const Held* const held = in_order_.front().held;
    in_order_.pop_front();
    return held;
  }
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
  const Held* const held = heap_.back().held;
  heap_.pop_back();
  return held;
}

std::optional<SignalMessage> MessageQueue::take_due(std::int64_t timer_now_ns) {
  if (arrivals_.empty() || arrivals_.front() + hold_back_ns_ > timer_now_ns) return std::nullopt;
  return take_any();
}

std::optional<SignalMessage> MessageQueue::take_any() {
  if (arrivals_.empty()) return std::nullopt;
  arrivals_.pop_front();
  const Held* const held = take_first();
  // Its bytes stay: only put() fills a block again.
  if (--blocks_[held->block].waiting == 0 && held->block != filling_) {
    empty_.push_back(held->block);
  }
  return held->signal;
}

}  // namespace tapdeck::calls
