// Wraps bytes into one header at a time, from the inside to the outside, for tests of tunnels:
//   ethernet(0x0800, ipv4(17, udp(4789, vxlan(7, inner_frame))))
// Lengths are right, checksums zero.  Header only, without DPDK.
// Threads: any.  Memory: a std::vector per call.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "tests/support/packet_builder.h"

namespace tapdeck::testing {

using Bytes = std::vector<std::uint8_t>;

inline Bytes wrap(Bytes head, const Bytes& rest) {
  head.insert(head.end(), rest.begin(), rest.end());
  return head;
}

inline std::uint8_t high(std::size_t value) { return static_cast<std::uint8_t>(value >> 8); }

inline std::uint8_t low(std::size_t value) { return static_cast<std::uint8_t>(value); }

inline Bytes ethernet(std::uint16_t type, const Bytes& payload) {
  return wrap({2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, high(type), low(type)}, payload);
}

// Behind an EtherType of 0x8100 or 0x88a8.
inline Bytes vlan(std::uint16_t id, std::uint16_t type, const Bytes& payload) {
  return wrap({high(id), low(id), high(type), low(type)}, payload);
}

inline Bytes ipv4(std::uint8_t protocol, const Bytes& payload, std::uint8_t host = 1) {
  const std::size_t total = 20 + payload.size();
  return wrap({0x45, 0, high(total), low(total), 0, 0,    0,  0, 64, protocol,
               0,    0, 10,          0,          0, host, 10, 0, 1,  host},
              payload);
}

inline Bytes ipv6(std::uint8_t protocol, const Bytes& payload) {
  Bytes head{0x60, 0, 0, 0, high(payload.size()), low(payload.size()), protocol, 64};
  for (std::uint8_t end = 1; end <= 2; ++end) {
    head.insert(head.end(), {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, end});
  }
  return wrap(std::move(head), payload);
}

inline Bytes udp(std::uint16_t port, const Bytes& payload) {
  const std::size_t length = 8 + payload.size();
  return wrap({0x9c, 0x40, high(port), low(port), high(length), low(length), 0, 0}, payload);
}

inline Bytes mpls(std::uint32_t label, bool bottom, const Bytes& payload) {
  return wrap({static_cast<std::uint8_t>(label >> 12),
               static_cast<std::uint8_t>(label >> 4),
               static_cast<std::uint8_t>((label & 15U) << 4 | (bottom ? 1U : 0U)),
               64},
              payload);
}

// Session 0x1234; `payload` begins with PPP's protocol.
inline Bytes pppoe(const Bytes& payload) {
  return wrap({0x11, 0, 0x12, 0x34, high(payload.size()), low(payload.size())}, payload);
}

inline Bytes gre(std::uint16_t flags, std::uint16_t type, const Bytes& options, const Bytes& rest) {
  return wrap(wrap({high(flags), low(flags), high(type), low(type)}, options), rest);
}

inline Bytes vxlan(std::uint32_t vni, const Bytes& frame, std::uint8_t flags = 8) {
  return wrap({flags, 0, 0, 0, low(vni >> 16), high(vni), low(vni), 0}, frame);
}

// `options` is a multiple of four bytes long.
inline Bytes geneve(std::uint32_t vni,
                    std::uint16_t type,
                    const Bytes& options,
                    const Bytes& payload) {
  return wrap(wrap({low(options.size() / 4),
                    0,
                    high(type),
                    low(type),
                    low(vni >> 16),
                    high(vni),
                    low(vni),
                    0},
                   options),
              payload);
}

// `options` is what follows the first eight bytes as `flags` says.
inline Bytes gtp(std::uint8_t flags,
                 std::uint8_t message,
                 const Bytes& options,
                 const Bytes& payload) {
  const std::size_t length = options.size() + payload.size();
  return wrap(
      wrap(
          {static_cast<std::uint8_t>(0x30 | flags), message, high(length), low(length), 0, 0, 0, 9},
          options),
      payload);
}

inline Bytes in_udp(std::uint16_t port, const Bytes& payload) {
  return ethernet(0x0800, ipv4(17, udp(port, payload)));
}

// What is to be found at the end of every tunnel: UDP from 10.0.0.7:40000 to 10.0.1.7:5004 that
// says "hello".
inline Bytes hello_packet() { return ipv4(17, udp(5'004, {'h', 'e', 'l', 'l', 'o'}), 7); }

inline Bytes hello_frame() { return ethernet(0x0800, hello_packet()); }

}  // namespace tapdeck::testing
