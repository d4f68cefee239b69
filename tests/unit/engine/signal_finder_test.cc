#include "engine/signal_finder.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "model/signal.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

constexpr std::string_view kSip = "OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n";

class Finder {
 public:
  Finder() {
    finder_.add_port(5060);
    finder_.add_tls_port(5061);
  }

  static Decoded packet(std::uint16_t from, std::uint16_t to, std::string_view bytes) {
    Decoded packet;
    packet.source = *parse_endpoint("192.0.2.1:" + std::to_string(from));
    packet.destination = *parse_endpoint("192.0.2.1:" + std::to_string(to));
    packet.payload = as_bytes(bytes);
    packet.payload_length = static_cast<std::uint32_t>(bytes.size());
    return packet;
  }

  PayloadKind udp(std::string_view bytes, std::uint16_t port = 40'000) {
    Decoded one = packet(30'000, port, bytes);
    one.is_udp = true;
    return finder_.classify(one);
  }

  bool tcp(std::uint16_t from, std::uint16_t to, std::string_view bytes, int flags = kTcpAck) {
    Decoded one = packet(from, to, bytes);
    one.is_tcp = true;
    one.tcp_flags = static_cast<std::uint8_t>(flags);
    return finder_.takes(one, 0, ++time_ns_);
  }

  Eal& eal_ = test_eal();  // an Arena asks it for memory
  Arena arena_{-1};
  // Not on the stack, its sets of ports are large.
  std::unique_ptr<SignalFinder> owned_ =
      std::make_unique<SignalFinder>(std::move(*SipDetector::create()), arena_, 1);
  SignalFinder& finder_ = *owned_;
  std::int64_t time_ns_ = 0;
};

TEST(SignalFinder, TlsIsNotTakenForSipOverTcp) {
  Finder finder;
  const auto class_of = [&finder](std::uint16_t port, std::string_view bytes) {
    Decoded segment = Finder::packet(30'000, port, bytes);
    segment.packet_class = PacketClass::kTcp;
    return finder.finder_.classify_stream(segment);
  };
  EXPECT_EQ(class_of(5060, kSip), PacketClass::kTcp);
  EXPECT_EQ(class_of(5060, {"\x16\x03\x01\x02\x00\x01", 6}), PacketClass::kEncryptedSignalling);
  EXPECT_EQ(class_of(5061, kSip), PacketClass::kEncryptedSignalling);
  EXPECT_EQ(class_of(443, {"\x16\x03\x01\x02\x00\x01", 6}), PacketClass::kTcp);
}

TEST(SignalFinder, SipAndHepAreFoundOnAnyUdpPort) {
  Finder finder;
  EXPECT_EQ(finder.udp(kSip), PayloadKind::kSip);
  EXPECT_EQ(finder.udp("HEP3...."), PayloadKind::kHep);
  EXPECT_EQ(finder.udp("HEP3....", 5060), PayloadKind::kHep);
  EXPECT_EQ(finder.udp("HELLO", 5060), PayloadKind::kSip) << "the call plane says what is wrong";
  EXPECT_EQ(finder.udp("HELLO"), PayloadKind::kOther);
  EXPECT_EQ(finder.udp("GET / HTTP/1.1\r\nSec-WebSocket-Protocol: sip\r\n"), PayloadKind::kOther);
  EXPECT_EQ(finder.udp("\r\n\r\n", 5060), PayloadKind::kSipKeepalive);
  EXPECT_EQ(finder.udp(""), PayloadKind::kOther);
}

TEST(SignalFinder, AllSegmentsOnASipPortThatSaySomethingAreTaken) {
  Finder finder;
  EXPECT_TRUE(finder.tcp(5060, 1, "middle of a message"));
  EXPECT_TRUE(finder.tcp(1, 5060, "x"));
  EXPECT_TRUE(finder.tcp(1, 5060, "", kTcpSyn));
  EXPECT_TRUE(finder.tcp(1, 5060, "", kTcpFin | kTcpAck));
  EXPECT_TRUE(finder.tcp(1, 5060, "", kTcpRst));
  EXPECT_FALSE(finder.tcp(1, 5060, ""));
}

TEST(SignalFinder, AConnectionIsKnownFromItsFirstMessageOnInBothDirections) {
  Finder finder;
  EXPECT_FALSE(finder.tcp(1, 2, "", kTcpSyn));
  EXPECT_FALSE(finder.tcp(1, 2, "something"));
  EXPECT_TRUE(finder.tcp(1, 2, kSip));
  EXPECT_TRUE(finder.tcp(1, 2, "rest of it"));
  EXPECT_TRUE(finder.tcp(2, 1, "answer"));
  EXPECT_FALSE(finder.tcp(2, 1, ""));
  EXPECT_FALSE(finder.tcp(1, 3, "other port"));
  EXPECT_TRUE(finder.tcp(2, 1, "", kTcpFin | kTcpAck));
  EXPECT_TRUE(finder.tcp(1, 2, "", kTcpSyn)) << "tells that the connection is over";
  EXPECT_FALSE(finder.tcp(1, 2, "the next one")) << "on the same ports";
  EXPECT_TRUE(finder.tcp(1, 2, kSip));
  EXPECT_TRUE(finder.tcp(1, 2, "", kTcpRst));
  EXPECT_TRUE(finder.tcp(1, 2, "more")) << "the RST may be forged";
}

TEST(TcpFlows, TheLongestSilentMakesRoom) {
  test_eal();
  Arena arena(-1);
  TcpFlows flows(arena, 4, 1);
  const Endpoint server = *parse_endpoint("192.0.2.1:5070");
  const auto client = [](unsigned i) {
    return *parse_endpoint("192.0.2.2:" + std::to_string(1'000 + i));
  };
  for (unsigned i = 0; i < 4; ++i) flows.add({client(i), server}, i);
  EXPECT_EQ(flows.count(), 4U);
  EXPECT_TRUE(flows.contains({server, client(0)}, 10));
  flows.add({client(9), server}, 11);
  EXPECT_EQ(flows.count(), 4U);
  EXPECT_TRUE(flows.contains({client(0), server}, 12));
  EXPECT_FALSE(flows.contains({client(1), server}, 12));
  EXPECT_TRUE(flows.contains({client(9), server}, 12));
  flows.remove({client(9), server});
  EXPECT_EQ(flows.count(), 3U);
  EXPECT_FALSE(flows.contains({client(9), server, 1}, 13)) << "another realm";
}

}  // namespace
}  // namespace tapdeck::engine
