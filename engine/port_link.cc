#include "engine/port_link.h"

#include <algorithm>
#include <cstring>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tapdeck::engine {

std::string_view link_state_name(LinkState state) {
  switch (state) {
    case LinkState::kUp: return "up";
    case LinkState::kDown: return "down";
    case LinkState::kGone: return "gone";
  }
  return "up";
}

InterfaceState look_at_interface(const std::string& name) {
  InterfaceState found;
  found.index = ::if_nametoindex(name.c_str());
  if (found.index == 0) return found;
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1));
  const int asking = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (asking < 0 || ::ioctl(asking, SIOCGIFFLAGS, &request) != 0) {
    found.running = true;
  } else {
    constexpr int kBoth = IFF_UP | IFF_RUNNING;
    found.running = (request.ifr_flags & kBoth) == kBoth;
  }
  if (asking >= 0) ::close(asking);
  return found;
}

std::string interface_of(std::string_view device) {
  constexpr std::string_view kInterface = ",iface=";
  const bool has_one = device.starts_with("net_af_packet") || device.starts_with("net_af_xdp") ||
                       device.starts_with("net_tap");
  const std::size_t at = device.find(kInterface);
  if (!has_one || at == std::string_view::npos) return {};
  const std::string_view rest = device.substr(at + kInterface.size());
  return std::string(rest.substr(0, rest.find(',')));
}

}  // namespace tapdeck::engine
