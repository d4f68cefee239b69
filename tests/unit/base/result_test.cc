#include "base/result.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

Result<int> fails() { return make_errno_error(ErrorCode::kIo, "Opening x", ENOENT); }

Result<std::string> passes_on() {
  TD_TRY(fails());
  return std::string("reached");
}

TEST(ResultTest, TryHandsTheWholeErrorOn) {
  const Result<std::string> result = passes_on();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kIo);
  EXPECT_EQ(result.error().message, "Opening x: No such file or directory");
  EXPECT_EQ(result.error().system_errno, ENOENT);
  EXPECT_EQ(error_code_name(result.error().code), "io");
}

}  // namespace
}  // namespace tapdeck
