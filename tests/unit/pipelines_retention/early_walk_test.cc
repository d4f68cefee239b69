#include "pipelines/retention/early_walk.h"

#include "tests/unit/pipelines_retention/retention_fixture.h"

namespace tapdeck::retention {
namespace {

class EarlyWalkTest : public RetentionTest {
 protected:
  // All that may go, entry by entry.
  std::vector<Uid> walk(const std::vector<EarlyExpiry>& order) {
    FakeReader reader(store);
    std::vector<Uid> found;
    for (EarlyWalk walk(store, order); !walk.is_over();) {
      EXPECT_TRUE(walk.next_page(reader, [&](const storage::DueParts& due, std::uint64_t bytes) {
        EXPECT_GT(bytes, 0U);
        found.push_back(due.what.uid);
        return true;
      }));
    }
    return found;
  }
};

TEST_F(EarlyWalkTest, AllOfOneEntryComesBeforeTheNextTheSoonestDueFirst) {
  const Uid first = add(1, "100", "b");
  const Uid second = add(2, "100", "a");
  const Uid third = add(3, "100", "a");
  store.calls[second].recording.expires_us = kStartUs + 20 * kDayUs;
  EXPECT_EQ(walk({{"a"}, {"b"}}), (std::vector<Uid>{third, second, first}));
  EXPECT_EQ(walk({{"b"}, {"b", kPartSip}}), (std::vector<Uid>{first, first}));
  EXPECT_TRUE(walk({}).empty());
  EXPECT_TRUE(walk({{"c"}}).empty());
}

TEST_F(EarlyWalkTest, WhatGivesNothingBackIsLeftOut) {
  const Uid written = add(1);
  const Uid for_ever = add(2);
  const Uid without_class = add(3, "100", "");
  store.being_written.insert(written);
  store.calls[for_ever].recording.expires_us.reset();
  EXPECT_EQ(walk({{"open"}, {"default"}}), std::vector<Uid>{without_class});
  EXPECT_EQ(walk({{"open", kPartSip}}), std::vector<Uid>{for_ever});
  store.parts[for_ever] = 0;
  EXPECT_TRUE(walk({{"open", kPartSip}}).empty());
}

// More than a page; whoever has enough comes back for the rest.
TEST_F(EarlyWalkTest, ItGoesOnWhereItStood) {
  constexpr std::uint32_t kMany = 1'200;
  for (std::uint32_t i = 0; i < kMany; ++i) add(i);
  FakeReader reader(store);
  const std::vector<EarlyExpiry> order{{"open"}};
  std::uint32_t seen = 0;
  for (EarlyWalk walk(store, order); !walk.is_over();) {
    std::uint32_t left = 7;
    ASSERT_TRUE(walk.next_page(reader, [&](const storage::DueParts& due, std::uint64_t) {
      EXPECT_EQ(due.what.uid, testing::ledger_uid(seen++));
      return --left > 0;
    }));
  }
  EXPECT_EQ(seen, kMany);
}

}  // namespace
}  // namespace tapdeck::retention
