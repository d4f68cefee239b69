// Address ranges as the configuration writes them: "192.0.2.0/24", "192.0.2.7", "2001:db8::/32".
// Threads: any.  Memory: none.  Bad texts: nothing is returned.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tapdeck::config {

struct Network {
  std::array<std::uint8_t, 16> address{};  // network order, IPv4 as ::ffff:a.b.c.d; bits behind
                                           // the prefix are zero
  std::uint8_t prefix_bits = 128;          // of all 128: "0.0.0.0/0" has 96

  auto operator<=>(const Network&) const = default;
};

// Also nothing where an address has bits behind its prefix: "192.0.2.1/24" is a mistake.
std::optional<Network> parse_network(std::string_view text);

}  // namespace tapdeck::config
