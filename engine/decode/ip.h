// IPv4, IPv6 with its extension headers, and what they carry, for decode(): UDP with the tunnels in
// it, IP in IP, GRE, ESP that encrypts nothing, and the ports of TCP and SCTP.
// Threads: any.  Memory: none.  Bad input: a class.  RFC 791, RFC 8200, RFC 768, RFC 2003, RFC
// 4213, RFC 4302.
#pragma once

#include "engine/decode/walk.h"

namespace tapdeck::engine {

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

void decode_ipv4(Walk& walk);
void decode_ipv6(Walk& walk);

// By the version in the first nibble.
void decode_ip(Walk& walk);

// What Walk::protocol says.
void decode_protocol(Walk& walk);

}  // namespace tapdeck::engine
