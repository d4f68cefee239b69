#include "storage/call_store_recent.h"

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

Uid uid_at(std::int64_t start_ms, std::uint8_t seed = 1) { return make_uid(start_ms, {seed}); }

void add(RecentCalls& recent, const Uid& uid, CallState state, std::string bytes = "record") {
  PendingCalls committed;
  PriorCall& call = committed[uid];
  call.state = state;
  call.bytes = std::move(bytes);
  recent.add(committed);
}

// Fills one generation with open calls that begin from `start_ms` on; returns the first behind it.
std::int64_t fill_generation(RecentCalls& recent, std::int64_t start_ms) {
  const std::size_t each = RecentCalls::kGenerationBytes / 8;
  for (int i = 0; i < 8; ++i) {
    add(recent, uid_at(start_ms++), CallState::kInProgress, std::string(each, 'x'));
  }
  return start_ms;
}

TEST(RecentCalls, OpenCallsAreKeptAndEndedOnesAreNamed) {
  RecentCalls recent;
  add(recent, uid_at(1'000), CallState::kInProgress);
  add(recent, uid_at(1'000, 2), CallState::kEnded);
  ASSERT_NE(recent.find(uid_at(1'000)), nullptr);
  EXPECT_EQ(recent.find(uid_at(1'000))->bytes, "record");
  EXPECT_EQ(recent.find(uid_at(1'000, 2)), nullptr) << "to be read again";
  EXPECT_FALSE(recent.is_new(uid_at(1'000)));
  EXPECT_FALSE(recent.is_new(uid_at(1'000, 2))) << "it is stored";
  EXPECT_TRUE(recent.is_new(uid_at(1'000, 3)));
}

TEST(RecentCalls, AnEndedCallIsNoLongerOpen) {
  RecentCalls recent;
  add(recent, uid_at(1'000), CallState::kInProgress);
  add(recent, uid_at(1'000), CallState::kEnded);
  EXPECT_EQ(recent.find(uid_at(1'000)), nullptr);
  EXPECT_FALSE(recent.is_new(uid_at(1'000)));
}

TEST(RecentCalls, WhatWasStoredBeforeIsNeverNew) {
  RecentCalls recent;
  recent.set_known_until(5'000);
  EXPECT_FALSE(recent.is_new(uid_at(4'999)));
  EXPECT_FALSE(recent.is_new(uid_at(5'000)));
  EXPECT_TRUE(recent.is_new(uid_at(5'001)));
}

TEST(RecentCalls, AnOpenCallOutlivesOneGeneration) {
  RecentCalls recent;
  add(recent, uid_at(1'000), CallState::kInProgress);
  fill_generation(recent, 2'000);
  ASSERT_NE(recent.find(uid_at(1'000)), nullptr);
  add(recent, uid_at(1'000), CallState::kEnded);
  EXPECT_EQ(recent.find(uid_at(1'000)), nullptr) << "the older generation still has it as open";
}

TEST(RecentCalls, NothingForgottenIsTakenForNew) {
  RecentCalls recent;
  add(recent, uid_at(1'000), CallState::kInProgress);
  const std::int64_t behind = fill_generation(recent, 2'000);
  fill_generation(recent, 9'000);
  EXPECT_EQ(recent.find(uid_at(1'000)), nullptr);
  EXPECT_FALSE(recent.is_new(uid_at(1'000)));
  EXPECT_FALSE(recent.is_new(uid_at(behind - 1)));
  EXPECT_TRUE(recent.is_new(uid_at(20'000)));
}

}  // namespace
}  // namespace tapdeck::storage
