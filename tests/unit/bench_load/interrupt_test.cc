// A signal is noted, and only while somebody looks after it.
#include "bench/load/interrupt.h"

#include <gtest/gtest.h>

namespace tapdeck::load {
namespace {

TEST(Interrupt, ASignalIsNotedWhileThereIsAGuard) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const InterruptGuard guard;
    EXPECT_FALSE(is_interrupted());
    EXPECT_TRUE(go_on());
    ASSERT_EQ(raise(signal), 0);
    EXPECT_TRUE(is_interrupted());
    ASSERT_FALSE(go_on());
    EXPECT_EQ(go_on().error().code, ErrorCode::kCancelled);
  }
  const InterruptGuard another;
  EXPECT_FALSE(is_interrupted()) << "of an earlier one";
}

TEST(Interrupt, TheSecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        raise(SIGINT);
        raise(SIGINT);
      },
      ::testing::KilledBySignal(SIGINT),
      "");
}

}  // namespace
}  // namespace tapdeck::load
