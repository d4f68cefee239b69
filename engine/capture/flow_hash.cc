#include "engine/capture/flow_hash.h"

#include <array>

#include <rte_thash.h>

namespace tapdeck::engine {
namespace {

constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint8_t kFragmentHeader = 44;
constexpr unsigned kVlanTagsMax = 4;
constexpr unsigned kExtensionsMax = 8;

// The key with a period of 16 bits makes the Toeplitz hash symmetric: swapping source and
// destination moves equal words by multiples of 16 bits.  40 bytes serve IPv6 with ports (36).
constexpr std::array<std::uint8_t, 40> make_symmetric_key() {
  std::array<std::uint8_t, 40> key{};
  for (std::size_t i = 0; i < key.size(); i += 2) {
    key[i] = 0x6d;
    key[i + 1] = 0x5a;
  }
  return key;
}

// rte_softrss_be() wants the key's words converted, which is done once, here.
constexpr std::array<std::uint8_t, 40> convert_key(std::array<std::uint8_t, 40> key) {
  std::array<std::uint8_t, 40> out{};
  for (std::size_t i = 0; i < key.size(); ++i) out[i] = key[(i & ~std::size_t{3}) + 3 - (i & 3)];
  return out;
}

alignas(4) constexpr std::array<std::uint8_t, 40> kKey = convert_key(make_symmetric_key());

constexpr std::size_t kTupleWordsMax = 9;

// The words of the hash in host order, as rte_softrss_be() takes them.
struct Tuple {
  std::array<std::uint32_t, kTupleWordsMax> words{};
  std::uint32_t count = 0;

  void add_words(ByteView bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 4) {
      words[count++] = load_be<std::uint32_t>(bytes.data() + i);
    }
  }

  void add_ports(std::uint8_t protocol, Cursor at) {
    if (protocol != kProtocolTcp && protocol != kProtocolUdp) return;
    const auto ports = at.read_be<std::uint32_t>();
    if (!at.failed()) words[count++] = ports;
  }
};

// The Ethernet type behind VLAN tags.
std::uint16_t skip_vlan_tags(std::uint16_t type, Cursor& at) {
  for (unsigned i = 0; i < kVlanTagsMax; ++i) {
    if (type != 0x8100 && type != 0x88a8 && type != 0x9100) break;
    at.skip(2);
    type = at.read_be<std::uint16_t>();
  }
  return type;
}

// Moves to the IP header; its Ethernet type, or 0.
std::uint16_t skip_link(std::uint16_t link_type, Cursor& at) {
  switch (link_type) {
    case 1: {
      at.skip(12);
      const auto type = at.read_be<std::uint16_t>();
      return skip_vlan_tags(type, at);
    }
    case 113: {
      at.skip(14);
      const auto type = at.read_be<std::uint16_t>();
      return skip_vlan_tags(type, at);
    }
    case 276: {
      const auto type = at.read_be<std::uint16_t>();
      at.skip(18);
      return skip_vlan_tags(type, at);
    }
    case 0:
    case 108: at.skip(4); [[fallthrough]];  // the family number differs by system
    case 12:
    case 14:
    case 101:
    case 228:
    case 229: {
      Cursor ahead = at;
      const unsigned version = ahead.read_be<std::uint8_t>() >> 4;
      return version == 4 ? kTypeIpv4 : version == 6 ? kTypeIpv6 : std::uint16_t{0};
    }
    default: return 0;
  }
}

bool read_ipv4(Cursor at, Tuple& tuple) {
  Cursor options = at;
  const auto first = at.read_be<std::uint8_t>();
  at.skip(5);
  const auto fragment = at.read_be<std::uint16_t>();
  at.skip(1);
  const auto protocol = at.read_be<std::uint8_t>();
  at.skip(2);
  const ByteView addresses = at.read_bytes(8);
  const std::size_t header_bytes = std::size_t{first & 0x0fU} * 4;
  if (at.failed() || first >> 4 != 4 || header_bytes < 20) return false;
  tuple.add_words(addresses);
  options.skip(header_bytes);
  // More fragments, or an offset: the ports are only in the first, so none of them counts.
  if ((fragment & 0x3fffU) == 0) tuple.add_ports(protocol, options);
  return true;
}

bool read_ipv6(Cursor at, Tuple& tuple) {
  const auto first = at.read_be<std::uint8_t>();
  at.skip(5);
  auto next = at.read_be<std::uint8_t>();
  at.skip(1);
  const ByteView addresses = at.read_bytes(32);
  if (at.failed() || first >> 4 != 6) return false;
  tuple.add_words(addresses);
  for (unsigned i = 0; i < kExtensionsMax; ++i) {
    const bool is_extension = next == 0 || next == 43 || next == 60;
    if (!is_extension) break;
    next = at.read_be<std::uint8_t>();
    const auto length = at.read_be<std::uint8_t>();
    at.skip(6 + std::size_t{length} * 8);
  }
  // Fragments (44) hash on addresses only, as they have no port number here; one that is the whole
  // packet (RFC 6946) is no fragment.
  if (next == kFragmentHeader) {
    next = at.read_be<std::uint8_t>();
    at.skip(1);
    const auto field = at.read_be<std::uint16_t>();
    at.skip(4);
    if ((field & 0xfff9U) != 0) return true;
  }
  tuple.add_ports(next, at);
  return true;
}

}  // namespace

std::optional<std::uint32_t> flow_hash(std::uint16_t link_type, ByteView packet) {
  Cursor at(packet);
  const std::uint16_t type = skip_link(link_type, at);
  Tuple tuple;
  const bool is_ip = type == kTypeIpv4   ? read_ipv4(at, tuple)
                     : type == kTypeIpv6 ? read_ipv6(at, tuple)
                                         : false;
  if (!is_ip) return std::nullopt;
  return ::rte_softrss_be(tuple.words.data(), tuple.count, kKey.data());
}

std::uint32_t choose_queue(std::uint16_t link_type, ByteView packet, std::uint32_t queue_count) {
  if (queue_count <= 1) return 0;
  const std::optional<std::uint32_t> hash = flow_hash(link_type, packet);
  if (!hash) return 0;
  // The symmetric key leaves both halves of the hash equal, so they are mixed before they count.
  const std::uint32_t mixed = (*hash & 0xffffU) * 0x9e3779b1U;
  return static_cast<std::uint32_t>(std::uint64_t{mixed} * queue_count >> 32);
}

}  // namespace tapdeck::engine
