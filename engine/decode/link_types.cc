#include "engine/decode/link_types.h"

#include "engine/decode/link.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kCookedBytes = 16;
constexpr std::size_t kCooked2Bytes = 20;
constexpr std::uint16_t kCookedLlc = 4;  // where others have an EtherType
constexpr std::size_t kErfBytes = 16;
constexpr std::size_t kErfExtensionBytes = 8;
constexpr int kErfExtensionsMax = 8;
constexpr std::size_t kCiscoBytes = 4;
constexpr std::uint8_t kCiscoUnicast = 0x0f;
constexpr std::uint8_t kCiscoMulticast = 0x8f;
constexpr std::size_t kIeee80211Bytes = 24;
constexpr std::size_t kRadiotapBytes = 8;
constexpr int kRadiotapWordsMax = 8;
constexpr std::size_t kNflogBytes = 4;
constexpr std::size_t kNflogValueBytes = 4;
constexpr std::uint16_t kNflogPayload = 9;
constexpr int kNflogValuesMax = 32;

// Moves behind a link header of `size` bytes, of which the EtherType is at `type_at`.
void decode_cooked(Walk& walk, std::size_t size, std::size_t type_at) {
  if (!has(walk, size, PacketClass::kMalformedLink)) return;
  const auto type = load_be<std::uint16_t>(walk.bytes.data() + type_at);
  skip(walk, size);
  if (type == kCookedLlc) return decode_llc(walk);
  follow(walk, type);
}

// BSD loopback: the address family in the capturing host's byte order (null) or network order
// (loop).  IPv6 has a number per system.
void decode_family(Walk& walk) {
  if (!has(walk, 4, PacketClass::kMalformedLink)) return;
  std::uint32_t family = load_be<std::uint32_t>(walk.bytes.data());
  if (family > 0xffff) family = load_le<std::uint32_t>(walk.bytes.data());
  skip(walk, 4);
  switch (family) {
    case 2: walk.next = Layer::kIpv4; return;
    case 10:
    case 24:
    case 28:
    case 30: walk.next = Layer::kIpv6; return;
    default: return stop(walk, PacketClass::kOtherEthertype);
  }
}

// Endace's record: its header, extensions as long as their first bit says so, and for Ethernet two
// bytes of alignment.
void decode_erf(Walk& walk) {
  if (!has(walk, kErfBytes, PacketClass::kMalformedLink)) return;
  const std::uint8_t type = walk.bytes[8];
  const std::size_t wire_length = load_be<std::uint16_t>(walk.bytes.data() + 14);
  bool more = (type & 0x80) != 0;
  skip(walk, kErfBytes);
  for (int count = 0; more; ++count) {
    if (count == kErfExtensionsMax) return stop(walk, PacketClass::kMalformedLink);
    if (!has(walk, kErfExtensionBytes, PacketClass::kMalformedLink)) return;
    more = (walk.bytes[0] & 0x80) != 0;
    skip(walk, kErfExtensionBytes);
  }
  switch (type & 0x7f) {
    case 2:     // Ethernet
    case 11:    // the same with a colour
    case 16:    // the same with a counter
    case 20: {  // the same with both
      if (!has(walk, 2, PacketClass::kMalformedLink)) return;
      skip(walk, 2);
      // The record may be padded; the wire's length counts the check sequence, too.
      if (wire_length < walk.length) trim(walk, wire_length);
      walk.next = Layer::kEthernet;
      return;
    }
    case 22:  // IPv4
    case 23: walk.next = Layer::kIp; return;
    default: return stop(walk, PacketClass::kOtherEthertype);
  }
}

// Cisco's HDLC: address, control, and an EtherType.
void decode_cisco(Walk& walk) {
  if (!has(walk, kCiscoBytes, PacketClass::kMalformedLink)) return;
  follow(walk, load_be<std::uint16_t>(walk.bytes.data() + 2));
  skip(walk, kCiscoBytes);
}

// PPP or Cisco's HDLC, as the address says.
void decode_serial(Walk& walk) {
  if (!has(walk, 1, PacketClass::kMalformedLink)) return;
  const std::uint8_t address = walk.bytes[0];
  if (address == kCiscoUnicast || address == kCiscoMulticast) return decode_cisco(walk);
  walk.next = Layer::kPpp;
}

void decode_directed_ppp(Walk& walk) {
  if (!has(walk, 1, PacketClass::kMalformedLink)) return;
  skip(walk, 1);
  walk.next = Layer::kPpp;
}

// A frame of 802.11 with data in it: alone, whole, and readable.  Where `is_padded` the header is
// followed by zeroes up to a multiple of four.
void decode_80211(Walk& walk, bool is_padded) {
  if (!has(walk, kIeee80211Bytes, PacketClass::kMalformedLink)) return;
  const std::uint8_t* header = walk.bytes.data();
  const std::uint8_t kind = header[0];
  const std::uint8_t flags = header[1];
  const bool has_data = (kind & 0x4f) == 0x08;  // version 0, data, and not its null kind
  const bool is_qos = (kind & 0x80) != 0;
  const bool is_fragment = (flags & 0x04) != 0 || (header[22] & 0x0f) != 0;
  const bool is_protected = (flags & 0x40) != 0;
  if (!has_data || is_fragment || is_protected) return stop(walk, PacketClass::kOtherEthertype);
  const std::size_t qos_at = kIeee80211Bytes + ((flags & 0x03) == 0x03 ? 6U : 0U);
  std::size_t size = qos_at;
  if (is_qos) size += (flags & 0x80) != 0 ? 6U : 2U;  // with HT control
  if (is_padded) size = (size + 3) & ~std::size_t{3};
  if (!has(walk, size, PacketClass::kMalformedLink)) return;
  const bool is_aggregate = is_qos && (header[qos_at] & 0x80) != 0;
  if (is_aggregate) return stop(walk, PacketClass::kOtherEthertype);
  skip(walk, size);
  decode_llc(walk);
}

