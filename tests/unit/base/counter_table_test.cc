#include "base/counter_table.h"

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

#define TD_TEST_LOSSES(X)             \
  X(kLate, late, "packets: too late") \
  X(kEarly, early, "packets: too soon")

TD_COUNTER_TABLE(Loss, kLossNames, TD_TEST_LOSSES)

TEST(CounterTable, ARowIsAnEnumeratorANameAndACounter) {
  static_assert(kLossNames.size() == CounterTable<Loss>::kCount);
  EXPECT_EQ(kLossNames[static_cast<std::size_t>(Loss::kEarly)].name, "early");
  EXPECT_EQ(kLossNames[static_cast<std::size_t>(Loss::kEarly)].help, "packets: too soon");
  CounterTable<Loss> losses;
  losses.add(Loss::kEarly);
  losses.add(Loss::kEarly, 2);
  EXPECT_EQ(losses.value(Loss::kLate), 0U);
  EXPECT_EQ(losses.value(Loss::kEarly), 3U);
  std::uint64_t sum = 0;
  for (const Counter& counter : losses) sum += counter.value();
  EXPECT_EQ(sum, 3U);
  EXPECT_EQ(losses[1].value(), 3U);
}

}  // namespace
}  // namespace tapdeck
