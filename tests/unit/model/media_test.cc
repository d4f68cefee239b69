#include "model/media.h"

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(StaticPayloads, AreThoseOfRfc3551) {
  EXPECT_EQ(static_payload(0).codec, "PCMU");
  EXPECT_EQ(static_payload(8).codec, "PCMA");
  EXPECT_EQ(static_payload(9).clock_rate_hz, 8'000u) << "G722's RTP clock (RFC 3551 4.5.2)";
  EXPECT_EQ(static_payload(10).channels, 2);
  EXPECT_EQ(static_payload(96).codec, "") << "dynamic";
  EXPECT_EQ(static_payload(19).codec, "CN") << "as older devices use it";
  EXPECT_EQ(static_payload(20).clock_rate_hz, 0u) << "unassigned";
}

TEST(RegisteredCodec, IsSpelledAsIanaDoes) {
  EXPECT_EQ(registered_codec("pcmu"), "PCMU");
  EXPECT_EQ(registered_codec("OPUS"), "opus");
  EXPECT_EQ(registered_codec("g729"), "G729");
  EXPECT_EQ(registered_codec("AMR-wb"), "AMR-WB");
  EXPECT_EQ(registered_codec("amr"), "AMR");
  EXPECT_EQ(registered_codec("x-Own"), "x-Own");
  EXPECT_EQ(registered_codec(""), "");
}

}  // namespace
}  // namespace tapdeck
