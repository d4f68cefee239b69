// A real worker behind a ring, at a pace that any machine makes and at one that none does.
#include "bench/load/capture_load.h"

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::load {
namespace {

std::uint64_t dropped(const CaptureTrial& trial) {
  std::uint64_t sum = 0;
  for (const auto& drop : trial.drops) sum += drop.second;
  return sum;
}

TEST(CaptureLoad, EveryTrialAccountsForEveryPacket) {
  engine::test_eal();
  auto load = CaptureLoad::open({.streams = 300, .descriptors = 256});
  ASSERT_TRUE(load.has_value()) << load.error().message;
  for (const double pps : {2e4, 5e7, 2e4}) {  // the second one is lost for the most part
    const auto trial = (*load)->run({.pps = pps, .seconds = 0.1});
    ASSERT_TRUE(trial.has_value()) << trial.error().message;
    EXPECT_TRUE(trial->is_intact())
        << trial->damaged << ' ' << trial->unexplained << ' ' << trial->wrong_streams;
    EXPECT_GT(trial->recorded, 0U);
    EXPECT_EQ(trial->recorded + dropped(*trial), trial->sent);
    EXPECT_GT(trial->worker_cycles, 0);
    EXPECT_LE(trial->worker_busy, 1);
  }
}

// More than any sender sends: what it owes is left out, or it goes on until the time is over.
TEST(CaptureLoad, WhatASenderOwesIsLeftOutUnlessItIsToMakeUpForIt) {
  engine::test_eal();
  auto load = CaptureLoad::open({.streams = 300, .descriptors = 256});
  ASSERT_TRUE(load.has_value()) << load.error().message;
  const auto left_out = (*load)->run({.pps = 5e8, .seconds = 0.05});
  ASSERT_TRUE(left_out.has_value()) << left_out.error().message;
  EXPECT_GT(left_out->late, 0U);
  const auto made_up = (*load)->run({.pps = 5e8, .seconds = 0.05, .arrears = Arrears::kMadeUp});
  ASSERT_TRUE(made_up.has_value()) << made_up.error().message;
  EXPECT_EQ(made_up->late, 0U);
  EXPECT_TRUE(made_up->is_intact());
}

TEST(CaptureLoad, AnInterfaceThatIsNotThereIsTold) {
  engine::test_eal();
  const auto load = CaptureLoad::open({.sender = "tdabsent0", .receiver = "tdabsent1"});
  ASSERT_FALSE(load.has_value());
  EXPECT_NE(load.error().message.find("tdabsent1"), std::string::npos) << load.error().message;
}

}  // namespace
}  // namespace tapdeck::load
