// Against captures of which it is known what they take.
#include "bench/load/overload.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::load {
namespace {

// Takes up to `takes_pps` and loses the rest; behind an overload that is less.
class TakesUpTo {
 public:
  explicit TakesUpTo(double takes_pps, double later_pps = 0)
      : takes_(takes_pps), later_(later_pps) {}

  PacedTrial trial() {
    return [this](const CapturePace& pace) -> Result<CaptureTrial> {
      paces.push_back(pace);
      CaptureTrial out;
      out.asked_pps = pace.pps;
      out.seconds = pace.seconds;
      out.sent = static_cast<std::uint64_t>(pace.pps * pace.seconds);
      out.recorded = static_cast<std::uint64_t>(std::min(pace.pps, takes_) * pace.seconds);
      if (pace.arrears == Arrears::kMadeUp && later_ > 0) takes_ = later_;
      return out;
    };
  }

  std::vector<CapturePace> paces{};

 private:
  double takes_;
  double later_;
};

TEST(Overload, OffersTheFactorOfWhatWasTakenAndThenHalfOfIt) {
  TakesUpTo planted(1e6);
  const auto found = run_overload({.flood_pps = 9e6, .factor = 3, .seconds = 60}, planted.trial());
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->capacity_pps, 1e6);
  EXPECT_DOUBLE_EQ(found->factor(), 3);
  ASSERT_EQ(planted.paces.size(), 4U);
  EXPECT_EQ(planted.paces[2].seconds, 60);
  EXPECT_EQ(planted.paces[2].arrears, Arrears::kMadeUp);
  EXPECT_DOUBLE_EQ(planted.paces[3].pps, 0.5e6);
  EXPECT_EQ(planted.paces[3].arrears, Arrears::kLeftOut);
  EXPECT_EQ(found->before.lost(), 0U);
  EXPECT_EQ(found->overload.lost(), 120'000'000U);
  EXPECT_EQ(found->after.lost(), 0U);
}

TEST(Overload, ARateThatIsKnownToPassCounts) {
  TakesUpTo slower_when_flooded(1e6);
  const auto found =
      run_overload({.flood_pps = 9e6, .sustained_pps = 2e6}, slower_when_flooded.trial());
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->capacity_pps, 2e6);
  EXPECT_DOUBLE_EQ(found->calm_pps, 1e6);
  TakesUpTo held_up_by_its_host(4e6);
  const auto more =
      run_overload({.flood_pps = 9e6, .sustained_pps = 2e6}, held_up_by_its_host.trial());
  ASSERT_TRUE(more);
  EXPECT_DOUBLE_EQ(more->capacity_pps, 4e6);
  EXPECT_DOUBLE_EQ(more->calm_pps, 1e6) << "half of what passed";
}

TEST(Overload, ACaptureThatDoesNotRecoverIsSeen) {
  TakesUpTo planted(1e6, 0.4e6);
  const auto found = run_overload({.flood_pps = 9e6}, planted.trial());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->before.lost(), 0U);
  EXPECT_EQ(found->after.lost(), 200'000U);
  EXPECT_EQ(planted.paces.size(), 6U) << "three times behind it";
}

TEST(Overload, AHostThatIsAwayForAMomentIsForgiven) {
  int trials = 0;
  const auto found = run_overload({}, [&trials](const CapturePace& pace) -> Result<CaptureTrial> {
    CaptureTrial out;
    out.seconds = pace.seconds;
    out.sent = 1'000'000;
    out.recorded = ++trials == 4 ? out.sent - 1 : out.sent;  // the first behind the overload
    return out;
  });
  ASSERT_TRUE(found);
  EXPECT_EQ(trials, 5);
  EXPECT_EQ(found->after.lost(), 0U);
}

TEST(Overload, NothingRecordedIsNoCapacity) {
  TakesUpTo planted(0);
  EXPECT_FALSE(run_overload({}, planted.trial()));
  const auto failed = run_overload({}, [](const CapturePace&) -> Result<CaptureTrial> {
    return make_error(ErrorCode::kCancelled, "a signal");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace tapdeck::load
