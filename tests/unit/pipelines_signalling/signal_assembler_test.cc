#include "pipelines/signalling/signal_assembler.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/unit/pipelines_signalling/hep_bytes.h"
#include "tests/unit/pipelines_signalling/sip_message.h"

namespace tapdeck::sip {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

struct PassedMessage {
  std::string text;
  SignalTransport transport;
  std::string source;
  std::int64_t time_ns;
};

class AssemblerBench {
 public:
  AssemblerBench()
      : assembler_(
            [this](const SignalMessage& message) {
              messages_.push_back({std::string(as_text(message.view())),
                                   message.transport,
                                   to_string(message.source),
                                   message.time_ns});
            },
            [this](const SignalMessage& packet) {
              rtcp_.push_back({std::string(as_text(packet.view())),
                               packet.transport,
                               to_string(packet.source),
                               packet.time_ns});
              return takes_rtcp_;
            },
            1) {}

  void take(std::string_view bytes,
            SignalTransport transport = SignalTransport::kUdp,
            std::uint32_t sequence = 0) {
    SignalMessage packet;
    packet.time_ns = time_ns_;
    packet.source = *parse_endpoint("192.0.2.1:30000");
    packet.destination = *parse_endpoint("192.0.2.2:9060");
    packet.ip_id = ++ip_id_;
    packet.transport = transport;
    packet.tcp_sequence = sequence;
    packet.bytes = as_bytes(bytes).data();
    packet.length = static_cast<std::uint32_t>(bytes.size());
    assembler_.take(packet, time_ns_);
  }

  std::uint64_t count(StreamCount which) const { return assembler_.counters().value(which); }

