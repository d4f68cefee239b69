#include "control/ladder.h"

#include <algorithm>

#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

storage::MessageRecord answer(std::int64_t time_us, std::string bytes) {
  storage::MessageRecord message = testing::make_message(time_us, std::move(bytes));
  std::swap(message.source, message.destination);
  return message;
}

TEST(Ladder, DrawsArrowsInTheOrderOfTime) {
  const auto lines =
      lines_of(render_ladder({answer(1'500'000, "SIP/2.0 200 OK\r\nVia: x\r\n"),
                              testing::make_message(1'000'000, "INVITE sip:b SIP/2.0\r\n\r\n")},
                             {},
                             1'000'000));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_NE(lines[0].find("192.0.2.1:5060"), std::string::npos);
  EXPECT_NE(lines[1].find("+0.000"), std::string::npos);
  EXPECT_NE(lines[1].find("INVITE sip:b SIP/2.0"), std::string::npos);
  EXPECT_NE(lines[2].find("+0.500"), std::string::npos);
  EXPECT_NE(lines[2].find("SIP/2.0 200 OK"), std::string::npos);
  EXPECT_EQ(lines[2].find("Via"), std::string::npos);
  const bool first_points_right = lines[1].find('>') != std::string::npos;
  const bool second_points_right = lines[2].find('>') != std::string::npos;
  EXPECT_NE(first_points_right, second_points_right) << lines[1] << "\n" << lines[2];
}

TEST(Ladder, ShowsMediaWhereItBegan) {
  const auto lines =
      lines_of(render_ladder({testing::make_message(1'700'000'003'000'000, "BYE sip:b SIP/2.0")},
                             {tapdeck::testing::sample_media()},
                             1'700'000'000'000'000));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_NE(lines[1].find("192.0.2.1:4000 => 192.0.2.2:5000"), std::string::npos) << lines[1];
  EXPECT_NE(lines[1].find("audio PCMA, 907 packets, -2 lost"), std::string::npos) << lines[1];
  EXPECT_NE(lines[2].find("BYE"), std::string::npos);
}

std::string shown(SignalTransport transport, const std::string& bytes) {
  storage::MessageRecord message = testing::make_message(0, bytes);
  message.transport = transport;
  const std::string line = lines_of(render_ladder({message}, {}, 0)).back();
  return line.substr(12, line.find(' ', 12) - 12);
}

TEST(Ladder, SaysByWhichTransportAMessageCame) {
  const std::string clear = "BYE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z\r\n";
  const std::string odd = "BYE sip:b SIP/2.0\r\nTo: <sip:b>\r\nv : SIP / 2.0 / tls a;x=/y\r\n";
  const std::string wss = "SIP/2.0 200 OK\r\nVIA: SIP/2.0/WSS a\r\nVia: SIP/2.0/UDP b\r\n";
  EXPECT_EQ(shown(SignalTransport::kUdp, clear), "UDP");
  EXPECT_EQ(shown(SignalTransport::kTcp, clear), "TCP");
  EXPECT_EQ(shown(SignalTransport::kWebSocket, wss), "WS") << "it was not encrypted here";
  EXPECT_EQ(shown(SignalTransport::kHep, clear), "HEP");
  EXPECT_EQ(shown(SignalTransport::kHep, odd), "HEP/TLS");
  EXPECT_EQ(shown(SignalTransport::kHep, wss), "HEP/WSS");
  EXPECT_EQ(shown(SignalTransport::kHep, "BYE sip:b SIP/2.0\r\nVia:"), "HEP");
  EXPECT_EQ(shown(SignalTransport::kHep, ""), "HEP");
}

TEST(Ladder, ManyAddressesAndNoMessagesAreBothDrawn) {
  EXPECT_TRUE(render_ladder({}, {}, 0).empty());
  std::vector<storage::MessageRecord> messages;
  for (std::uint32_t i = 0; i < 20; ++i) {
    messages.push_back(testing::make_message(i, "OPTIONS sip:x SIP/2.0"));
    messages.back().source.ip = make_ipv4(0xc0000300U + i);
  }
  const auto lines = lines_of(render_ladder(messages, {}, 0));
  ASSERT_EQ(lines.size(), 21U);
  EXPECT_NE(lines[20].find("192.0.3.19:5060 -> 192.0.2.2:5060"), std::string::npos) << lines[20];
}

TEST(Ladder, TitlesAreCutAndPrintable) {
  EXPECT_EQ(message_title(testing::make_message(0, "abcdef\nx"), 4), "abcd...");
  EXPECT_EQ(message_title(testing::make_message(0, ""), 4), "");
  const std::string title = message_title(testing::make_message(0, "a\x1b[2Jb"), 60);
  EXPECT_EQ(title.find('\x1b'), std::string::npos) << "a message must not drive the terminal";
}

TEST(Ladder, LegsAreNamedAndInOrderOfTime) {
  const std::vector<storage::MessageRecord> first = {answer(1'000'000, "INVITE sip:a SIP/2.0"),
                                                     answer(3'000'000, "BYE sip:a SIP/2.0")};
  const std::vector<storage::MessageRecord> second = {answer(2'000'000, "INVITE sip:b SIP/2.0")};
  const std::vector<MediaRecord> none;
  const auto lines = lines_of(
      render_ladder({LadderLeg{"L1", first, none}, LadderLeg{"L10", second, none}}, 1'000'000));
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_NE(lines[1].find("+0.000 UDP     L1 "), std::string::npos) << lines[1];
  EXPECT_NE(lines[2].find("+1.000 UDP     L10 "), std::string::npos) << lines[2];
  EXPECT_NE(lines[3].find("+2.000 UDP     L1 "), std::string::npos) << lines[3];
}

}  // namespace
}  // namespace tapdeck::control
