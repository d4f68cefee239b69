#include "pipelines/signalling/websocket.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pipelines/signalling/message.h"

namespace tapdeck::sip {
namespace {

constexpr std::string_view kSipWithoutLength = "OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n";
constexpr std::string_view kUpgradeToChatOrSip =
    "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nSec-WebSocket-Protocol: chat, sip\r\n\r\n";

TEST(Handshake, AgreesToSipOrNot) {
  struct Case {
    std::string text;
    HandshakeVerdict verdict;
  };

  const Case cases[] = {
      {std::string(kUpgradeToChatOrSip) + "frames", HandshakeVerdict::kSip},
      {"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nsec-websocket-protocol:sip\r\n\r\n",
       HandshakeVerdict::kSip},
      {std::string(kUpgradeToChatOrSip.substr(0, 30)), HandshakeVerdict::kNeedMore},
      {"GE", HandshakeVerdict::kNeedMore},
      {"HTTP/1.1 1", HandshakeVerdict::kNeedMore},
      {"HTTP/1.1 403 No\r\n\r\n", HandshakeVerdict::kOther},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", HandshakeVerdict::kOther},
      {"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sipper\r\n\r\n",
       HandshakeVerdict::kOther},
      {"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: sip\r\n\r\n", HandshakeVerdict::kOther},
      {"GET " + std::string(20'000, 'x'), HandshakeVerdict::kOther},
      {"INVITE sip:a SIP/2.0\r\n", HandshakeVerdict::kOther},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(read_handshake(one.text).verdict, one.verdict) << one.text.substr(0, 100);
  }
  EXPECT_EQ(read_handshake(std::string(kUpgradeToChatOrSip) + "frames").length,
            kUpgradeToChatOrSip.size());
}

// A frame; `first` is its first byte.
std::string frame(int first, std::string_view payload, bool masked = true) {
  std::string out(1, static_cast<char>(first));
  const int bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(bit | static_cast<int>(payload.size()));
  } else if (payload.size() < 65'536) {
    out += static_cast<char>(bit | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size());
  } else {
    out += static_cast<char>(bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  constexpr std::string_view kMask = "\x01\x80\x7f\xfe";
  if (masked) out += kMask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out += static_cast<char>(masked ? payload[i] ^ kMask[i % 4] : payload[i]);
  }
  return out;
}

// Items as letters: Message, Fragment, Control, (Z) compressed, too Long, passed Over, Bad.
std::string items_of(std::string text, std::vector<std::string>* messages = nullptr) {
  std::string items;
  WebSocketReader reader;
  std::string_view rest = text;
  while (true) {
    const WebSocketStep step = reader.next(as_bytes(rest));
    if (step.item == WebSocketItem::kNeedMore) return items;
    items += ".MFCZLOB"[static_cast<int>(step.item)];
    if (step.item == WebSocketItem::kMessage && messages != nullptr) {
      messages->emplace_back(reader.message());
    }
    if (step.item == WebSocketItem::kBad) return items;
    rest.remove_prefix(step.length);
  }
}

TEST(WebSocketReader, PutsMessagesTogether) {
  const std::string middle(300, 'm');
  const std::string huge(70'000, 'h');

  struct Case {
    std::string text;
    std::string items;
    std::vector<std::string> messages;
  };

  const Case cases[] = {
      {frame(0x81, "one") + frame(0x82, "two", false), "MM", {"one", "two"}},
      {frame(0x81, middle), "M", {middle}},
      {frame(0x01, "a") + frame(0x89, "ping") + frame(0x00, "b") + frame(0x80, "c"),
       "FCFM",
       {"abc"}},
      {frame(0x80, "lost begin") + frame(0x81, "x"), "OOM", {"x"}},
      {frame(0x00, "lost") + frame(0x80, "still") + frame(0x81, "x"), "OOOOM", {"x"}},
      {frame(0x01, "rest is lost") + frame(0x81, "x"), "FM", {"x"}},
      {frame(0xc1, "zipped") + frame(0x81, "x"), "ZOM", {"x"}},
      {frame(0x41, "zipped") + frame(0x80, "more") + frame(0x81, "x"), "ZOOOM", {"x"}},
      {frame(0x81, huge) + frame(0x81, "x"), "LOM", {"x"}},
      {frame(0x01, std::string(60'000, 'a')) + frame(0x80, std::string(6'000, 'b')) +
           frame(0x81, "x"),
       "FLOM",
       {"x"}},
      {frame(0x88, ""), "C", {}},
      {frame(0x81, ""), "M", {""}},
      {frame(0x83, "reserved"), "B", {}},
      {frame(0x91, "rsv"), "B", {}},
      {frame(0x09, "ping in parts"), "B", {}},
      {frame(0x89, middle), "B", {}},
      {frame(0x81, "cut").substr(0, 7), "", {}},
      {"\x81", "", {}},
      {std::string("\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0", 14), "B", {}},
      {std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14), "L", {}},
  };
  for (const Case& one : cases) {
    std::vector<std::string> messages;
    EXPECT_EQ(items_of(one.text, &messages), one.items) << one.text.substr(0, 40);
    EXPECT_EQ(messages, one.messages) << one.text.substr(0, 40);
  }
}

TEST(WebSocketReader, BytesOneByOneGiveTheSame) {
  const std::string text =
      frame(0x01, "a") + frame(0x89, "p") + frame(0x80, kSipWithoutLength, false);
  WebSocketReader reader;
  std::string buffered;
  std::string items;
  for (const char c : text) {
    buffered += c;
    const WebSocketStep step = reader.next(as_bytes(buffered));
    if (step.item == WebSocketItem::kNeedMore) continue;
    items += ".MFCZLOB"[static_cast<int>(step.item)];
    buffered.erase(0, step.length);
  }
  EXPECT_EQ(items, "FCM");
  EXPECT_EQ(reader.message(), "a" + std::string(kSipWithoutLength));
}

TEST(BeginsSipFrame, KnowsAFrameByTheMessageInIt) {
  EXPECT_TRUE(begins_sip_frame(as_bytes(frame(0x81, kSipWithoutLength))));
  EXPECT_TRUE(begins_sip_frame(as_bytes(frame(0x82, kSipWithoutLength, false))));
  EXPECT_TRUE(begins_sip_frame(as_bytes(frame(0x81, kSipWithoutLength).substr(0, 30)))) << "cut";
  EXPECT_FALSE(begins_sip_frame(as_bytes(frame(0x80, kSipWithoutLength))))
      << "the end of a message";
  EXPECT_FALSE(begins_sip_frame(as_bytes(frame(0xc1, kSipWithoutLength)))) << "compressed";
  EXPECT_FALSE(begins_sip_frame(as_bytes(frame(0x81, "{\"a\": 1}"))));
  EXPECT_FALSE(begins_sip_frame(as_bytes(kSipWithoutLength)));
  EXPECT_FALSE(begins_sip_frame({}));
}

}  // namespace
}  // namespace tapdeck::sip
