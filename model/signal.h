// What a worker passes to the call plane's thread: a copy of a UDP payload, of one TCP segment, or
// of an IP fragment that may be part of either, and where it came from.  Behind the call plane's
// SignalAssembler each is one whole SIP message, of whatever transport. Ownership: taken from the
// engine's message pool by a worker, given back to it by the call plane's thread. Threads: one
// owner at every instant.  Memory: `bytes` lies behind the struct in the pool's element.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "model/ids.h"

namespace tapdeck {

// Stored in message records: docs/formats/segment.md.  A worker says kUdp or kTcp.
enum class SignalTransport : std::uint8_t {
  kUdp = 0,
  kTcp = 1,
  kWebSocket = 2,
  kHep = 3,  // retold by a capture agent; addresses and time are those it saw
};

constexpr std::uint8_t kSignalTransportMax = 3;

// Of a TCP segment, as in its header (RFC 9293 3.1).
enum TcpFlag : std::uint8_t { kTcpFin = 1, kTcpSyn = 2, kTcpRst = 4, kTcpAck = 16 };

// kIpFragment: `bytes` is a fragment of an IP packet from its IP header on; the addresses are not
// set.  It must be put together before it says anything.
// kRtp and kRtcp go the other way, from the call plane's thread to a worker: the UDP payload of
// media that came in fragments or in HEP.
enum class SignalKind : std::uint8_t { kMessage, kIpFragment, kRtp, kRtcp };

struct SignalMessage {
  std::int64_t time_ns = 0;  // packet time, UTC
  std::uint64_t order = 0;   // arrival order within the capture; breaks ties of time_ns
  Endpoint source{};
  Endpoint destination{};
  RealmId realm = 0;
  std::uint16_t port_index = 0;  // capture port, index into the configuration
  std::uint16_t vlan = 0;        // outermost VLAN id, 0 when untagged
  std::uint16_t ip_id = 0;       // IPv4 identification, 0 for IPv6
  SignalTransport transport = SignalTransport::kUdp;
  SignalKind kind = SignalKind::kMessage;
  bool was_told = false;                  // its beginning came before, as a message that is cut
  std::uint8_t tcp_flags = 0;             // of a segment: TcpFlag bits
  std::uint32_t tcp_sequence = 0;         // of a segment
  std::uint32_t tcp_acknowledgement = 0;  // likewise, with kTcpAck
  std::uint32_t missing_bytes = 0;        // of a segment or media: cut off behind `bytes`
  std::uint32_t length = 0;               // of `bytes`
  std::uint32_t capacity = 0;             // set by the pool
  const std::uint8_t* bytes = nullptr;

  [[nodiscard]] ByteView view() const { return {bytes, length}; }
};

}  // namespace tapdeck
