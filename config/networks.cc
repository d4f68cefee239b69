#include "config/networks.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <string>

namespace tapdeck::config {

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network network;
  std::uint8_t base_bits = 0;
  if (address.find(':') != std::string::npos) {
    if (::inet_pton(AF_INET6, address.c_str(), network.address.data()) != 1) return std::nullopt;
  } else {
    base_bits = 96;
    network.address[10] = network.address[11] = 0xff;
    if (::inet_pton(AF_INET, address.c_str(), network.address.data() + 12) != 1) {
      return std::nullopt;
    }
  }
  if (slash != std::string_view::npos) {
    std::uint8_t bits = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end || bits > 128 - base_bits) return std::nullopt;
    network.prefix_bits = static_cast<std::uint8_t>(base_bits + bits);
  }
  for (std::size_t bit = network.prefix_bits; bit < 128; ++bit) {
    if ((network.address[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  return network;
}

}  // namespace tapdeck::config
