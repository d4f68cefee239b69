#include "apps/fragment_path.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/tunnel_builder.h"
#include "tests/unit/apps/silent_plane.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::apps {
namespace {

using namespace testing;
using engine::ReassemblyCount;

struct Told {
  std::string text;
  std::string source;
  std::int64_t time_ns;
  RealmId realm;
  SignalTransport transport;
  std::uint16_t ip_id;
  std::uint32_t tcp_sequence;
  std::uint8_t tcp_flags;
};

class ToldPlane final : public SilentPlane {
 public:
  void on_message(const SignalMessage& message) override {
    told_.push_back({std::string(as_text(message.view())),
                     to_string(message.source),
                     message.time_ns,
                     message.realm,
                     message.transport,
                     message.ip_id,
                     message.tcp_sequence,
                     message.tcp_flags});
  }

  std::vector<Told> told_;
};

std::vector<Bytes> in_two(const Bytes& packet, std::uint16_t id) {
  const std::size_t half = (packet.size() - 20) / 16 * 8;
  const auto middle = packet.begin() + 20 + static_cast<std::ptrdiff_t>(half);
  std::vector<Bytes> parts{ipv4(packet[9], {packet.begin() + 20, middle}),
                           ipv4(packet[9], {middle, packet.end()})};
  store_be(parts[0].data() + 6, std::uint16_t{0x2000});
  store_be(parts[1].data() + 6, static_cast<std::uint16_t>(half / 8));
  for (Bytes& part : parts) store_be(part.data() + 4, id);
  return parts;
}

class FragmentPathTest : public ::testing::Test {
 protected:
  FragmentPathTest() {
    engine::test_eal();
    engine::WorkerOptions options;
    auto realms = std::make_shared<engine::RealmMap>();
    realms->add_vnis(7, 7, 3);
    options.realms = realms;
    auto rings = engine::WorkerRings::create(
        {.chunk_count = 8, .chunk_slots = 8, .small_messages = 7, .large_messages = 3});
    TD_ASSERT(rings.has_value());
    rings_ = std::make_unique<engine::WorkerRings>(std::move(*rings));
    path_ = std::move(FragmentPath::create({}, options, {rings_.get()}).value());
  }

  void take(const std::vector<Bytes>& parts) {
    std::int64_t time_ns = 100;
    for (const Bytes& part : parts) {
      SignalMessage message;
      message.time_ns = ++time_ns;
      message.realm = 1;
      message.kind = SignalKind::kIpFragment;
      message.bytes = part.data();
      message.length = static_cast<std::uint32_t>(part.size());
      path_->take(message, 0, plane_);
    }
  }

  [[nodiscard]] std::uint64_t count(ReassemblyCount what) const {
    return path_->counters().value(what);
  }

