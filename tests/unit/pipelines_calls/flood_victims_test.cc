#include "pipelines/calls/flood_victims.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

std::vector<FloodVictims::Entry> entries_of(std::initializer_list<std::uint32_t> sources) {
  std::vector<FloodVictims::Entry> entries;
  for (const std::uint32_t source : sources) {
    entries.push_back({make_ipv4(source), static_cast<std::uint32_t>(entries.size() + 1), 1});
  }
  return entries;
}

TEST(FloodVictims, ThoseOfTheSourceThatHasMostGoOldestFirst) {
  FloodVictims victims;
  victims.plan(entries_of({1, 7, 2, 7, 7, 3, 7}));
  EXPECT_EQ(victims.source(), make_ipv4(7));
  EXPECT_EQ(victims.next()->index, 2U);
  EXPECT_EQ(victims.next()->index, 4U);
  EXPECT_FALSE(victims.next()) << "with half of them gone another may have most";
}

TEST(FloodVictims, OfEqualSourcesTheOldestEntryGoes) {
  FloodVictims victims;
  victims.plan(entries_of({5, 6, 4}));
  EXPECT_EQ(victims.next()->index, 1U);
  EXPECT_FALSE(victims.next());
}

TEST(FloodVictims, NothingComesOfNothingAndAPlanReplacesAnother) {
  FloodVictims victims;
  victims.plan({});
  EXPECT_FALSE(victims.next());
  EXPECT_FALSE(victims.source());
  victims.plan(entries_of({1, 1, 1, 1}));
  victims.plan(entries_of({2}));
  EXPECT_EQ(victims.next()->source, make_ipv4(2));
  EXPECT_FALSE(victims.next());
}

TEST(FloodVictims, APlanIsBounded) {
  FloodVictims victims;
  std::vector<FloodVictims::Entry> entries(FloodVictims::kLookedAtMax);
  victims.plan(entries);
  std::size_t count = 0;
  while (victims.next()) ++count;
  EXPECT_EQ(count, FloodVictims::kPlannedMax);
}

}  // namespace
}  // namespace tapdeck::calls
