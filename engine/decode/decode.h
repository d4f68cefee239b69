// From a raw frame to a UDP payload with its addresses, or to the class of everything else.
// Ethernet with 802.1Q tags, Linux cooked v1 and v2, raw IP, BSD null/loop; IPv4, IPv6 with
// extension headers; UDP.  Checksums are not looked at: captures on the sending host carry
// unfinished ones.
//
// Threads: any.  Memory: none; the payload borrows from the frame.  Bad input: a class, never an
// error.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "engine/counters.h"
#include "model/ids.h"

namespace tapdeck::engine {

struct Decoded {
  // Meaningful when is_udp is false; the classes of UDP payloads come from classify_udp().
  PacketClass packet_class = PacketClass::kMalformedLink;
  bool is_udp = false;
  std::uint16_t vlan = 0;  // outermost id, 0 when untagged
  Endpoint source{};
  Endpoint destination{};
  ByteView payload{};                // what was captured of the UDP or TCP payload
  std::uint32_t payload_length = 0;  // on the wire
  std::uint16_t ip_id = 0;           // IPv4 identification
  bool is_tcp = false;               // of class kTcp; the payload is the segment's
  std::uint8_t tcp_flags = 0;        // TcpFlag bits (model/signal.h)
  std::uint32_t tcp_sequence = 0;
};

struct FrameView {
  ByteView bytes;
  std::uint32_t original_length = 0;  // on the wire; taken as bytes.size() when less
  std::uint16_t link_type = 1;
};

// Sets all of `out`.
void decode(const FrameView& captured, Decoded& out);

}  // namespace tapdeck::engine
