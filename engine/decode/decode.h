// From a raw frame to the innermost UDP payload with its addresses, or to the class of everything
// else.  Opens Ethernet, Linux cooked v1 and v2, raw IP, BSD null/loop, ERF, PPP, Cisco's HDLC,
// 802.11, NFLOG and PFLOG; LLC with SNAP, 802.1Q and 802.1ad tags, MPLS, PPPoE, GRE, ERSPAN, VXLAN,
// GENEVE, GTP-U, IP in IP; in any order, up to a depth.
// Checksums are not looked at: captures on the sending host carry unfinished ones.
//
// Threads: any.  Memory: none; views borrow from the frame.  Bad input: a class, never an error.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "engine/counters.h"
#include "engine/decode/rules.h"
#include "model/ids.h"

namespace tapdeck::engine {

constexpr std::uint32_t kNoVni = ~std::uint32_t{0};

struct Decoded {
  // Meaningful when is_udp is false; the classes of UDP payloads come from classify_udp(), those
  // of TCP and SCTP from classify_stream().
  PacketClass packet_class = PacketClass::kMalformedLink;
  bool is_udp = false;
  std::uint8_t fragment_protocol = 0;  // of a fragment: what its datagram carries
  std::uint16_t vlan = 0;              // outermost id at any depth, 0 when untagged
  std::uint16_t inner_vlan = 0;        // innermost id; `vlan` when there is one tag
  std::uint32_t vni = kNoVni;          // innermost VXLAN or GENEVE VNI, or NVGRE VSID
  Endpoint source{};                   // innermost
  Endpoint destination{};
  // What was captured of the UDP or TCP payload; of SCTP what follows its first header; of a
  // fragment the IP packet with its header.
  ByteView payload{};
  std::uint32_t payload_length = 0;  // on the wire
  std::uint16_t ip_id = 0;           // IPv4 identification
  bool is_tcp = false;               // of class kTcp; the payload is the segment's
  std::uint8_t tcp_flags = 0;        // TcpFlag bits (model/signal.h)
  std::uint32_t tcp_sequence = 0;
  std::uint32_t tcp_acknowledgement = 0;
};

struct FrameView {
  ByteView bytes;
  std::uint32_t original_length = 0;  // on the wire; taken as bytes.size() when less
  std::uint16_t link_type = 1;
};

// Sets all of `out`.
void decode(const FrameView& captured, const DecodeRules& rules, Decoded& out);

// The same for an IP packet of either version whose link header is not at hand: a reassembled one.
void decode_ip_packet(ByteView packet, const DecodeRules& rules, Decoded& out);

}  // namespace tapdeck::engine
