// One signalling message on its way from a worker to the call plane: a copy of the UDP payload, or
// of an IP fragment that may be part of one, and where it came from. Ownership: taken from the
// engine's message pool by a worker, given back to it by the call plane's thread. Threads: one
// owner at every instant.  Memory: `bytes` lies behind the struct in the pool's element.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "model/ids.h"

namespace tapdeck {

enum class SignalTransport : std::uint8_t { kUdp = 0, kTcp = 1, kWebSocket = 2 };

// kIpFragment: `bytes` is a fragment of an IP packet from its IP header on; the addresses are not
// set.  It must be put together before it says anything.
enum class SignalKind : std::uint8_t { kMessage, kIpFragment };

struct SignalMessage {
  std::int64_t time_ns = 0;  // packet time, UTC
  std::uint64_t order = 0;   // arrival order within the capture; breaks ties of time_ns
  Endpoint source{};
  Endpoint destination{};
  RealmId realm = 0;
  std::uint16_t port_index = 0;  // capture port, index into the configuration
  std::uint16_t vlan = 0;        // outermost VLAN id, 0 when untagged
  SignalTransport transport = SignalTransport::kUdp;
  SignalKind kind = SignalKind::kMessage;
  std::uint32_t length = 0;    // of `bytes`
  std::uint32_t capacity = 0;  // set by the pool
  const std::uint8_t* bytes = nullptr;

  [[nodiscard]] ByteView view() const { return {bytes, length}; }
};

}  // namespace tapdeck
