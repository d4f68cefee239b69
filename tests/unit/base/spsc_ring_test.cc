#include "base/spsc_ring.h"

#include <cstdint>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(SpscRingTest, FullLeavesTheValueWithItsOwner) {
  SpscRing<std::unique_ptr<int>> ring(3);
  EXPECT_EQ(ring.capacity(), 4u);
  for (int i = 0; i < 4; ++i) {
    auto value = std::make_unique<int>(i);
    ASSERT_TRUE(ring.try_push(value));
    EXPECT_EQ(value, nullptr);
  }
  auto refused = std::make_unique<int>(4);
  EXPECT_FALSE(ring.try_push(refused));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(*refused, 4);
  EXPECT_EQ(**ring.try_pop(), 0);
  EXPECT_TRUE(ring.try_push(refused));
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(**ring.try_pop(), i);
  EXPECT_FALSE(ring.try_pop());
}

TEST(SpscRingTest, APoppedSlotHoldsNothing) {
  SpscRing<std::shared_ptr<int>> ring(1);
  auto value = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = value;
  ASSERT_TRUE(ring.try_push(value));
  ring.try_pop().reset();
  EXPECT_TRUE(watch.expired());
}

TEST(SpscRingTest, AnEndingRingFreesWhatItStillHolds) {
  auto value = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = value;
  {
    SpscRing<std::shared_ptr<int>> ring(2);
    ASSERT_TRUE(ring.try_push(value));
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(SpscRingStress, TwoThreadsKeepOrderAndLoseNothing) {
  constexpr std::uint64_t kCount = 200'000;
  SpscRing<std::unique_ptr<std::uint64_t>> ring(64);
  std::thread producer([&ring] {
    for (std::uint64_t i = 0; i < kCount; ++i) {
      auto value = std::make_unique<std::uint64_t>(i);
      while (!ring.try_push(value)) std::this_thread::yield();
    }
  });
  std::uint64_t mismatches = 0;
  for (std::uint64_t expected = 0; expected < kCount;) {
    const auto value = ring.try_pop();
    if (!value) {
      std::this_thread::yield();
      continue;
    }
    mismatches += **value != expected;
    ++expected;
  }
  producer.join();
  EXPECT_EQ(mismatches, 0u);
  EXPECT_FALSE(ring.try_pop());
}

}  // namespace
}  // namespace tapdeck
