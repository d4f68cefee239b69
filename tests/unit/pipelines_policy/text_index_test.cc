#include "pipelines/policy/text_index.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::policy {
namespace {

TEST(TextIndex, KnowsWhatWasAddedAndNothingElse) {
  TextIndex index(7);
  EXPECT_EQ(index.find("a", 0), TextIndex::kNone);
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    EXPECT_EQ(index.add("+49" + std::to_string(i), static_cast<std::uint8_t>(i % 3)), i);
  }
  EXPECT_EQ(index.size(), 5'000U);
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    const std::string text = "+49" + std::to_string(i);
    EXPECT_EQ(index.find(text, static_cast<std::uint8_t>(i % 3)), i);
    EXPECT_EQ(index.find(text, static_cast<std::uint8_t>((i + 1) % 3)), TextIndex::kNone);
    EXPECT_EQ(index.find(text + "x", static_cast<std::uint8_t>(i % 3)), TextIndex::kNone);
  }
}

TEST(TextIndex, TheSameTextIsTheSameNumber) {
  TextIndex index(7);
  EXPECT_EQ(index.add("", 1), 0U);
  EXPECT_EQ(index.add("", 2), 1U);
  EXPECT_EQ(index.add("", 1), 0U);
  EXPECT_EQ(index.size(), 2U);
}

}  // namespace
}  // namespace tapdeck::policy
