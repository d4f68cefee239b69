#include "control/progress.h"

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

TEST(Progress, BarFillsWithTheShare) {
  EXPECT_EQ(render_progress("read", 0, 10), "read [" + std::string(30, '.') + "] 0%");
  EXPECT_EQ(render_progress("read", 5, 10),
            "read [" + std::string(15, '#') + std::string(15, '.') + "] 50%");
  EXPECT_EQ(render_progress("read", 10, 10), "read [" + std::string(30, '#') + "] 100%");
  EXPECT_EQ(render_progress("read", 20, 10), "read [" + std::string(30, '#') + "] 100%")
      << "a file that grew while it was read";
  EXPECT_EQ(render_progress("read", 7, 0), "read 7");
}

TEST(Progress, DrawsNothingWhereNobodyLooks) {
  ::testing::internal::CaptureStderr();  // a file, no terminal
  {
    Progress progress("read", 10);
    progress.update(5);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace tapdeck::control
