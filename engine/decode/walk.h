// Where decode() stands in a packet, and the steps that its layers take.  Each layer looks at what
// is before it, moves behind its header and names the next layer, or stops with a class.
//
// Threads: any.  Memory: none.  Bad input: stop().
#pragma once

#include <algorithm>

#include "engine/decode/decode.h"

namespace tapdeck::engine {

enum class Layer : std::uint8_t {
  kDone,
  kEthernet,
  kEtherType,  // as Walk::ethertype says
  kPpp,
  kMpls,
  kIpv4,
  kIpv6,
  kIp,        // of either version
  kProtocol,  // as Walk::protocol says
};

struct Walk {
  const DecodeRules& rules;
  Decoded& out;
  ByteView bytes{};        // captured, from the next header on
  std::size_t length = 0;  // of the same on the wire: at least bytes.size()
  Layer next = Layer::kDone;
  std::uint16_t ethertype = 0;
  std::uint8_t protocol = 0;  // as in an IPv4 header
  std::uint32_t depth = 0;    // encapsulations entered
};

inline void stop(Walk& walk, PacketClass packet_class) {
  walk.out.packet_class = packet_class;
  walk.next = Layer::kDone;
}

// False, and the walk has stopped, when fewer than `count` bytes are there: cut by the capture, or
// `malformed` when there never were more.
inline bool has(Walk& walk, std::size_t count, PacketClass malformed) {
  if (walk.bytes.size() >= count) return true;
  stop(walk, walk.length > walk.bytes.size() ? PacketClass::kTruncated : malformed);
  return false;
}

// Precondition: there are `count` bytes.
inline void skip(Walk& walk, std::size_t count) {
  walk.bytes = walk.bytes.subspan(count);
  walk.length -= count;
}

// What follows is `length` bytes long on the wire; anything behind them is padding.
inline void trim(Walk& walk, std::size_t length) {
  walk.length = length;
  walk.bytes = walk.bytes.first(std::min(walk.bytes.size(), length));
}

// One more encapsulation; false, and the walk has stopped, when that is one too many.
inline bool enter(Walk& walk) {
  if (walk.depth++ < walk.rules.depth_max) return true;
  stop(walk, PacketClass::kTooDeep);
  return false;
}

inline void follow(Walk& walk, std::uint16_t ethertype) {
  walk.ethertype = ethertype;
  walk.next = Layer::kEtherType;
}

}  // namespace tapdeck::engine
