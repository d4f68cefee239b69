#include "engine/stream_table.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

StreamKey key_of(std::uint32_t ssrc) {
  StreamKey key{};
  key.ssrc = ssrc;
  return key;
}

TEST(StreamTable, RandomChurnAgreesWithAMap) {
  test_eal();
  Arena arena(0);
  StreamTable table(arena, 500, 7);
  ASSERT_FALSE(arena.failed());
  std::map<std::uint32_t, std::uint32_t> model;
  std::mt19937 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const auto ssrc = static_cast<std::uint32_t>(random() % 900);
    const StreamKey key = key_of(ssrc);
    const std::uint64_t hash = table.hash(key);
    const std::uint32_t found = table.find(key, hash);
    const auto known = model.find(ssrc);
    ASSERT_EQ(found, known == model.end() ? kNone : known->second);
    if (found != kNone) {
      table.remove(found);
      model.erase(known);
      continue;
    }
    const std::uint32_t made = table.create(key, hash);
    ASSERT_EQ(made == kNone, model.size() == 500);
    if (made == kNone) continue;
    EXPECT_EQ(table.hot(made).packet_count, 0U);
    table.hot(made).state = StreamState::kProbation;
    table.hot(made).packet_count = 1;
    model[ssrc] = made;
  }
  EXPECT_EQ(table.used(), model.size());
}

TEST(StreamTable, WhatIsSetAsideIsFoundOnlyByAskingForIt) {
  test_eal();
  Arena arena(0);
  StreamTable table(arena, 10, 7);
  const StreamKey key = key_of(1);
  const std::uint64_t hash = table.hash(key);
  const std::uint32_t made = table.create(key, hash);
  table.hot(made).state = StreamState::kBound;
  table.set_aside(made);
  EXPECT_EQ(table.find(key, hash), kNone);
  EXPECT_EQ(table.find(key, hash, made), kNone);
  EXPECT_EQ(table.find_aside(key, hash), made);
  table.take_back(made);
  EXPECT_EQ(table.find(key, hash), made);
  EXPECT_EQ(table.find_aside(key, hash), kNone);
  table.set_aside(made);
  table.remove(made);
  EXPECT_EQ(table.find_aside(key, hash), kNone);
  EXPECT_EQ(table.used(), 0U);
}

// Colliding hashes wrap around the end of the table: the case backward shifting gets wrong.
TEST(IndexTable, DeletionKeepsCollidingEntriesReachable) {
  test_eal();
  Arena arena(0);
  IndexTable table(arena, 4);  // 8 slots
  const std::uint64_t hashes[] = {6, 6, 7, 6 + 8, 0};
  for (std::uint32_t removed = 1; removed <= 4; ++removed) {
    IndexTable fresh(arena, 4);
    for (std::uint32_t i = 1; i <= 4; ++i) fresh.insert(hashes[i - 1], i);
    fresh.erase(hashes[removed - 1], removed);
    for (std::uint32_t i = 1; i <= 4; ++i) {
      const std::uint32_t found =
          fresh.find(hashes[i - 1], [&](std::uint32_t index) { return index == i; });
      EXPECT_EQ(found, i == removed ? kNone : i);
    }
  }
}

TEST(Arena, TooMuchIsRememberedAndHarmless) {
  test_eal();
  Arena arena(0);
  EXPECT_TRUE(arena.take<std::uint8_t>(std::size_t{1} << 40).empty());
  EXPECT_TRUE(arena.failed());
  EXPECT_TRUE(arena.take<std::uint8_t>(1).empty());
}

}  // namespace
}  // namespace tapdeck::engine
