#include "engine/decode/gre.h"

#include "engine/decode/link.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint16_t kChecksum = 0x8000;
constexpr std::uint16_t kRouting = 0x4000;
constexpr std::uint16_t kKey = 0x2000;
constexpr std::uint16_t kSequence = 0x1000;
constexpr std::uint16_t kAcknowledgement = 0x0080;  // of version 1
constexpr std::uint16_t kVersion = 0x0007;
constexpr std::uint16_t kErspan = 0x88be;  // types I and II
constexpr std::uint16_t kErspan3 = 0x22eb;
constexpr std::size_t kErspan2Bytes = 8;
constexpr std::size_t kErspan3Bytes = 12;
constexpr std::size_t kErspan3SubheaderBytes = 8;

// What the tag of the mirrored frame was; the frame itself may have lost it.
void note_erspan_vlan(Walk& walk) {
  note_vlan(walk.out, load_be<std::uint16_t>(walk.bytes.data()) & 0x0fff);
}

void decode_erspan2(Walk& walk) {
  if (!has(walk, kErspan2Bytes, PacketClass::kMalformedTunnel)) return;
  if (walk.bytes[0] >> 4 != 1) return stop(walk, PacketClass::kOtherGre);
  note_erspan_vlan(walk);
  skip(walk, kErspan2Bytes);
  walk.next = Layer::kEthernet;
}

void decode_erspan3(Walk& walk) {
  if (!has(walk, kErspan3Bytes, PacketClass::kMalformedTunnel)) return;
  if (walk.bytes[0] >> 4 != 2) return stop(walk, PacketClass::kOtherGre);
  const auto flags = load_be<std::uint16_t>(walk.bytes.data() + 10);
  const unsigned frame_type = flags >> 10 & 0x1fU;
  note_erspan_vlan(walk);
  skip(walk, kErspan3Bytes);
  if ((flags & 1U) != 0) {
    if (!has(walk, kErspan3SubheaderBytes, PacketClass::kMalformedTunnel)) return;
    skip(walk, kErspan3SubheaderBytes);
  }
  switch (frame_type) {
    case 0: walk.next = Layer::kEthernet; return;
    case 2: walk.next = Layer::kIp; return;
    default: return stop(walk, PacketClass::kOtherGre);
  }
}

void decode_gre_payload(Walk& walk, std::uint16_t type, bool has_sequence) {
  switch (type) {
    case kEtherIpv4:
    case kEtherIpv6:
    case kEtherMpls:
    case kEtherMplsMulticast: return follow(walk, type);
    case kEtherBridged: walk.next = Layer::kEthernet; return;
    case kEtherPpp: walk.next = Layer::kPpp; return;
    case kErspan:
      if (has_sequence) return decode_erspan2(walk);
      walk.next = Layer::kEthernet;  // type I has no header of its own
      return;
    case kErspan3: return decode_erspan3(walk);
    default: return stop(walk, PacketClass::kOtherGre);
  }
}

}  // namespace

void decode_gre(Walk& walk) {
  if (!enter(walk) || !has(walk, 4, PacketClass::kMalformedTunnel)) return;
  const auto flags = load_be<std::uint16_t>(walk.bytes.data());
  const auto type = load_be<std::uint16_t>(walk.bytes.data() + 2);
  const unsigned version = flags & kVersion;
  const bool has_sequence = (flags & kSequence) != 0;
  const bool is_pptp = version == 1 && type == kEtherPpp && (flags & kKey) != 0;
  if ((version != 0 && !is_pptp) || (flags & kRouting) != 0) {
    return stop(walk, PacketClass::kOtherGre);
  }
  const std::size_t key_at = (flags & kChecksum) != 0 ? 8 : 4;
  std::size_t header = key_at + ((flags & kKey) != 0 ? 4 : 0) + (has_sequence ? 4 : 0);
  if (version == 1 && (flags & kAcknowledgement) != 0) header += 4;
  if (!has(walk, header, PacketClass::kMalformedTunnel)) return;
  if (type == kEtherBridged && (flags & kKey) != 0) {
    walk.out.vni = load_be<std::uint32_t>(walk.bytes.data() + key_at) >> 8;  // NVGRE's VSID
  }
  skip(walk, header);
  if (walk.length == 0) return stop(walk, PacketClass::kOtherGre);  // an acknowledgement
  decode_gre_payload(walk, type, has_sequence);
}

}  // namespace tapdeck::engine
