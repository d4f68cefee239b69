// One fragment of an IP packet, and reading its headers.
// Threads: any.  Memory: none; views borrow.  Bad input: false.  RFC 791, RFC 8200.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "model/ids.h"

namespace tapdeck::engine {

// An IP packet with where it came from: a fragment, or the whole made of several.
struct IpPacket {
  ByteView bytes{};  // from the IP header on, as many as that says
  std::int64_t time_ns = 0;
  std::uint64_t order = 0;  // within the capture
  RealmId realm = 0;
  std::uint16_t port_index = 0;
  std::uint16_t vlan = 0;
  bool was_told = false;  // its beginning has been given to a HeadSink before
};

constexpr std::size_t kFragmentBytes = 8;            // of IPv6's header that tells of fragments
constexpr std::size_t kFragmentedBytesMax = 65'535;  // of the payload of all fragments

// What fragments of one packet have in common.  RFC 8200 leaves the protocol out, RFC 791 does not.
struct FragmentKey {
  std::array<std::uint8_t, 16> source{};
  std::array<std::uint8_t, 16> destination{};
  std::uint32_t identification = 0;
  RealmId realm = 0;
  std::uint8_t version = 0;
  std::uint8_t protocol = 0;  // of IPv4
  bool operator==(const FragmentKey&) const = default;
};

static_assert(sizeof(FragmentKey) == 40, "hashed byte by byte: no padding");

struct Fragment {
  FragmentKey key;
  ByteView header{};   // up to the payload, IPv6's fragment header included
  ByteView payload{};  // not empty
  std::uint32_t offset = 0;
  bool more = false;  // fragments follow

  [[nodiscard]] std::uint32_t end() const {
    return offset + static_cast<std::uint32_t>(payload.size());
  }
};

// False for what is no fragment, is not all there or contradicts itself.
bool read_fragment(const IpPacket& packet, Fragment& out);

// Turns the header of a first fragment into that of a whole packet with `payload_bytes` behind it:
// for IPv6 an atomic fragment (RFC 6946).  False when no packet is so long.
bool make_whole(MutableByteView header, std::size_t payload_bytes);

}  // namespace tapdeck::engine
