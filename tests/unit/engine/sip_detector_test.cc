#include "engine/sip_detector.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace tapdeck::engine {
namespace {

const SipDetector& detector() {
  static const SipDetector one = [] {
    Result<SipDetector> created = SipDetector::create();
    EXPECT_TRUE(created.has_value());
    return std::move(*created);
  }();
  return one;
}

TEST(SipDetector, KnowsSignallingByItsFirstBytes) {
  struct Case {
    std::string bytes;
    Signalling kind;
  };

  const Case cases[] = {
      {"INVITE sip:bob@example.com SIP/2.0\r\nVia: x\r\n", Signalling::kSip},
      {"invite sip:bob@example.com SIP/2.0\nVia: x\n", Signalling::kSip},
      {"X-NEW.METHOD tel:+1 SIP/2.0\r\n", Signalling::kSip},
      {"SIP/2.0 200 OK\r\n", Signalling::kSip},
      {"SIP/2.0 100 Trying", Signalling::kSip},
      {"OPTIONS sips:" + std::string(5'000, 'x'), Signalling::kSip},
      {"HEP3\x01", Signalling::kHep},
      {"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n",
       Signalling::kWebSocket},
      {"GET / HTTP/1.1\r\nsec-websocket-protocol: chat, SIP\r\n", Signalling::kWebSocket},
      {"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: sip\r\n",
       Signalling::kWebSocket},
      {"", Signalling::kOther},
      {"INVITE", Signalling::kOther},
      {"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n", Signalling::kOther},
      {"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: mqtt\r\n", Signalling::kOther},
      {"GET / HTTP/1.1\r\nX: sec-websocket-protocol: sip\r\n", Signalling::kOther},
      {"NOTIFY * HTTP/1.1\r\nHOST: x\r\n", Signalling::kOther},
      {"OPTIONS rtsp://x RTSP/1.0\r\n", Signalling::kOther},
      {"SIP/2.0 OK\r\n", Signalling::kOther},
      {" INVITE sip:b SIP/2.0\r\n", Signalling::kOther},
      {"text\r\nINVITE sip:b SIP/2.0\r\n", Signalling::kOther},
      {"a b\r\nc SIP/2.0\r\n", Signalling::kOther},
      {"HEP2", Signalling::kOther},
      {std::string(100, '\x80'), Signalling::kOther},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(detector().find(as_bytes(one.bytes)), one.kind) << one.bytes.substr(0, 80);
    if (one.bytes.size() < 8) continue;
    EXPECT_EQ(detector().find_in_stream(as_bytes(one.bytes)), one.kind) << one.bytes.substr(0, 80);
  }
}

TEST(SipDetector, KnowsFramesOfAWebSocket) {
  const std::string sip = "OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n";
  std::string masked("\x81\x80mask", 6);
  for (std::size_t i = 0; i < sip.size(); ++i) {
    masked += static_cast<char>(sip[i] ^ masked[2 + i % 4]);
  }
  const std::string plain = "\x82\x7e" + std::string(2, '\1') + sip;
  EXPECT_EQ(detector().find_in_stream(as_bytes(masked)), Signalling::kWebSocket);
  EXPECT_EQ(detector().find_in_stream(as_bytes(plain)), Signalling::kWebSocket);
  EXPECT_EQ(detector().find_in_stream(as_bytes("\x81\x0a{\"a\": 1}  ")), Signalling::kOther);
  EXPECT_EQ(detector().find(as_bytes(plain)), Signalling::kOther) << "of UDP";
  for (std::size_t size = 0; size < 18; ++size) {
    EXPECT_EQ(detector().find_in_stream(as_bytes(masked.substr(0, size))), Signalling::kOther);
  }
}

}  // namespace
}  // namespace tapdeck::engine
