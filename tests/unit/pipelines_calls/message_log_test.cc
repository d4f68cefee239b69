// What is kept of messages.
#include "pipelines/calls/message_log.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {
namespace {

TEST(MessageLog, KeptMessagesHaveNoKeys) {
  Scenario play;
  const Line line{.attributes = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0c2VjcmV0\r\n",
                  .proto = "RTP/SAVP"};
  play.from_caller(0, {.sdp = sdp({line})});
  play.finish(1);
  ASSERT_EQ(play.kept().size(), 1U);
  EXPECT_EQ(play.kept()[0].bytes.find("c2VjcmV0"), std::string::npos);
}

}  // namespace
}  // namespace tapdeck::calls
