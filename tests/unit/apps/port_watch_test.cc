#include "apps/port_watch.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::apps {
namespace {

using engine::LinkState;

TEST(PortWatch, SentencesNamePortAndPlace) {
  engine::test_eal();
  Result<engine::Port> port =
      engine::Port::make_ring_port({.name = "mirror", .ring_size = 64, .mbuf_count = 63});
  ASSERT_TRUE(port);
  EXPECT_EQ(link_sentence(*port, LinkState::kDown, 0),
            "port mirror: no link on ; nothing is captured there");
  EXPECT_NE(link_sentence(*port, LinkState::kGone, 0).find("is gone"), std::string::npos);
  EXPECT_NE(link_sentence(*port, LinkState::kUp, 3'260).find("after 3.3 s"), std::string::npos);
}

TEST(PortWatch, APortThatCannotGoIsLeftAlone) {
  engine::test_eal();
  std::vector<engine::Port> ports;
  Result<engine::Port> port =
      engine::Port::make_ring_port({.name = "ring", .ring_size = 64, .mbuf_count = 63});
  ASSERT_TRUE(port);
  ports.push_back(std::move(*port));
  const std::uint16_t id = ports[0].port_id();
  bool asked = false;
  PortWatch watch(ports, [&asked] { return asked = true; });
  for (std::int64_t i = 1; i < 20; ++i) watch.look(i * kNsPerSecond);
  EXPECT_FALSE(asked);
  EXPECT_EQ(ports[0].port_id(), id);
  EXPECT_EQ(ports[0].statistics().link_losses, 0U);
  EXPECT_EQ(ports[0].statistics().link_lost_ms, 0U);
}

}  // namespace
}  // namespace tapdeck::apps
