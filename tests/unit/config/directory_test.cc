#include "config/directory.h"

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

TEST(Directory, SectionsStandInTheOrderOfTheirKinds) {
  EXPECT_EQ(section_of(DirectoryKind::kAgent), "agents");
  EXPECT_EQ(section_of(DirectoryKind::kMarketingChannel), "marketing_channels");
  EXPECT_EQ(section_of(DirectoryKind::kCampaign), "campaigns");
}

TEST(Directory, AnEntryHoldsFromItsBeginningToBeforeItsEnd) {
  DirectoryEntry entry;
  EXPECT_TRUE(entry.holds_at(-kAlwaysUs));
  EXPECT_TRUE(entry.holds_at(0));
  entry.from_us = 10;
  entry.to_us = 20;
  EXPECT_FALSE(entry.holds_at(9));
  EXPECT_TRUE(entry.holds_at(10));
  EXPECT_TRUE(entry.holds_at(19));
  EXPECT_FALSE(entry.holds_at(20));
}

}  // namespace
}  // namespace tapdeck::config
