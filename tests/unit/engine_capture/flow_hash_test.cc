#include "engine/capture/flow_hash.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

struct Flow {
  std::uint32_t source = 0x0a000001;
  std::uint32_t destination = 0x0a000002;
  unsigned source_port = 5'004;
  unsigned destination_port = 20'000;
  unsigned fragment = 0;
  std::uint8_t protocol = 17;
};

Flow reversed(const Flow& flow) {
  return {flow.destination,
          flow.source,
          flow.destination_port,
          flow.source_port,
          flow.fragment,
          flow.protocol};
}

test::CaptureBytes ipv4(const Flow& flow) {
  test::CaptureBytes out(true);
  out.u16(0x4500).u16(28).u16(1).u16(flow.fragment).put(std::uint8_t{64}).put(flow.protocol);
  out.u16(0).u32(flow.source).u32(flow.destination);
  return out.u16(flow.source_port).u16(flow.destination_port).u16(8).u16(0);
}

test::CaptureBytes ipv6(const Flow& flow, bool with_extension) {
  test::CaptureBytes out(true);
  out.u32(0x60000000)
      .u16(8)
      .put(with_extension ? std::uint8_t{0} : flow.protocol)
      .put(std::uint8_t{64});
  out.u32(0x20010db8).u32(1).u32(2).u32(flow.source);
  out.u32(0x20010db8).u32(1).u32(2).u32(flow.destination);
  if (with_extension) out.put(flow.protocol).put(std::uint8_t{0}).u16(0).u32(0);
  return out.u16(flow.source_port).u16(flow.destination_port).u16(8).u16(0);
}

test::CaptureBytes behind(test::CaptureBytes link, const test::CaptureBytes& packet) {
  return link.put_text(as_text(packet.view()));
}

TEST(FlowHash, BothDirectionsMeetAndFlowsDiffer) {
  std::set<std::uint32_t> hashes;
  for (unsigned port = 10'000; port < 10'400; port += 2) {
    const Flow flow{.source_port = port};
    const auto hash = flow_hash(101, ipv4(flow).view());
    ASSERT_TRUE(hash);
    EXPECT_EQ(hash, flow_hash(101, ipv4(reversed(flow)).view()));
    EXPECT_EQ(flow_hash(101, ipv6(flow, false).view()),
              flow_hash(101, ipv6(reversed(flow), false).view()));
    hashes.insert(*hash);
  }
  EXPECT_EQ(hashes.size(), 200U);
}

TEST(FlowHash, TheLinkLayerDoesNotMatter) {
  const test::CaptureBytes packet = ipv4({});
  const auto wanted = flow_hash(228, packet.view());
  ASSERT_TRUE(wanted);
  const std::string macs(12, 'm');
  const auto hash = [&](std::uint16_t link_type, test::CaptureBytes link) {
    return flow_hash(link_type, behind(std::move(link), packet).view());
  };
  EXPECT_EQ(hash(1, test::CaptureBytes(true).put_text(macs).u16(0x0800)), wanted);
  EXPECT_EQ(hash(1,
                 test::CaptureBytes(true).put_text(macs).u16(0x88a8).u16(7).u16(0x8100).u16(9).u16(
                     0x0800)),
            wanted);
  EXPECT_EQ(hash(113, test::CaptureBytes(true).put_text(macs).u16(0).u16(0x0800)), wanted);
  EXPECT_EQ(hash(276, test::CaptureBytes(true).u16(0x0800).put_text(macs).put_text("123456")),
            wanted);
  EXPECT_EQ(hash(0, test::CaptureBytes().u32(2)), wanted);
  EXPECT_EQ(hash(108, test::CaptureBytes(true).u32(2)), wanted);
  EXPECT_EQ(hash(12, test::CaptureBytes()), wanted);
}

TEST(FlowHash, FragmentsOfADatagramMeet) {
  const auto first = flow_hash(101, ipv4({.source_port = 1, .fragment = 0x2000}).view());
  const auto later = flow_hash(101, ipv4({.source_port = 2, .fragment = 0x00b9}).view());
  EXPECT_EQ(first, later);
  EXPECT_NE(first, flow_hash(101, ipv4({.source_port = 1}).view()));
  const auto icmp = flow_hash(101, ipv4({.source_port = 3, .protocol = 1}).view());
  EXPECT_EQ(first, icmp);  // no ports: addresses only
}

TEST(FlowHash, Ipv6ExtensionsAreSkipped) {
  EXPECT_EQ(flow_hash(229, ipv6({}, true).view()), flow_hash(229, ipv6({}, false).view()));
}

TEST(FlowHash, AnAtomicFragmentIsWhole) {
  const auto fragment = [](std::uint16_t port, std::uint16_t field) {
    test::CaptureBytes out(true);
    out.u32(0x60000000).u16(16).put(std::uint8_t{44}).put(std::uint8_t{64});
    out.u32(0x20010db8).u32(1).u32(2).u32(Flow{}.source);
    out.u32(0x20010db8).u32(1).u32(2).u32(Flow{}.destination);
    out.put(Flow{}.protocol).put(std::uint8_t{0}).u16(field).u32(7);
    return out.u16(port).u16(Flow{}.destination_port).u16(8).u16(0);
  };
  const Flow flow{.source_port = 5};
  EXPECT_EQ(flow_hash(229, fragment(5, 0).view()), flow_hash(229, ipv6(flow, false).view()));
  EXPECT_EQ(flow_hash(229, fragment(5, 1).view()), flow_hash(229, fragment(6, 1).view()));
  EXPECT_EQ(flow_hash(229, fragment(5, 8).view()), flow_hash(229, fragment(6, 8).view()));
}

TEST(FlowHash, ShortAndForeignPacketsHaveNone) {
  EXPECT_EQ(flow_hash(1, as_bytes(std::string(14, '\0') + "ARP")), std::nullopt);
  EXPECT_EQ(flow_hash(197, ipv4({}).view()), std::nullopt);
  const test::CaptureBytes packet = ipv4({});
  for (std::size_t size = 0; size < 20; ++size) {
    EXPECT_EQ(flow_hash(101, packet.view().first(size)), std::nullopt);
  }
  EXPECT_EQ(choose_queue(1, {}, 4), 0U);
}

TEST(FlowHash, EveryQueueGetsAShare) {
  for (const std::uint32_t queues : {1U, 2U, 3U, 4U}) {
    std::vector<unsigned> counts(queues);
    for (unsigned port = 10'000; port < 12'000; port += 2) {
      const std::uint32_t queue = choose_queue(101, ipv4({.source_port = port}).view(), queues);
      ASSERT_LT(queue, queues);
      ++counts[queue];
    }
    for (const unsigned count : counts) EXPECT_GT(count, 1'000 / queues / 3) << queues;
  }
}

}  // namespace
}  // namespace tapdeck::engine
