#include "pipelines/signalling/tcp_connections.h"

#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/unit/pipelines_signalling/sip_message.h"

namespace tapdeck::sip {
namespace {

constexpr std::uint8_t kSynAck = kTcpSyn | kTcpAck;

class ConnectionsBench final : public ConnectionSink {
 public:
  explicit ConnectionsBench(const TcpLimits& limits = {})
      : connections_(limits, 1, *this, counters_) {}

  void on_sip(ByteView message, const SignalMessage& around) override {
    EXPECT_EQ(as_text(message), kSipMessage);
    EXPECT_EQ(around.transport, SignalTransport::kTcp);
    log_ += to_string(around.source) + '>' + to_string(around.destination) + '@' +
            std::to_string(around.time_ns / kNsPerSecond) + ' ';
  }

  void on_hep(ByteView packet, const SignalMessage& around) override {
    EXPECT_EQ(around.length, 0U);
    log_ += "hep" + std::to_string(packet.size()) + ' ';
  }

  // A segment of the connection from 192.0.2.1:port to 192.0.2.9:5060 at now_s_.
  void segment(std::uint32_t sequence, std::string_view bytes, std::uint8_t flags = kTcpAck) {
    SignalMessage message;
    message.time_ns = now_s_ * kNsPerSecond;
    message.source = *parse_endpoint("192.0.2.1:" + std::to_string(port_));
    message.destination = *parse_endpoint("192.0.2.9:5060");
    if (from_server_) std::swap(message.source, message.destination);
    message.transport = SignalTransport::kTcp;
    message.tcp_sequence = sequence;
    message.tcp_acknowledgement = acknowledgement_;
    message.tcp_flags = flags;
    message.bytes = as_bytes(bytes).data();
    message.length = static_cast<std::uint32_t>(bytes.size());
    connections_.take(message, now_s_ * kNsPerSecond);
  }

  std::string take_log() { return std::exchange(log_, {}); }

  std::uint64_t count(StreamCount which) const { return counters_.value(which); }

  std::int64_t now_s_ = 1;
  int port_ = 40'000;
  bool from_server_ = false;
  std::uint32_t acknowledgement_ = 0;
  StreamCounters counters_;
  TcpConnections connections_;
  std::string log_;
};

TEST(TcpConnections, MessagesOfBothDirectionsHaveTheirAddressesAndTimes) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(100, kSipMessage.substr(0, 10));
  bench.now_s_ = 3;
  bench.segment(110, kSipMessage.substr(10));
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@3 ");
  bench.from_server_ = true;
  bench.segment(500, kSipMessage);
  EXPECT_EQ(bench.take_log(), "192.0.2.9:5060>192.0.2.1:40000@3 ");
  EXPECT_EQ(bench.count(StreamCount::kMidStream), 1U) << "no SYN of the server passed";
  EXPECT_EQ(bench.connections_.count(), 1U);
  EXPECT_EQ(bench.connections_.held_bytes(), 2 * StreamReader().memory());
}

TEST(TcpConnections, AGapIsGivenUpAfterItsTime) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(150, kSipMessage);
  bench.connections_.advance(2 * kNsPerSecond);
  EXPECT_EQ(bench.take_log(), "");
  bench.connections_.advance(4 * kNsPerSecond);
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 ");
  EXPECT_EQ(bench.count(StreamCount::kGap), 1U);
  EXPECT_EQ(bench.count(StreamCount::kReordered), 1U);
}

TEST(TcpConnections, SeveralGapsTakeNoLongerThanOne) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(150, kSipMessage);
  bench.segment(5'000, kSipMessage);
  bench.now_s_ = 2;
  bench.segment(10'000, kSipMessage);
  bench.connections_.advance(3 * kNsPerSecond);
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 192.0.2.1:40000>192.0.2.9:5060@1 ");
  bench.connections_.advance(4 * kNsPerSecond);
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@2 ");
}

TEST(TcpConnections, WhatItsReceiverHasIsNotWaitedFor) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(150, kSipMessage);
  bench.from_server_ = true;
  bench.acknowledgement_ = 149;
  bench.segment(500, "\r\n");
  bench.connections_.advance(kNsPerSecond * 3 / 2);
  EXPECT_EQ(bench.take_log(), "") << "it asks for the last byte of the gap";
  bench.acknowledgement_ = 150;
  bench.segment(502, "\r\n");
  EXPECT_EQ(bench.take_log(), "") << "the segment may come by another port";
  bench.connections_.advance(kNsPerSecond * 5 / 4);
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 ");
  EXPECT_EQ(bench.count(StreamCount::kGap), 1U);
}

TEST(TcpConnections, ANewSynOnTheSamePortsIsAnotherConnection) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(100, kSipMessage.substr(0, 10));
  bench.segment(5'000'099, "", kTcpSyn);
  bench.segment(5'000'100, kSipMessage);
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 ");
  EXPECT_EQ(bench.count(StreamCount::kReused), 1U);
  bench.from_server_ = true;
  bench.segment(7, "", kSynAck);
  bench.segment(8, kSipMessage);
  EXPECT_EQ(bench.count(StreamCount::kReused), 1U) << "the server's half is new by itself";
  EXPECT_NE(bench.take_log(), "");
}

