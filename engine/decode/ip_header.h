// What all who read IP headers have to know of them: lengths without what is optional, the numbers
// of protocols and of IPv6's extension headers, and IPv4 addresses as model/ids.h has them.
// Threads: any.  Memory: none.  RFC 791, RFC 8200, RFC 9293.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace tapdeck::engine {

constexpr std::size_t kIpv4Bytes = 20;
constexpr std::size_t kIpv6Bytes = 40;
constexpr std::size_t kTcpBytes = 20;
constexpr int kExtensionsMax = 8;  // extension headers that are followed

constexpr std::uint8_t kProtocolHopByHop = 0;
constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kProtocolIpv4 = 4;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint8_t kProtocolIpv6 = 41;
constexpr std::uint8_t kProtocolRouting = 43;
constexpr std::uint8_t kProtocolFragment = 44;
constexpr std::uint8_t kProtocolGre = 47;
constexpr std::uint8_t kProtocolEsp = 50;
constexpr std::uint8_t kProtocolAuthentication = 51;
constexpr std::uint8_t kProtocolIcmp6 = 58;
constexpr std::uint8_t kProtocolDestinationOptions = 60;
constexpr std::uint8_t kProtocolSctp = 132;
constexpr std::uint8_t kProtocolMpls = 137;

// ::ffff:a.b.c.d, in two stores.
inline std::array<std::uint8_t, 16> mapped_ipv4(const std::uint8_t* address) {
  std::array<std::uint8_t, 16> out;
  store_le(out.data(), std::uint64_t{0});
  store_le(out.data() + 8,
           std::uint64_t{0xffff0000} | std::uint64_t{load_le<std::uint32_t>(address)} << 32);
  return out;
}

}  // namespace tapdeck::engine
