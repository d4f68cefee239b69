// Identities that planes hand each other: the uid of a call (and of its recording), realms,
// addresses. Threads: any; plain values.  Memory: to_string() functions return std::string.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tapdeck {

// 128 bits: 48 bits of UTC milliseconds (big endian) of the call's start, then 80 bits of SHA-256
// over realm, Call-ID, From tag and the time of the first message.  Sorts by start.  Text: 26
// characters of Crockford base32, upper case.
struct Uid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uid&) const = default;

  [[nodiscard]] bool is_nil() const { return *this == Uid{}; }

  [[nodiscard]] std::int64_t start_ms() const;
};

Uid make_uid(std::int64_t start_ms, const std::array<std::uint8_t, 10>& hash);
std::string to_string(const Uid& uid);
std::optional<Uid> parse_uid(std::string_view text);  // exactly 26 characters, either case

// One address plan; 0 is the default realm.  Index into the configured realms.
using RealmId = std::uint16_t;

// IPv4 as ::ffff:a.b.c.d, network order.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const IpAddress&) const = default;
  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] bool is_unspecified() const;  // 0.0.0.0 or ::
};

IpAddress make_ipv4(std::uint32_t host_order);
std::string to_string(const IpAddress& address);           // "192.0.2.1", "2001:db8::1"
std::optional<IpAddress> parse_ip(std::string_view text);  // without brackets or zone

struct Endpoint {
  IpAddress ip{};
  std::uint16_t port = 0;  // host order

  auto operator<=>(const Endpoint&) const = default;
};

std::string to_string(const Endpoint& endpoint);  // "ip:port" or "[v6]:port"
std::optional<Endpoint> parse_endpoint(std::string_view text);

struct UidHash {
  std::size_t operator()(const Uid& uid) const {
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), uid.bytes.data(), sizeof halves);
    // Both count: the second is uniform only where it is a hash, and nobody promises that of uids
    // that are read from a disk or a client.
    const std::uint64_t mixed = halves[0] * 0x9E3779B97F4A7C15;
    return static_cast<std::size_t>(mixed ^ mixed >> 32 ^ halves[1]);
  }
};

}  // namespace tapdeck
