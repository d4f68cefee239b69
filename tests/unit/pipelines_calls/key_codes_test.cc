// Codes that are keyed in to pause a recording.
#include "pipelines/calls/key_codes.h"

#include <optional>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

StreamReport key(char name, std::uint16_t from_port = 4'000) {
  StreamReport report;
  report.kind = StreamReportKind::kKey;
  report.key = static_cast<std::uint8_t>(std::string_view("0123456789*#ABCD").find(name));
  report.source.port = from_port;
  return report;
}

config::PauseTriggers triggers(std::string pause = "*7", std::string resume = "*8") {
  config::PauseTriggers triggers;
  triggers.dtmf_pause = std::move(pause);
  triggers.dtmf_resume = std::move(resume);
  triggers.limit_s = 30;
  return triggers;
}

TEST(KeyCodes, TheLastKeyOfACodeGivesItsOrder) {
  KeyCodes codes;
  EXPECT_FALSE(codes.hear(key('1'), triggers(), false));
  EXPECT_FALSE(codes.hear(key('*'), triggers(), false));
  EXPECT_EQ(codes.hear(key('7'), triggers(), false), (PauseTrigger{false, 30'000'000'000}));
  EXPECT_FALSE(codes.hear(key('7'), triggers(), true));
  EXPECT_FALSE(codes.hear(key('*'), triggers(), true));
  const auto resumed = codes.hear(key('8'), triggers(), true);
  ASSERT_TRUE(resumed);
  EXPECT_TRUE(resumed->resume);
}

TEST(KeyCodes, APausedRecordingIsNotPausedAgainNorTheOtherWayRound) {
  KeyCodes codes;
  static_cast<void>(codes.hear(key('*'), triggers(), true));
  EXPECT_FALSE(codes.hear(key('7'), triggers(), true));
  static_cast<void>(codes.hear(key('*'), triggers(), false));
  EXPECT_FALSE(codes.hear(key('8'), triggers(), false));
}

TEST(KeyCodes, KeysOfTwoStreamsMakeNoCodeTogether) {
  KeyCodes codes;
  EXPECT_FALSE(codes.hear(key('*', 4'000), triggers(), false));
  EXPECT_FALSE(codes.hear(key('7', 5'000), triggers(), false));
  EXPECT_TRUE(codes.hear(key('7', 4'000), triggers(), false));
}

TEST(KeyCodes, ACodeMayBeAsLongAsTheyGet) {
  KeyCodes codes;
  std::optional<PauseTrigger> last;
  for (const char name : std::string_view("990123456#")) {
    last = codes.hear(key(name), triggers("0123456#"), false);
  }
  EXPECT_TRUE(last);
}

TEST(KeyCodes, WithoutACodeNothingIsHeard) {
  KeyCodes codes;
  EXPECT_FALSE(codes.hear(key('7'), triggers(""), false));
}

TEST(KeyCodes, StreamsBeyondTheBoundAreNotHeard) {
  KeyCodes codes;
  for (std::uint16_t i = 0; i < kKeyStreamsMax; ++i) {
    static_cast<void>(codes.hear(key('*', 1'000 + i), triggers(), false));
  }
  static_cast<void>(codes.hear(key('*', 2'000), triggers(), false));
  EXPECT_FALSE(codes.hear(key('7', 2'000), triggers(), false));
  EXPECT_TRUE(codes.hear(key('7', 1'000), triggers(), false));
}

TEST(KeyCodes, KeysOfInfosMakeACode) {
  KeyCodes codes;
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 2, "*"}, triggers(), false));
  const auto paused = codes.hear(KeyedInfo{"tag-a", 3, "7"}, triggers(), false);
  EXPECT_EQ(paused, (PauseTrigger{false, 30'000'000'000}));
  EXPECT_TRUE(codes.hear(KeyedInfo{"tag-a", 4, "*8"}, triggers(), true)) << "both in one";
}

TEST(KeyCodes, AnInfoThatIsSeenAgainCountsOnce) {
  KeyCodes codes;
  const config::PauseTriggers doubled = triggers("77", "*8");
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 2, "7"}, doubled, false));
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 2, "7"}, doubled, false));
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 1, "7"}, doubled, false)) << "late";
  EXPECT_TRUE(codes.hear(KeyedInfo{"tag-a", 3, "7"}, doubled, false));
}

TEST(KeyCodes, InfosOfTwoSidesMakeNoCodeTogetherNorWithRtp) {
  KeyCodes codes;
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 2, "*"}, triggers(), false));
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-b", 2, "7"}, triggers(), false));
  EXPECT_FALSE(codes.hear(key('7'), triggers(), false));
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 3, ""}, triggers(), false));
  EXPECT_TRUE(codes.hear(KeyedInfo{"tag-a", 4, "7"}, triggers(), false));
}

TEST(KeyCodes, SidesBeyondTheMostAreNotHeard) {
  KeyCodes codes;
  for (std::size_t i = 0; i <= kKeyStreamsMax; ++i) {
    const std::string tag = "tag-" + std::to_string(i);
    EXPECT_EQ(codes.hear(KeyedInfo{tag, 2, "*7"}, triggers(), false).has_value(),
              i < kKeyStreamsMax);
  }
}

TEST(KeyCodes, AnInfoThatAnswersAChallengeIsNotPressedAgain) {
  KeyCodes codes;
  const auto doubled = triggers("77");
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 2, "7", false}, doubled, false));
  EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 3, "7", true}, doubled, false));
  EXPECT_TRUE(codes.hear(KeyedInfo{"tag-a", 4, "7", true}, doubled, false))
      << "credentials are known by now: a key of its own";
}

TEST(KeyCodes, CredentialsAloneMakeNoAnswer) {
  for (const KeyedInfo& second : {KeyedInfo{"tag-a", 3, "7", false},
                                  KeyedInfo{"tag-a", 4, "7", true},
                                  KeyedInfo{"tag-a", 3, "77", true}}) {
    KeyCodes codes;
    EXPECT_FALSE(codes.hear(KeyedInfo{"tag-a", 2, "7", false}, triggers("77"), false));
    EXPECT_TRUE(codes.hear(second, triggers("77"), false)) << second.cseq << second.keys;
  }
}

}  // namespace
}  // namespace tapdeck::calls
