// One packet for each class that needs no stream, and one fragment for each way to lose it: its
// counter moves, and no other.
#include <set>

#include <gtest/gtest.h>

#include "tests/support/tunnel_builder.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

struct Row {
  PacketClass expected;
  Bytes frame;
  std::uint32_t original_length = 0;
};

Bytes in_ip(std::uint8_t protocol, const Bytes& payload) {
  return ethernet(0x0800, ipv4(protocol, payload));
}

Bytes text(std::string_view words) { return {words.begin(), words.end()}; }

Bytes stream(std::uint16_t port) {
  return {high(port), low(port), 0x9c, 0x40, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 16, 0, 0, 0, 0, 0, 0};
}

Bytes segment(std::uint16_t port, std::string_view words) {
  Bytes out = stream(port);
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

Bytes fragment_of(std::uint8_t protocol) {
  Bytes packet = ipv4(protocol, Bytes(64, 1));
  packet[6] = 0x20;
  return ethernet(0x0800, packet);
}

Bytes too_deep() {
  Bytes packet = hello_packet();
  for (int i = 0; i < 9; ++i) packet = ipv4(4, packet);
  return ethernet(0x0800, packet);
}

std::vector<Row> rows() {
  const Bytes stun{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Bytes dtls{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  Bytes zrtp(24, 0);
  store_be(zrtp.data(), 0x1000'0001'5a52'5450U);
  const Bytes receiver_report{0x80, 201, 0, 1, 0, 0, 0, 1};
  return {
      {PacketClass::kSip, in_udp(5'060, text("OPTIONS sip:a SIP/2.0\r\n\r\n"))},
      {PacketClass::kSipTcp, in_ip(6, segment(5'060, "OPTIONS"))},
      {PacketClass::kHep, in_udp(9'060, text("HEP3...."))},
      {PacketClass::kSipKeepalive, in_udp(5'060, text("\r\n\r\n"))},
      {PacketClass::kRtcp, in_udp(4'001, receiver_report)},
      {PacketClass::kStun, in_udp(4'000, stun)},
      {PacketClass::kDtls, in_udp(4'000, dtls)},
      {PacketClass::kZrtp, in_udp(4'000, zrtp)},
      {PacketClass::kOtherUdp, in_udp(53, {1, 2, 3, 4})},
      {PacketClass::kTcp, in_ip(6, stream(80))},
      {PacketClass::kEncryptedSignalling, in_ip(6, stream(5'061))},
      {PacketClass::kSctp, in_ip(132, stream(2'905))},
      {PacketClass::kSctpSignalling, in_ip(132, stream(5'060))},
      {PacketClass::kIcmp, in_ip(1, Bytes(8, 0))},
      {PacketClass::kArp, ethernet(0x0806, Bytes(28, 0))},
      {PacketClass::kIpFragment, fragment_of(17)},
      {PacketClass::kEsp, in_ip(50, Bytes(64, 0xa7))},
      {PacketClass::kIke, in_udp(4'500, {0xff})},
      {PacketClass::kOtherIpProtocol, in_ip(89, Bytes(8, 0))},
      {PacketClass::kOtherGre, in_ip(47, gre(0, 0x1234, {}, {1, 2}))},
      {PacketClass::kOtherGtp, in_udp(2'152, gtp(0, 1, {}, {14, 0}))},
      {PacketClass::kOtherMpls, ethernet(0x8847, mpls(3, true, {0x10, 0, 0, 7}))},
      {PacketClass::kOtherPpp, ethernet(0x8864, pppoe({0xc0, 0x21, 9}))},
      {PacketClass::kPppoeDiscovery, ethernet(0x8863, Bytes(6, 0))},
      {PacketClass::kOtherEthertype, ethernet(0x88cc, Bytes(6, 0))},
      {PacketClass::kTooDeep, too_deep()},
      {PacketClass::kMalformedLink, {1, 2, 3}},
      {PacketClass::kMalformedTunnel, in_ip(47, {0x20, 0, 8, 0})},
      {PacketClass::kMalformedIp, ethernet(0x0800, {0x44, 0, 0, 20})},
      {PacketClass::kMalformedUdp, in_ip(17, {0, 1, 0, 1, 0, 3, 0, 0})},
      {PacketClass::kMalformedTcp, in_ip(6, {0, 1, 0, 1})},
      {PacketClass::kTruncated, ethernet(0x0800, {0x45, 0, 0, 60}), 74},
  };
}

TEST(EveryClass, APacketOfEachMovesItsCounterAlone) {
  std::set<PacketClass> seen{PacketClass::kRtpBound,
                             PacketClass::kRtpDuplicate,
                             PacketClass::kRtpPaused,
                             PacketClass::kRtpProbation,
                             PacketClass::kRtpQuarantined,
                             PacketClass::kRtpDiscarded,
                             PacketClass::kRtpUnrecorded,
                             PacketClass::kFaxBound};  // media tests have these
  for (const Row& row : rows()) {
    const auto name = kPacketClassNames[static_cast<std::size_t>(row.expected)].name;
    Bench bench;
    bench.send(row.frame, row.original_length);
    bench.step();
    EXPECT_EQ(bench.count(row.expected), 1U) << name;
    EXPECT_EQ(bench.class_sum(), 1U) << name;
    seen.insert(row.expected);
    while (SignalMessage* message = bench.rings_->pop_signal()) WorkerRings::release(message);
  }
  EXPECT_EQ(seen.size(), kPacketClassNames.size());
}

TEST(EveryClass, FragmentsArePassedOnOrCounted) {
  Bench bench;
  bench.send(fragment_of(17));
  bench.step();
  SignalMessage* message = bench.rings_->pop_signal();
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->kind, SignalKind::kIpFragment);
  EXPECT_EQ(message->length, 84U);
  EXPECT_EQ(message->bytes[0], 0x45);
  WorkerRings::release(message);
  EXPECT_EQ(bench.worker_->counters().messages_out.value(), 0U);

  Bytes cut = fragment_of(17);
  cut.resize(60);
  bench.send(cut, 98);
  bench.send(fragment_of(1));
  bench.step();
  EXPECT_EQ(bench.count(DropReason::kFragmentUnwanted), 1U);
  EXPECT_EQ(bench.count(DropReason::kFragmentCut), 1U);

  for (int i = 0; i < 100; ++i) {
    bench.send(fragment_of(17));
    bench.step();
  }
  EXPECT_EQ(bench.count(DropReason::kFragmentShed), 100U - 127 / 2);
  bench.send(in_udp(5'060, text("OPTIONS sip:a SIP/2.0\r\n\r\n")));
  bench.step();
  EXPECT_EQ(bench.worker_->counters().messages_out.value(), 1U);
  while (SignalMessage* left = bench.rings_->pop_signal()) WorkerRings::release(left);
}

TEST(EveryClass, RealmsComeFromTagsAndTunnels) {
  Bench::Options options;
  auto realms = std::make_shared<RealmMap>();
  realms->add_vlans(7, 7, 2);
  ASSERT_TRUE(realms->add_vnis(5'000, 5'000, 3));
  options.worker.realms = realms;
  Bench bench(options);
  const Bytes sip = ipv4(17, udp(5'060, text("OPTIONS sip:a SIP/2.0\r\n\r\n")));
  const std::pair<RealmId, Bytes> table[] = {
      {0, ethernet(0x0800, sip)},
      {2, ethernet(0x8100, vlan(7, 0x0800, sip))},
      {0, ethernet(0x8100, vlan(8, 0x0800, sip))},
      {3, in_udp(4'789, vxlan(5'000, ethernet(0x0800, sip)))},
      {2, in_udp(4'789, vxlan(1, ethernet(0x8100, vlan(7, 0x0800, sip))))},
  };
  for (const auto& [realm, frame] : table) {
    bench.send(frame);
    bench.step();
    SignalMessage* message = bench.rings_->pop_signal();
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->realm, realm);
    WorkerRings::release(message);
  }
}

}  // namespace
}  // namespace tapdeck::engine