TEST(TcpConnections, AForgedSynLosesNoMessage) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(100, kSipMessage.substr(0, 10));
  bench.segment(5'000'099, "", kTcpSyn);
  bench.segment(110, kSipMessage.substr(10));
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 ");
  EXPECT_EQ(bench.count(StreamCount::kSynDoubted), 1U);
  EXPECT_EQ(bench.count(StreamCount::kReused), 0U);
  EXPECT_EQ(bench.count(StreamCount::kMessageLost), 0U);
}

TEST(TcpConnections, AResetEndsItAfterWhatHasCome) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(150, kSipMessage);
  bench.segment(100, "", kTcpRst);
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 ");
  EXPECT_EQ(bench.connections_.count(), 0U);
  EXPECT_EQ(bench.count(StreamCount::kReset), 1U);
}

TEST(TcpConnections, AResetOutOfSequenceChangesNothing) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(100, kSipMessage.substr(0, 10));
  for (const std::uint32_t wrong : {0U, 99U, 100U, 109U, 111U, 5'000U, 0x8000'0000U}) {
    bench.segment(wrong, "", kTcpRst);
  }
  EXPECT_EQ(bench.count(StreamCount::kResetIgnored), 7U);
  bench.from_server_ = true;
  bench.segment(7, "", kTcpRst);
  EXPECT_EQ(bench.count(StreamCount::kResetIgnored), 8U) << "nothing proves it, a message waits";
  bench.from_server_ = false;
  bench.segment(110, kSipMessage.substr(10));
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 ");
  EXPECT_EQ(bench.count(StreamCount::kReset), 0U);
  bench.segment(static_cast<std::uint32_t>(100 + kSipMessage.size()), "", kTcpRst);
  EXPECT_EQ(bench.count(StreamCount::kReset), 1U);
  EXPECT_EQ(bench.connections_.count(), 0U);
}

TEST(TcpConnections, AResetIsBelievedBehindAGapBehindAFinAndInAnswerToASyn) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(150, kSipMessage);
  bench.segment(static_cast<std::uint32_t>(150 + kSipMessage.size()), "", kTcpRst);
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 ");
  EXPECT_EQ(bench.connections_.count(), 0U);
  bench.segment(199, "", kTcpSyn);
  bench.segment(200, "", kTcpFin);
  bench.segment(201, "", kTcpRst);
  EXPECT_EQ(bench.connections_.count(), 0U);
  bench.segment(299, "", kTcpSyn);
  bench.from_server_ = true;
  bench.segment(0, "", kTcpRst | kTcpAck);
  EXPECT_EQ(bench.connections_.count(), 0U) << "refused";
  EXPECT_EQ(bench.count(StreamCount::kReset), 3U);
  EXPECT_EQ(bench.count(StreamCount::kResetIgnored), 0U);
}

TEST(TcpConnections, TheOldestMakesRoomAndTheSilentAreForgotten) {
  ConnectionsBench bench({.connections_max = 2, .idle_ns = 100 * kNsPerSecond});
  for (int port = 1; port <= 3; ++port) {
    bench.port_ = port;
    bench.segment(99, "", kTcpSyn);
    bench.segment(100, kSipMessage.substr(0, 10));
    bench.now_s_ += 1;
  }
  EXPECT_EQ(bench.connections_.count(), 2U);
  EXPECT_EQ(bench.count(StreamCount::kEvicted), 1U);
  bench.port_ = 2;
  bench.segment(110, kSipMessage.substr(10));
  EXPECT_EQ(bench.take_log(), "192.0.2.1:2>192.0.2.9:5060@4 ");
  bench.connections_.advance(103 * kNsPerSecond);
  EXPECT_EQ(bench.connections_.count(), 1U) << "port 3 was silent for 100 s, port 2 was not";
  EXPECT_EQ(bench.count(StreamCount::kIdle), 1U);
}

TEST(TcpConnections, HeldBytesOfAllAreBounded) {
  constexpr std::size_t kBytesMax = 1U << 20;
  ConnectionsBench bench({.bytes_max = kBytesMax});
  const std::string bytes(1'000, 'x');
  for (int port = 1; port <= 40; ++port) {
    bench.port_ = port;
    bench.segment(99, "", kTcpSyn);
    for (std::uint32_t i = 0; i < 50; ++i) bench.segment(200 + i * 2'000, bytes);
    ASSERT_LE(bench.connections_.held_bytes(), kBytesMax);
  }
  EXPECT_GT(bench.count(StreamCount::kEvicted), 10U);
}

TEST(TcpConnections, OneConnectionCannotHoldAll) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  const std::string bytes(1'000, 'x');
  for (std::uint32_t i = 0; i < 5'000; ++i) bench.segment(200 + i * 2'000, bytes);
  EXPECT_LE(bench.connections_.held_bytes(), kHeldBytesMax + 2'000);
  EXPECT_GT(bench.count(StreamCount::kGap), 1'000U);
}

TEST(TcpConnections, TheEndOfACaptureGivesOutWhatIsHeld) {
  ConnectionsBench bench;
  bench.segment(99, "", kTcpSyn);
  bench.segment(150, kSipMessage);
  bench.segment(300, "HEP3");
  bench.connections_.finish();
  EXPECT_EQ(bench.take_log(), "192.0.2.1:40000>192.0.2.9:5060@1 ");
  EXPECT_EQ(bench.count(StreamCount::kGap), 2U);
}

}  // namespace
}  // namespace tapdeck::sip
