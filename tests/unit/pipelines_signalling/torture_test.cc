// Valid messages of RFC 4475, read from TAPDECK_CORPUS/torture/valid, must be accepted unrepaired.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "pipelines/signalling/body.h"
#include "pipelines/signalling/sdp.h"

namespace tapdeck::sip {
namespace {

TEST(Torture, ValidMessagesAreAccepted) {
  const char* corpus = std::getenv("TAPDECK_CORPUS");
  if (corpus == nullptr) GTEST_SKIP() << "TAPDECK_CORPUS is not set: no torture messages";
  static Sdp sdp;
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(corpus) / "torture" / "valid")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    Message message;
    const ParseVerdict verdict = parse(as_bytes(text), message);
    EXPECT_EQ(verdict_name(verdict), "ok") << entry.path();
    EXPECT_TRUE(message.from()) << entry.path();
    EXPECT_TRUE(message.to()) << entry.path();
    EXPECT_TRUE(message.top_via()) << entry.path();
    const BodySdp body = find_sdp(message);
    if (!body.text.empty()) {
      EXPECT_TRUE(is_accepted(parse_sdp(body.text, sdp))) << entry.path();
    }
    ++count;
  }
  EXPECT_GT(count, 20);
}

}  // namespace
}  // namespace tapdeck::sip
