#include "engine/packet_socket.h"

#include <algorithm>
#include <cstdlib>
#include <dirent.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

namespace tapdeck::engine {

std::vector<int> list_packet_sockets() {
  std::vector<int> found;
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return found;
  while (const dirent* entry = ::readdir(directory)) {
    char* end = nullptr;
    const long number = std::strtol(entry->d_name, &end, 10);
    if (end == entry->d_name || *end != '\0') continue;
    const int descriptor = static_cast<int>(number);
    int domain = 0;
    socklen_t length = sizeof domain;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
        domain == AF_PACKET) {
      found.push_back(descriptor);
    }
  }
  ::closedir(directory);
  std::sort(found.begin(), found.end());
  return found;
}

std::uint64_t PacketSockets::drop_count() {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < descriptors_.size(); ++i) {
    tpacket_stats fresh{};
    socklen_t length = sizeof fresh;
    if (::getsockopt(descriptors_[i], SOL_PACKET, PACKET_STATISTICS, &fresh, &length) != 0) {
      fresh.tp_drops = 0;
    }
    all += drops_[i].fetch_add(fresh.tp_drops, std::memory_order_relaxed) + fresh.tp_drops;
  }
  return all;
}

}  // namespace tapdeck::engine
