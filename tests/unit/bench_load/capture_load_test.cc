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
    const auto trial = (*load)->run(pps, 0.1);
    ASSERT_TRUE(trial.has_value()) << trial.error().message;
    EXPECT_TRUE(trial->is_intact())
        << trial->damaged << ' ' << trial->unexplained << ' ' << trial->wrong_streams;
    EXPECT_GT(trial->recorded, 0U);
    EXPECT_EQ(trial->recorded + dropped(*trial), trial->sent);
    EXPECT_GT(trial->worker_cycles, 0);
    EXPECT_LE(trial->worker_busy, 1);
  }
}

TEST(CaptureLoad, AnInterfaceThatIsNotThereIsTold) {
  engine::test_eal();
  const auto load = CaptureLoad::open({.sender = "tdabsent0", .receiver = "tdabsent1"});
  ASSERT_FALSE(load.has_value());
  EXPECT_NE(load.error().message.find("tdabsent1"), std::string::npos) << load.error().message;
}

}  // namespace
}  // namespace tapdeck::load
