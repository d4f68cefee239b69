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
    SignalKind kind;
  };

  const Case cases[] = {
      {"INVITE sip:bob@example.com SIP/2.0\r\nVia: x\r\n", SignalKind::kSip},
      {"invite sip:bob@example.com SIP/2.0\nVia: x\n", SignalKind::kSip},
      {"X-NEW.METHOD tel:+1 SIP/2.0\r\n", SignalKind::kSip},
      {"SIP/2.0 200 OK\r\n", SignalKind::kSip},
      {"SIP/2.0 100 Trying", SignalKind::kSip},
      {"OPTIONS sips:" + std::string(5'000, 'x'), SignalKind::kSip},
      {"HEP3\x01", SignalKind::kHep},
      {"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n",
       SignalKind::kWebSocket},
      {"GET / HTTP/1.1\r\nsec-websocket-protocol: chat, SIP\r\n", SignalKind::kWebSocket},
      {"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: sip\r\n",
       SignalKind::kWebSocket},
      {"", SignalKind::kOther},
      {"INVITE", SignalKind::kOther},
      {"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n", SignalKind::kOther},
      {"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: mqtt\r\n", SignalKind::kOther},
      {"GET / HTTP/1.1\r\nX: sec-websocket-protocol: sip\r\n", SignalKind::kOther},
      {"NOTIFY * HTTP/1.1\r\nHOST: x\r\n", SignalKind::kOther},
      {"OPTIONS rtsp://x RTSP/1.0\r\n", SignalKind::kOther},
      {"SIP/2.0 OK\r\n", SignalKind::kOther},
      {" INVITE sip:b SIP/2.0\r\n", SignalKind::kOther},
      {"text\r\nINVITE sip:b SIP/2.0\r\n", SignalKind::kOther},
      {"a b\r\nc SIP/2.0\r\n", SignalKind::kOther},
      {"HEP2", SignalKind::kOther},
      {std::string(100, '\x80'), SignalKind::kOther},
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
  EXPECT_EQ(detector().find_in_stream(as_bytes(masked)), SignalKind::kWebSocket);
  EXPECT_EQ(detector().find_in_stream(as_bytes(plain)), SignalKind::kWebSocket);
  EXPECT_EQ(detector().find_in_stream(as_bytes("\x81\x0a{\"a\": 1}  ")), SignalKind::kOther);
  EXPECT_EQ(detector().find(as_bytes(plain)), SignalKind::kOther) << "of UDP";
  for (std::size_t size = 0; size < 18; ++size) {
    EXPECT_EQ(detector().find_in_stream(as_bytes(masked.substr(0, size))), SignalKind::kOther);
  }
}

}  // namespace
}  // namespace tapdeck::engine
