#include "engine/packet.h"

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

TEST(PacketNote, RegisteringAgainGivesTheSamePlace) {
  test_eal();
  const Result<int> first = register_packet_note();
  const Result<int> second = register_packet_note();
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(*first, *second);
}

TEST(PacketNote, LeavesRoomForTheHardwareTimestamp) {
  test_eal();
  ASSERT_TRUE(register_packet_note());
  int offset = -1;
  EXPECT_EQ(rte_mbuf_dyn_rx_timestamp_register(&offset, nullptr), 0);
}

TEST(LinkType, OnlyThoseThatDecodeUnderstandsAreKnown) {
  for (const int known :
       {0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 117, 127, 197, 204, 228, 229, 239, 276}) {
    EXPECT_TRUE(link_type_known(static_cast<std::uint16_t>(known))) << known;
  }
  EXPECT_FALSE(link_type_known(147));  // what users make of it
}

}  // namespace
}  // namespace tapdeck::engine
