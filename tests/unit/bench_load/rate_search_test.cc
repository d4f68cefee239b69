// The search against loss functions that are known beforehand.
#include "bench/load/rate_search.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::load {
namespace {

struct Planted {
  std::function<TrialVerdict(double pps)> trial;
  std::vector<double> asked{};

  SearchResult search(const SearchOptions& options) {
    return search_rate(options, [this](double pps) {
      asked.push_back(pps);
      return trial(pps);
    });
  }
};

TrialVerdict lost_above(double limit, double pps) {
  return pps > limit ? TrialVerdict::kLost : TrialVerdict::kPassed;
}

TEST(RateSearch, FindsAThresholdWithinItsResolution) {
  for (const double limit : {10'001.0, 55'000.0, 1'234'567.0, 5'250'000.0, 9'999'000.0}) {
    Planted planted{[&](double pps) { return lost_above(limit, pps); }};
    const SearchResult found = planted.search({.resolution = 0.005});
    ASSERT_TRUE(found.best_pps.has_value()) << limit;
    EXPECT_LE(*found.best_pps, limit);
    EXPECT_GE(*found.best_pps, limit * 0.99);
    EXPECT_EQ(found.limit, TrialVerdict::kLost);
    EXPECT_EQ(static_cast<std::size_t>(found.trials), planted.asked.size());
    EXPECT_EQ(planted.asked.back(), *found.best_pps);  // the confirmation
  }
}

TEST(RateSearch, TheMostIsTriedFirstAndConfirmed) {
  Planted planted{[](double) { return TrialVerdict::kPassed; }};
  const SearchResult found = planted.search({.most_pps = 4e6});
  EXPECT_EQ(found.best_pps, 4e6);
  EXPECT_EQ(found.limit, TrialVerdict::kPassed);
  EXPECT_EQ(planted.asked, (std::vector<double>{4e6, 4e6}));
}

TEST(RateSearch, NothingIsFoundWhereTheLeastLoses) {
  Planted planted{[](double) { return TrialVerdict::kLost; }};
  const SearchResult found = planted.search({});
  EXPECT_FALSE(found.best_pps.has_value());
  EXPECT_EQ(found.limit, TrialVerdict::kLost);
  EXPECT_EQ(found.trials, 2);
}

TEST(RateSearch, ASenderThatFallsShortIsToldFromLoss) {
  Planted planted{
      [](double pps) { return pps > 3e6 ? TrialVerdict::kSenderShort : TrialVerdict::kPassed; }};
  const SearchResult found = planted.search({});
  ASSERT_TRUE(found.best_pps.has_value());
  EXPECT_NEAR(*found.best_pps, 3e6, 1e5);
  EXPECT_EQ(found.limit, TrialVerdict::kSenderShort);
}

TEST(RateSearch, ASenderThatWasHeldUpOnceTriesAgain) {
  int trials = 0;
  Planted planted{[&](double pps) {
    return ++trials % 2 == 0 ? TrialVerdict::kSenderShort : lost_above(3e6, pps);
  }};
  const SearchResult found = planted.search({});
  ASSERT_TRUE(found.best_pps.has_value());
  EXPECT_NEAR(*found.best_pps, 3e6, 1e5);
  EXPECT_EQ(found.limit, TrialVerdict::kLost);
}

TEST(RateSearch, ABrokenTrialEndsIt) {
  Planted planted{[](double pps) {
    return pps > 4e6   ? TrialVerdict::kLost
           : pps > 2e6 ? TrialVerdict::kBroken
                       : TrialVerdict::kPassed;
  }};
  const SearchResult found = planted.search({});
  EXPECT_FALSE(found.best_pps.has_value());
  EXPECT_EQ(found.limit, TrialVerdict::kBroken);
  EXPECT_EQ(planted.asked.size(), 4U);  // 10, 0.01, 5, 2.5 million
}

// The first look at any rate between 2 and 5 million is luck.
TEST(RateSearch, ARateThatDoesNotHoldTwiceIsNotFound) {
  std::vector<double> lucky;
  Planted planted{[&](double pps) {
    if (pps <= 2e6) return TrialVerdict::kPassed;
    if (pps > 5e6) return TrialVerdict::kLost;
    if (std::find(lucky.begin(), lucky.end(), pps) != lucky.end()) return TrialVerdict::kLost;
    lucky.push_back(pps);
    return TrialVerdict::kPassed;
  }};
  const SearchResult found = planted.search({.resolution = 0.1, .trials_max = 1'000});
  ASSERT_TRUE(found.best_pps.has_value());
  EXPECT_LE(*found.best_pps, 2e6);
  EXPECT_GE(*found.best_pps, 1.5e6);
}

// A host that now and then loses at any rate: it ends, and what it finds did pass twice.
TEST(RateSearch, NoiseEndsWithinTheTrials) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Planted planted{[&](double pps) {
      if (random() % 5 == 0) return TrialVerdict::kLost;
      return lost_above(3e6, pps);
    }};
    const SearchOptions options{.trials_max = 40};
    const SearchResult found = planted.search(options);
    EXPECT_LE(found.trials, options.trials_max + 1);
    if (!found.best_pps) continue;
    EXPECT_LE(*found.best_pps, 3e6);
    EXPECT_GE(std::count(planted.asked.begin(), planted.asked.end(), *found.best_pps), 2);
  }
}

}  // namespace
}  // namespace tapdeck::load