// Of what a radio tells of a frame only the flags matter: padding, and a wrong check sequence.
void decode_radiotap(Walk& walk) {
  if (!has(walk, kRadiotapBytes, PacketClass::kMalformedLink)) return;
  const std::size_t size = load_le<std::uint16_t>(walk.bytes.data() + 2);
  if (walk.bytes[0] != 0 || size < kRadiotapBytes) return stop(walk, PacketClass::kMalformedLink);
  if (!has(walk, size, PacketClass::kMalformedLink)) return;
  const ByteView header = walk.bytes.first(size);
  const auto present = load_le<std::uint32_t>(header.data() + 4);
  std::size_t at = 4;
  for (int words = 0; (load_le<std::uint32_t>(header.data() + at) & 0x80000000) != 0; ++words) {
    at += 4;
    if (words == kRadiotapWordsMax || at + 4 > size) return stop(walk, PacketClass::kMalformedLink);
  }
  at += 4;
  if ((present & 1U) != 0) at = ((at + 7) & ~std::size_t{7}) + 8;  // a time of eight bytes
  const bool has_flags = (present & 2U) != 0;
  if (has_flags && at >= size) return stop(walk, PacketClass::kMalformedLink);
  const std::uint8_t flags = has_flags ? header[at] : std::uint8_t{0};
  if ((flags & 0x40) != 0) return stop(walk, PacketClass::kMalformedLink);
  skip(walk, size);
  decode_80211(walk, (flags & 0x20) != 0);
}

// What Linux's packet filter logs: values with length and type, in the byte order of the host that
// did, of which one is the IP packet.
void decode_nflog(Walk& walk) {
  if (!has(walk, kNflogBytes, PacketClass::kMalformedLink)) return;
  skip(walk, kNflogBytes);
  for (int count = 0; count < kNflogValuesMax; ++count) {
    if (!has(walk, kNflogValueBytes, PacketClass::kMalformedLink)) return;
    const std::uint8_t* value = walk.bytes.data();
    // Types are small numbers, so their zero byte tells the order.
    const bool is_little = value[3] == 0;
    const std::size_t length =
        is_little ? load_le<std::uint16_t>(value) : load_be<std::uint16_t>(value);
    const std::uint16_t type =
        is_little ? load_le<std::uint16_t>(value + 2) : load_be<std::uint16_t>(value + 2);
    if (length < kNflogValueBytes || length > walk.length) break;
    if (type == kNflogPayload) {
      skip(walk, kNflogValueBytes);
      trim(walk, length - kNflogValueBytes);
      walk.next = Layer::kIp;
      return;
    }
    const std::size_t step = (length + 3) & ~std::size_t{3};
    if (!has(walk, step, PacketClass::kMalformedLink)) return;
    skip(walk, step);
  }
  stop(walk, PacketClass::kMalformedLink);
}

// What OpenBSD's packet filter logs: a header that begins with its length, then the IP packet.
void decode_pflog(Walk& walk) {
  if (!has(walk, 1, PacketClass::kMalformedLink)) return;
  const std::size_t size = (walk.bytes[0] + std::size_t{3}) & ~std::size_t{3};
  if (size < 4) return stop(walk, PacketClass::kMalformedLink);
  if (!has(walk, size, PacketClass::kMalformedLink)) return;
  skip(walk, size);
  walk.next = Layer::kIp;
}

}  // namespace

void decode_link(Walk& walk, LinkType link_type) {
  switch (link_type) {
    case LinkType::kEthernet: return decode_ethernet(walk);
    case LinkType::kLinuxCooked: return decode_cooked(walk, kCookedBytes, 14);
    case LinkType::kLinuxCooked2: return decode_cooked(walk, kCooked2Bytes, 0);
    case LinkType::kRaw:
    case LinkType::kRawBsd:
    case LinkType::kRawOpenBsd:
    case LinkType::kIpv4:
    case LinkType::kIpv6: walk.next = Layer::kIp; return;
    case LinkType::kNull:
    case LinkType::kLoop: return decode_family(walk);
    case LinkType::kErf: return decode_erf(walk);
    case LinkType::kPpp: walk.next = Layer::kPpp; return;
    case LinkType::kPppSerial: return decode_serial(walk);
    case LinkType::kPppEthernet: return decode_pppoe(walk);
    case LinkType::kPppDirected: return decode_directed_ppp(walk);
    case LinkType::kCiscoHdlc: return decode_cisco(walk);
    case LinkType::kIeee80211: return decode_80211(walk, false);
    case LinkType::kRadiotap: return decode_radiotap(walk);
    case LinkType::kNflog: return decode_nflog(walk);
    case LinkType::kPflog: return decode_pflog(walk);
  }
  stop(walk, PacketClass::kMalformedLink);
}

}  // namespace tapdeck::engine
