#include "engine/packet_socket.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::engine {
namespace {

// A packet socket on the loopback with next to no room.
int open_socket() {
  const int descriptor = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
  if (descriptor < 0) return descriptor;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex("lo"));
  const int room = 1;  // the kernel rounds it up to its least
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return descriptor;
}

void send_burst(int count) {
  const int sender = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::array<char, 1'000> bytes{};
  for (int i = 0; i < count; ++i) {
    ::sendto(
        sender, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  ::close(sender);
}

TEST(PacketSockets, TellWhatTheKernelDroppedAndNeverLess) {
  const std::vector<int> before = list_packet_sockets();
  const int descriptor = open_socket();
  if (descriptor < 0) GTEST_SKIP() << "packet sockets need CAP_NET_RAW";
  const std::vector<int> after = list_packet_sockets();
  ASSERT_EQ(after.size(), before.size() + 1);
  EXPECT_NE(std::find(after.begin(), after.end(), descriptor), after.end());
  PacketSockets sockets({descriptor});
  EXPECT_EQ(sockets.drop_count(), 0U);
  send_burst(200);
  const std::uint64_t drops = sockets.drop_count();
  EXPECT_GT(drops, 100U);
  EXPECT_EQ(sockets.drop_count(), drops) << "reading starts the kernel's counter again, not ours";
  ::close(descriptor);
  EXPECT_EQ(sockets.drop_count(), drops);
}

}  // namespace
}  // namespace tapdeck::engine
