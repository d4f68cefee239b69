#include "engine/port_link.h"

#include <gtest/gtest.h>

namespace tapdeck::engine {
namespace {

TEST(PortLink, InterfacesAreFoundByName) {
  const InterfaceState loopback = look_at_interface("lo");
  EXPECT_GT(loopback.index, 0U);
  EXPECT_EQ(look_at_interface("no_such_interface_of_this_name").index, 0U);
  EXPECT_FALSE(look_at_interface("").running);
}

TEST(PortLink, OnlyDevicesOnAnInterfaceHaveOne) {
  EXPECT_EQ(interface_of("net_af_packet0,iface=veth1,qpairs=2"), "veth1");
  EXPECT_EQ(interface_of("net_tap0,iface=tap7"), "tap7");
  EXPECT_EQ(interface_of("net_af_xdp1,start_queue=0,iface=eth0"), "eth0");
  EXPECT_EQ(interface_of("net_af_packet0,framesz=2048"), "");
  EXPECT_EQ(interface_of("net_pcap0,rx_iface=eth0"), "");
  EXPECT_EQ(interface_of("0000:3b:00.0"), "");
}

TEST(PortLink, StatesHaveNames) {
  EXPECT_EQ(link_state_name(LinkState::kUp), "up");
  EXPECT_EQ(link_state_name(LinkState::kDown), "down");
  EXPECT_EQ(link_state_name(LinkState::kGone), "gone");
}

}  // namespace
}  // namespace tapdeck::engine
