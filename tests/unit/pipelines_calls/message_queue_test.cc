#include "pipelines/calls/message_queue.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

SignalMessage message(std::int64_t time_ns, std::uint64_t order) {
  SignalMessage made;
  made.time_ns = time_ns;
  made.order = order;
  return made;
}

TEST(MessageQueue, HoldsBackAndSortsByTimeThenOrder) {
  MessageQueue queue(20);
  queue.put(message(105, 3), 0);
  queue.put(message(100, 9), 5);
  queue.put(message(100, 2), 10);
  EXPECT_FALSE(queue.take_due(19));
  EXPECT_EQ(queue.take_due(20)->order, 2U) << "the earliest, though it came last";
  EXPECT_FALSE(queue.take_due(24)) << "only one has waited long enough";
  EXPECT_EQ(queue.take_due(25)->order, 9U);
  EXPECT_EQ(queue.take_due(30)->order, 3U);
  EXPECT_FALSE(queue.take_due(99));
}

TEST(MessageQueue, SortsBurstsOfSeveralWorkersAndClocksThatLeap) {
  MessageQueue queue(0);
  std::vector<std::pair<std::int64_t, std::uint64_t>> expected;
  const auto put = [&](std::int64_t time_ns) {
    const std::uint64_t order = expected.size() * 7 % 64;
    queue.put(message(time_ns, order), 0);
    expected.emplace_back(time_ns, order);
  };
  put(1'000'000);  // of a clock that is far ahead
  for (int worker = 0; worker < 3; ++worker) {
    for (int i = 0; i < 20; ++i) put(100 + 3 * i + worker % 2);
  }
  std::sort(expected.begin(), expected.end());
  for (const auto& [time_ns, order] : expected) {
    const auto held = queue.take_due(0);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->time_ns, time_ns);
    EXPECT_EQ(held->order, order);
  }
  EXPECT_FALSE(queue.take_any());
}

TEST(MessageQueue, KeepsItsOwnBytes) {
  MessageQueue queue(0);
  std::string bytes = "INVITE";
  SignalMessage made = message(1, 1);
  made.bytes = as_bytes(bytes).data();
  made.length = 6;
  queue.put(made, 0);
  bytes.assign("xxxxxx");
  const auto held = queue.take_any();
  ASSERT_TRUE(held);
  EXPECT_EQ(as_text(held->view()), "INVITE");
}

// More than a block, of all sizes, leaving in another order than they came.
TEST(MessageQueue, EachKeepsItsOwnBytesWhileBlocksAreFilledAgain) {
  MessageQueue queue(1'000);
  const auto text_of = [](std::int64_t number) {
    const auto length = static_cast<std::size_t>(number * 7'919 % 20'000);
    return std::string(length, static_cast<char>('a' + number % 26));
  };
  std::int64_t taken = 0;
  for (std::int64_t i = 0; i < 400; ++i) {
    const std::int64_t number = i ^ 3;
    const std::string text = text_of(number);
    SignalMessage made = message(number, 0);
    made.bytes = as_bytes(text).data();
    made.length = static_cast<std::uint32_t>(text.size());
    queue.put(made, number);
    if (i % 100 < 99 && i - taken < 150) continue;
    const auto held = queue.take_any();
    ASSERT_TRUE(held);
    EXPECT_EQ(held->time_ns, taken);
    EXPECT_EQ(as_text(held->view()), text_of(taken));
    ++taken;
  }
  while (const auto held = queue.take_any()) {
    EXPECT_EQ(held->time_ns, taken);
    EXPECT_EQ(as_text(held->view()), text_of(taken));
    ++taken;
  }
  EXPECT_EQ(taken, 400);
}

}  // namespace
}  // namespace tapdeck::calls