  std::int64_t time_ns_ = 1'700'000'000 * kNsPerSecond;
  std::uint16_t ip_id_ = 0;
  std::vector<PassedMessage> messages_;
  std::vector<PassedMessage> rtcp_;
  bool takes_rtcp_ = true;
  SignalAssembler assembler_;
};

// `seconds` is of the chunk, 4 bytes.
std::string hep(std::string_view seconds,
                std::string_view protocol,
                std::string_view payload,
                unsigned payload_type = 15) {
  const std::string chunks = hep_chunk(3, "\x0a\x00\x00\x01"sv) +
                             hep_chunk(4, "\x0a\x00\x00\x02"sv) + hep_chunk(7, "\x13\xc4"sv) +
                             hep_chunk(8, "\x13\xc4"sv) + hep_chunk(9, seconds) +
                             hep_chunk(11, protocol) + hep_chunk(payload_type, payload);
  return hep_packet(chunks);
}

constexpr std::string_view kTwoSecondsAgo = "\x65\x53\xf0\xfe"sv;

TEST(SignalAssembler, UdpGoesStraightThroughOnce) {
  AssemblerBench bench;
  bench.take(kSipMessage);
  bench.take("no SIP at all");
  --bench.ip_id_;
  --bench.ip_id_;
  bench.take(kSipMessage);
  ASSERT_EQ(bench.messages_.size(), 2U);
  EXPECT_EQ(bench.messages_[0].text, kSipMessage);
  EXPECT_EQ(bench.messages_[0].transport, SignalTransport::kUdp);
  EXPECT_EQ(bench.count(StreamCount::kDuplicateMessage), 1U);
}

TEST(SignalAssembler, TcpIsPutTogetherAndItsDuplicatesAreTold) {
  AssemblerBench bench;
  bench.take(kSipMessage.substr(0, 9), SignalTransport::kTcp, 1);
  --bench.ip_id_;
  bench.take(kSipMessage.substr(0, 9), SignalTransport::kTcp, 1);
  bench.take(kSipMessage.substr(0, 9), SignalTransport::kTcp, 1);
  bench.take(kSipMessage.substr(9), SignalTransport::kTcp, 10);
  ASSERT_EQ(bench.messages_.size(), 1U);
  EXPECT_EQ(bench.messages_[0].text, kSipMessage);
  EXPECT_EQ(bench.messages_[0].transport, SignalTransport::kTcp);
  EXPECT_EQ(bench.count(StreamCount::kDuplicateSegment), 1U);
  EXPECT_EQ(bench.count(StreamCount::kRetransmitted), 1U);
}

TEST(SignalAssembler, SipInHepHasTheAddressesAndTimeOfTheAgent) {
  for (const SignalTransport transport : {SignalTransport::kUdp, SignalTransport::kTcp}) {
    AssemblerBench bench;
    bench.take(hep(kTwoSecondsAgo, "\x01", kSipMessage), transport, 1);
    ASSERT_EQ(bench.messages_.size(), 1U);
    const PassedMessage& message = bench.messages_[0];
    EXPECT_EQ(message.text, kSipMessage);
    EXPECT_EQ(message.transport, SignalTransport::kHep);
    EXPECT_EQ(message.source, "10.0.0.1:5060");
    EXPECT_EQ(message.time_ns, bench.time_ns_ - 2 * kNsPerSecond);
  }
}

TEST(SignalAssembler, WhatTheWireAndAnAgentTellOfIsOneMessage) {
  AssemblerBench bench;
  bench.take(kSipMessage);
  EXPECT_EQ(bench.messages_.size(), 1U);
  bench.take(hep(kTwoSecondsAgo, "\x01", kSipMessage));
  bench.take(hep(kTwoSecondsAgo, "\x01", kSipMessage), SignalTransport::kTcp, 1);
  EXPECT_EQ(bench.messages_.size(), 2U);
  EXPECT_EQ(bench.count(StreamCount::kDuplicateMessage), 1U);
}

TEST(SignalAssembler, ATimeFarOffIsNotBelieved) {
  AssemblerBench bench;
  bench.take(hep("\x65\x53\x00\x00"sv, "\x01", kSipMessage));
  ASSERT_EQ(bench.messages_.size(), 1U);
  EXPECT_EQ(bench.messages_[0].time_ns, bench.time_ns_);
  EXPECT_EQ(bench.count(StreamCount::kHepWildTime), 1U);
}

TEST(SignalAssembler, RtcpInHepComesOutWithTheAddressesAndTimeOfTheAgent) {
  AssemblerBench bench;
  const std::string report = "\x80\xc9\x00\x01\x00\x00\x00\x07"s;
  bench.take(hep(kTwoSecondsAgo, "\x05", report));
  bench.take(hep(kTwoSecondsAgo,
                 "\x05",
                 R"({"ssrc":7,"report_blocks":[{"source_ssrc":9,"fraction_lost":64}]})"));
  ASSERT_EQ(bench.rtcp_.size(), 2U);
  EXPECT_EQ(bench.rtcp_[0].text, report);
  EXPECT_EQ(bench.rtcp_[1].text.substr(0, 13),
            "\x81\xc9\x00\x07\x00\x00\x00\x07\x00\x00\x00\x09\x40"s);
  for (const PassedMessage& packet : bench.rtcp_) {
    EXPECT_EQ(packet.source, "10.0.0.1:5060");
    EXPECT_EQ(packet.time_ns, bench.time_ns_ - 2 * kNsPerSecond);
  }
  EXPECT_EQ(bench.count(StreamCount::kHepRtcp), 2U);
  EXPECT_EQ(bench.count(StreamCount::kHepRtcpLost), 0U);
  EXPECT_TRUE(bench.messages_.empty());
}

TEST(SignalAssembler, RtcpForWhichThereIsNoRoomIsCounted) {
  AssemblerBench bench;
  bench.takes_rtcp_ = false;
  bench.take(hep(kTwoSecondsAgo, "\x05", "\x80\xc9\x00\x01\x00\x00\x00\x07"sv));
  EXPECT_EQ(bench.count(StreamCount::kHepRtcpLost), 1U);
}

TEST(SignalAssembler, WhatElseHepCarriesIsCountedByName) {
  struct Case {
    std::string packet;
    StreamCount count;
  };

  const Case cases[] = {
      {hep(kTwoSecondsAgo, "\x05", "{}"), StreamCount::kHepRtcpLost},
      {hep(kTwoSecondsAgo, "\x64", "log"), StreamCount::kHepOther},
      {hep(kTwoSecondsAgo, "\x01", "zip", 16), StreamCount::kHepCompressed},
      {hep("\x00"sv, "\x01", kSipMessage), StreamCount::kHepBad},
      {"HEP3" + be16(6), StreamCount::kKeepAlive},
  };
  for (const Case& one : cases) {
    AssemblerBench bench;
    bench.take(one.packet);
    EXPECT_EQ(bench.count(one.count), 1U) << static_cast<int>(one.count);
    EXPECT_EQ(bench.count(StreamCount::kHepPackets), 1U);
    EXPECT_TRUE(bench.messages_.empty());
  }
}

}  // namespace
}  // namespace tapdeck::sip
