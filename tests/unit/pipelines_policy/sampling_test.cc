#include "pipelines/policy/sampling.h"

#include <array>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

namespace tapdeck::policy {
namespace {

// The example of the paper's appendix A.
TEST(Sampling, TheHashIsSipHash) {
  std::array<std::uint8_t, 15> bytes{};
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const SampleKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  EXPECT_EQ(siphash(bytes, key), 0xa129ca6149be45e5ULL);
}

double share_of(std::uint32_t ppm, const SampleKey& key) {
  int sampled = 0;
  for (int i = 0; i < 20'000; ++i) sampled += is_sampled("call-" + std::to_string(i), key, ppm);
  return sampled / 20'000.0;
}

TEST(Sampling, TakesItsShare) {
  const SampleKey key = sample_key_of("k");
  EXPECT_EQ(share_of(0, key), 0);
  EXPECT_EQ(share_of(1'000'000, key), 1);
  EXPECT_NEAR(share_of(100'000, key), 0.1, 0.01);
  EXPECT_NEAR(share_of(500'000, key), 0.5, 0.02);
}

TEST(Sampling, IsTheSameAgainAndAnotherUnderAnotherKey) {
  const SampleKey one = sample_key_of("one");
  const SampleKey other = sample_key_of("other");
  int differ = 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = std::to_string(i) + "@host";
    EXPECT_EQ(is_sampled(id, one, 500'000), is_sampled(id, sample_key_of("one"), 500'000));
    differ += is_sampled(id, one, 500'000) != is_sampled(id, other, 500'000);
    // Who raises the share loses none of the calls that were in it.
    EXPECT_TRUE(!is_sampled(id, one, 100'000) || is_sampled(id, one, 200'000));
  }
  EXPECT_GT(differ, 400);
}

}  // namespace
}  // namespace tapdeck::policy
