#include "engine/reassembly/fragment.h"

#include "engine/decode/ip_header.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kLengthMax = 65'535;

bool read_ipv4(ByteView bytes, Fragment& out) {
  if (bytes.size() < kIpv4Bytes) return false;
  const std::size_t header = (bytes[0] & 0x0fU) * 4U;
  const std::size_t total = load_be<std::uint16_t>(bytes.data() + 2);
  const auto field = load_be<std::uint16_t>(bytes.data() + 6);
  if (header < kIpv4Bytes || total <= header || total > bytes.size()) return false;
  std::memcpy(out.key.source.data(), bytes.data() + 12, 4);
  std::memcpy(out.key.destination.data(), bytes.data() + 16, 4);
  out.key.identification = load_be<std::uint16_t>(bytes.data() + 4);
  out.key.version = 4;
  out.key.protocol = bytes[9];
  out.header = bytes.first(header);
  out.payload = bytes.subspan(header, total - header);
  out.offset = (field & 0x1fffU) * 8U;
  out.more = (field & 0x2000) != 0;
  return true;
}

// Where the fragment header is; 0 when there is none.
std::size_t find_fragment_header(ByteView bytes) {
  std::uint8_t next = bytes[6];
  std::size_t at = kIpv6Bytes;
  for (int count = 0; count < kExtensionsMax && at + kFragmentBytes <= bytes.size(); ++count) {
    if (next == kProtocolFragment) return at;
    const bool may_precede = next == kProtocolHopByHop || next == kProtocolRouting ||
                             next == kProtocolDestinationOptions;
    if (!may_precede) return 0;
    next = bytes[at];
    at += (bytes[at + 1] + std::size_t{1}) * 8;
  }
  return 0;
}

bool read_ipv6(ByteView bytes, Fragment& out) {
  if (bytes.size() < kIpv6Bytes) return false;
  const std::size_t total = kIpv6Bytes + load_be<std::uint16_t>(bytes.data() + 4);
  if (total > bytes.size()) return false;
  bytes = bytes.first(total);
  const std::size_t at = find_fragment_header(bytes);
  if (at == 0 || at + kFragmentBytes >= total) return false;
  const auto field = load_be<std::uint16_t>(bytes.data() + at + 2);
  std::memcpy(out.key.source.data(), bytes.data() + 8, 16);
  std::memcpy(out.key.destination.data(), bytes.data() + 24, 16);
  out.key.identification = load_be<std::uint32_t>(bytes.data() + at + 4);
  out.key.version = 6;
  out.header = bytes.first(at + kFragmentBytes);
  out.payload = bytes.subspan(at + kFragmentBytes);
  out.offset = field & 0xfff8U;
  out.more = (field & 1U) != 0;
  return true;
}

}  // namespace

bool read_fragment(const IpPacket& packet, Fragment& out) {
  out = Fragment{};
  out.key.realm = packet.realm;
  if (packet.bytes.empty()) return false;
  const unsigned version = packet.bytes[0] >> 4;
  const bool read = version == 4   ? read_ipv4(packet.bytes, out)
                    : version == 6 ? read_ipv6(packet.bytes, out)
                                   : false;
  if (!read || (out.offset == 0 && !out.more)) return false;
  // Only the last may be of a length that is no multiple of eight.
  if (out.more && out.payload.size() % 8 != 0) return false;
  return out.end() <= kFragmentedBytesMax;
}

bool make_whole(MutableByteView header, std::size_t payload_bytes) {
  if (header[0] >> 4 == 4) {
    const std::size_t total = header.size() + payload_bytes;
    if (total > kLengthMax) return false;
    store_be(header.data() + 2, static_cast<std::uint16_t>(total));
    const auto field = load_be<std::uint16_t>(header.data() + 6);
    store_be(header.data() + 6, static_cast<std::uint16_t>(field & 0x4000));
    return true;
  }
  const std::size_t length = header.size() - kIpv6Bytes + payload_bytes;
  if (length > kLengthMax) return false;
  store_be(header.data() + 4, static_cast<std::uint16_t>(length));
  store_be(header.data() + header.size() - 6, std::uint16_t{0});
  return true;
}

}  // namespace tapdeck::engine
