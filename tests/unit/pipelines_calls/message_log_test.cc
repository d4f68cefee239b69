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

std::string info(const std::string& type, const std::string& body) {
  std::string text = Sip{.method = "INFO", .cseq = 2, .to_tag = "bob"}.text();
  text.resize(text.find("Content-Length"));
  return text + "Content-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string kept_info(const CallPlaneOptions& options, const std::string& text) {
  Scenario play(options);
  play.establish();
  play.pass_bytes(4, text);
  play.finish(5);
  for (const storage::MessageRecord& record : play.kept()) {
    if (record.bytes.starts_with("INFO")) return record.bytes;
  }
  return {};
}

TEST(MessageLog, KeptMessagesTellNoDigitsUnlessTheyMay) {
  const std::string text = info("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n");
  EXPECT_EQ(kept_info({}, text), info("application/dtmf-relay", "Signal=x\r\nDuration=160\r\n"));
  CallPlaneOptions options;
  options.mask_dtmf = false;
  EXPECT_EQ(kept_info(options, text), text);
}

TEST(MessageLog, MoreMessagesThanAreKeptAreCounted) {
  Scenario play;
  play.establish();
  for (std::size_t i = 0; i < kMessagesMax; ++i) {
    play.from_caller(4, {.method = "INFO", .cseq = static_cast<int>(i) + 2, .to_tag = "bob"});
  }
  play.finish(5);
  EXPECT_GE(play.rejected("message_not_kept"), 4U);
  EXPECT_EQ(play.kept().size() + play.rejected("message_not_kept"), kMessagesMax + 4);
}

}  // namespace
}  // namespace tapdeck::calls
