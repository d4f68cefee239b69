#include "model/ids.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include "base/bytes.h"

namespace tapdeck {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kUidTextLength = 26;
constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

int crockford_value(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const std::size_t at = kCrockford.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

std::int64_t Uid::start_ms() const {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = (ms << 8) | bytes[i];
  return ms;
}

Uid make_uid(std::int64_t start_ms, const std::array<std::uint8_t, 10>& hash) {
  Uid uid;
  for (std::size_t i = 0; i < 6; ++i) {
    uid.bytes[i] = static_cast<std::uint8_t>(start_ms >> (8 * (5 - i)));
  }
  std::copy(hash.begin(), hash.end(), uid.bytes.begin() + 6);
  return uid;
}

std::string to_string(const Uid& uid) {
  // 130 bits of text for 128 of value: the first character carries the top three bits.
  std::string text(kUidTextLength, '0');
  uint128 value = 0;
  for (const std::uint8_t byte : uid.bytes) value = (value << 8) | byte;
  for (std::size_t i = kUidTextLength; i-- > 0; value >>= 5) {
    text[i] = kCrockford[static_cast<std::size_t>(value & 31)];
  }
  return text;
}

std::optional<Uid> parse_uid(std::string_view text) {
  if (text.size() != kUidTextLength || crockford_value(text[0]) > 7) return std::nullopt;
  uint128 value = 0;
  for (const char c : text) {
    const int digit = crockford_value(c);
    if (digit < 0) return std::nullopt;
    value = (value << 5) | static_cast<unsigned>(digit);
  }
  Uid uid;
  for (std::size_t i = 16; i-- > 0; value >>= 8) uid.bytes[i] = static_cast<std::uint8_t>(value);
  return uid;
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

bool IpAddress::is_unspecified() const {
  if (is_v4()) return bytes[12] == 0 && bytes[13] == 0 && bytes[14] == 0 && bytes[15] == 0;
  return *this == IpAddress{};
}

IpAddress make_ipv4(std::uint32_t host_order) {
  IpAddress address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (8 * (3 - i)));
  }
  return address;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.is_v4()) {
    ::inet_ntop(AF_INET, address.bytes.data() + 12, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
  }
  return text;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  char terminated[INET6_ADDRSTRLEN] = {};
  std::memcpy(terminated, text.data(), text.size());
  IpAddress address;
  if (::inet_pton(AF_INET, terminated, address.bytes.data() + 12) == 1) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    return address;
  }
  if (::inet_pton(AF_INET6, terminated, address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string to_string(const Endpoint& endpoint) {
  const std::string port = std::to_string(endpoint.port);
  if (endpoint.ip.is_v4()) return to_string(endpoint.ip) + ":" + port;
  return "[" + to_string(endpoint.ip) + "]:" + port;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address without brackets has no port that can be told apart
  }
  const std::optional<IpAddress> ip = parse_ip(host);
  const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!ip || !port) return std::nullopt;
  return Endpoint{*ip, *port};
}

}  // namespace tapdeck
