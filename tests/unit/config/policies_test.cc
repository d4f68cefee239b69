#include "config/policies.h"

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

TEST(Policies, EveryCallIsRecordedWhereNothingIsSaid) {
  const Policies policies;
  EXPECT_EQ(policies.fallback.record, RecordChoice::kAudioVideo);
  EXPECT_EQ(policies.fallback.log, LogDetail::kFull);
  EXPECT_EQ(policies.fallback.retention_class, 0);
  EXPECT_EQ(policies.fallback.sample_ppm, kSampleAll);
  EXPECT_TRUE(policies.fallback.mask_dtmf);
  EXPECT_FALSE(policies.fallback.pause.any());
}

TEST(Policies, WordsStandInTheOrderOfTheirEnumerators) {
  const auto word = [](auto choice) { return words_of(choice)[static_cast<std::size_t>(choice)]; };
  EXPECT_EQ(word(RecordChoice::kNone), "none");
  EXPECT_EQ(word(RecordChoice::kAudio), "audio");
  EXPECT_EQ(word(RecordChoice::kAudioVideo), "audio+video");
  EXPECT_EQ(word(LogDetail::kMasked), "masked");
  EXPECT_EQ(word(DiscardKeep::kKeep), "keep");
  EXPECT_EQ(name_of(NumberKey::kDiverted), "diverted");
  EXPECT_EQ(name_of(TextKey::kClient), "client");
}

TEST(Policies, AnyKeyMakesABlockOfSomething) {
  EXPECT_TRUE(MatchBlock{}.empty());
  MatchBlock block;
  block.numbers[4].emplace_back();
  EXPECT_FALSE(block.empty());
  block = {};
  block.texts[0].emplace_back("a");
  EXPECT_FALSE(block.empty());
  block = {};
  block.headers.emplace_back();
  EXPECT_FALSE(block.empty());
  block = {};
  block.times.emplace_back();
  EXPECT_FALSE(block.empty());
}

}  // namespace
}  // namespace tapdeck::config
