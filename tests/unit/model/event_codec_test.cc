#include "model/event_codec.h"

#include <gtest/gtest.h>

#include "tests/support/sample_event.h"

namespace tapdeck {
namespace {

TEST(EventCodec, AnEventComesBackAsItWas) {
  const EventRecord event = testing::sample_event();
  const std::string bytes = encode_event(event);
  const auto back = decode_event(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(encode_event(*back), bytes);
  EXPECT_EQ(back->from.name, event.from.name);
  EXPECT_EQ(back->source, event.source);
  EXPECT_EQ(back->destination, event.destination);
  EXPECT_EQ(back->kept_until_us, event.kept_until_us);
  EXPECT_EQ(back->transport, event.transport);
}

TEST(EventCodec, WhatIsAbsentStaysAbsent) {
  const auto back = decode_event(encode_event(EventRecord{}));
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->status_code);
  EXPECT_FALSE(back->answered_us);
  EXPECT_FALSE(back->expires_s);
  EXPECT_FALSE(back->vlan);
  EXPECT_FALSE(back->kept_until_us);
}

TEST(EventCodec, BadBytesGiveNothing) {
  const std::string bytes = encode_event(testing::sample_event());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = decode_event(std::string_view(bytes).substr(0, size));
    if (cut) {
      EXPECT_LT(encode_event(*cut).size(), bytes.size());
    }
  }
  EXPECT_FALSE(decode_event(""));
  EXPECT_FALSE(decode_event("nonsense"));
}

}  // namespace
}  // namespace tapdeck