  std::unique_ptr<engine::WorkerRings> rings_;
  std::unique_ptr<FragmentPath> path_;
  ToldPlane plane_;
};

Bytes sip_packet() { return ipv4(17, udp(5'060, Bytes(200, 'S')), 7); }

TEST_F(FragmentPathTest, SipIsToldWithTheLastTime) {
  take(in_two(sip_packet(), 1));
  ASSERT_EQ(plane_.told_.size(), 1U);
  EXPECT_EQ(plane_.told_[0].text, std::string(200, 'S'));
  EXPECT_EQ(plane_.told_[0].source, "10.0.0.1:40000");
  EXPECT_EQ(plane_.told_[0].time_ns, 102);
  EXPECT_EQ(plane_.told_[0].realm, 1);
  EXPECT_EQ(plane_.told_[0].transport, SignalTransport::kUdp);
  EXPECT_EQ(plane_.told_[0].ip_id, 1) << "by which copies of a mirror are known";
  EXPECT_EQ(count(ReassemblyCount::kSip), 1U);
}

TEST_F(FragmentPathTest, TunnelsAreOpenedAndNameTheRealm) {
  take(in_two(ipv4(17, udp(4'789, vxlan(7, ethernet(0x0800, sip_packet())))), 1));
  ASSERT_EQ(plane_.told_.size(), 1U);
  EXPECT_EQ(plane_.told_[0].source, "10.0.0.7:40000");
  EXPECT_EQ(plane_.told_[0].realm, 3);
}

// With a length of more than comes.
TEST_F(FragmentPathTest, OfSipTheFirstFragmentAloneIsToldInTunnelsToo) {
  take({in_two(sip_packet(), 1)[0]});
  take({in_two(ipv4(17, udp(2'152, gtp(0x30, 255, {}, sip_packet()))), 2)[0]});
  take({in_two(ipv4(17, udp(40'002, Bytes(200, 0x80))), 3)[0]});
  EXPECT_TRUE(plane_.told_.empty());
  path_->expire(60'000'000, plane_);
  path_->finish(plane_);
  ASSERT_EQ(plane_.told_.size(), 2U);
  EXPECT_EQ(plane_.told_[0].text, std::string(104 - 8, 'S'));
  EXPECT_EQ(plane_.told_[0].time_ns, 101);
  EXPECT_EQ(plane_.told_[1].source, "10.0.0.7:40000");
  EXPECT_EQ(count(ReassemblyCount::kSipCut), 2U);
  EXPECT_EQ(count(ReassemblyCount::kIncomplete), 3U);
}

TEST_F(FragmentPathTest, FragmentsWithinFragments) {
  std::vector<Bytes> all;
  for (const Bytes& inner : in_two(sip_packet(), 9)) {
    const auto id = static_cast<std::uint16_t>(20 + all.size());
    for (const Bytes& outer : in_two(ipv4(4, inner), id)) all.push_back(outer);
  }
  take(all);
  EXPECT_EQ(plane_.told_.size(), 1U);
  EXPECT_EQ(count(ReassemblyCount::kReassembled), 3U);
}

Bytes text_bytes(std::string text) {
  text.resize(200, 'x');
  return {text.begin(), text.end()};
}

TEST_F(FragmentPathTest, SignallingIsFoundOnAnyPort) {
  take(in_two(ipv4(17, udp(7'000, text_bytes("OPTIONS sip:a@b SIP/2.0\r\n"))), 1));
  take(in_two(ipv4(17, udp(7'000, text_bytes("HEP3"))), 2));
  take(in_two(ipv4(17, udp(7'000, text_bytes("no signalling"))), 3));
  EXPECT_EQ(plane_.told_.size(), 2U);
  EXPECT_EQ(count(ReassemblyCount::kSip), 2U);
  EXPECT_EQ(count(ReassemblyCount::kOther), 1U);
}

Bytes tcp(std::uint16_t port, const Bytes& payload) {
  Bytes out(20);
  store_be(out.data(), std::uint16_t{40'000});
  store_be(out.data() + 2, port);
  store_be(out.data() + 4, std::uint32_t{123'456});
  out[12] = 5 << 4;
  out[13] = kTcpAck;
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

TEST_F(FragmentPathTest, SegmentsOfSignallingAreTold) {
  take(in_two(ipv4(6, tcp(5'060, Bytes(200, 'S'))), 1));
  take(in_two(ipv4(6, tcp(7'000, text_bytes("OPTIONS sip:a@b SIP/2.0\r\n"))), 2));
  take(in_two(ipv4(6, tcp(80, Bytes(200, 'S'))), 3));
  take(in_two(ipv4(6, tcp(5'061, Bytes(200, 'S'))), 4));
  ASSERT_EQ(plane_.told_.size(), 2U);
  EXPECT_EQ(plane_.told_[0].text, std::string(200, 'S'));
  EXPECT_EQ(plane_.told_[0].transport, SignalTransport::kTcp);
  EXPECT_EQ(plane_.told_[0].tcp_sequence, 123'456U);
  EXPECT_EQ(plane_.told_[0].tcp_flags, kTcpAck);
  EXPECT_EQ(count(ReassemblyCount::kOther), 2U) << "of another kind, or encrypted";
}

TEST_F(FragmentPathTest, MediaGoesBackToItsWorker) {
  Bytes rtp(180, 0xd5);
  rtp[0] = 0x80;
  rtp[1] = 0;
  take(in_two(ipv4(17, udp(4'000, rtp)), 1));
  take(in_two(ipv4(17, udp(4'001, {0x80, 201, 0, 1, 0, 0, 0, 7})), 4));
  SignalMessage* media = rings_->returned().pop();
  ASSERT_NE(media, nullptr);
  EXPECT_EQ(media->kind, SignalKind::kRtp);
  EXPECT_TRUE(std::ranges::equal(media->view(), rtp));
  EXPECT_EQ(to_string(media->destination), "10.0.1.1:4000");
  EXPECT_EQ(media->time_ns, 102);
  EXPECT_EQ(media->realm, 1);
  engine::WorkerRings::release(media);
  media = rings_->returned().pop();
  ASSERT_NE(media, nullptr);
  EXPECT_EQ(media->kind, SignalKind::kRtcp);
  engine::WorkerRings::release(media);
  take(in_two(ipv4(17, udp(4'000, Bytes(100, 'z'))), 2));
  take(in_two(ipv4(6, Bytes(100, 0x50)), 3));
  EXPECT_EQ(count(ReassemblyCount::kMedia), 2U);
  EXPECT_EQ(count(ReassemblyCount::kOther), 2U);
  EXPECT_TRUE(plane_.told_.empty());
}

}  // namespace
}  // namespace tapdeck::apps
