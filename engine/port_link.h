// Whether packets can come in by a port at all: the link of a card, or the kernel's interface under
// a virtual device, which may be down, be gone, and come back as another one of the same name.
// Threads: any.  Memory: none.  Errors: what cannot be asked is taken for up.  netdevice(7).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/counters.h"

namespace tapdeck::engine {

constexpr std::uint16_t kNoPort = 0xffff;

enum class LinkState : std::uint8_t {
  kUp,
  kDown,  // no carrier, or switched off
  kGone,  // there is no such device any more: it must be opened anew
};

std::string_view link_state_name(LinkState state);

struct InterfaceState {
  unsigned index = 0;    // 0: there is none of this name
  bool running = false;  // up, with carrier
};

InterfaceState look_at_interface(const std::string& name);

// The interface that a virtual device captures from ("iface=" of net_af_packet, net_af_xdp and
// net_tap); empty when it has none.
std::string interface_of(std::string_view device);

// What threads share of an open port.
struct PortLink {
  std::atomic<std::uint16_t> port_id{kNoPort};  // DPDK's; kNoPort: workers leave it alone
  std::atomic<LinkState> state{LinkState::kUp};
  Counter losses;     // how often the link went away
  Counter lost_ms;    // how long it was away, in all
  std::mutex device;  // held while the device is asked; not while it is opened or closed
};

}  // namespace tapdeck::engine
