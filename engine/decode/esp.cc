#include "engine/decode/esp.h"

#include "engine/decode/ip.h"
#include "engine/decode/plausible.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kEspBytes = 8;
constexpr std::size_t kTrailerBytes = 2;
constexpr std::size_t kPaddingMax = 15;           // to a multiple of 4, or of a cipher's block
constexpr std::size_t kTagBytes[] = {12, 16, 0};  // what authenticates: SHA-1 or MD5, SHA-2, none

// The padding is 1, 2, 3...: chance gives that seldom.
bool is_padding(ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != i + 1) return false;
  }
  return true;
}

bool plausible_payload(ByteView bytes, std::uint8_t protocol) {
  switch (protocol) {
    case kProtocolUdp:
      return bytes.size() >= 8 && load_be<std::uint16_t>(bytes.data() + 4) == bytes.size();
    case kProtocolTcp:
      return bytes.size() >= kTcpBytes && bytes[12] >> 4 >= 5 && (bytes[12] & 0x0e) == 0 &&
             (bytes[12] >> 4) * 4U <= bytes.size();
    case kProtocolIpv4:
      return plausible_ipv4(bytes, bytes.size()) &&
             load_be<std::uint16_t>(bytes.data() + 2) == bytes.size();
    case kProtocolIpv6:
      return plausible_ipv6(bytes, bytes.size()) &&
             load_be<std::uint16_t>(bytes.data() + 4) + std::size_t{40} == bytes.size();
    default: return false;
  }
}

// Goes on with what is inside; false when it is encrypted.  Precondition: all of the packet is
// there.
bool open_null(Walk& walk) {
  const ByteView body = walk.bytes.subspan(kEspBytes);
  for (const std::size_t tag : kTagBytes) {
    if (body.size() < tag + kTrailerBytes) continue;
    const std::size_t end = body.size() - tag - kTrailerBytes;
    const std::size_t padding = body[end];
    const std::uint8_t protocol = body[end + 1];
    if (padding > kPaddingMax || padding > end) continue;
    const ByteView payload = body.first(end - padding);
    if (!is_padding(body.subspan(end - padding, padding))) continue;
    if (!plausible_payload(payload, protocol)) continue;
    skip(walk, kEspBytes);
    trim(walk, payload.size());
    walk.protocol = protocol;
    walk.next = Layer::kProtocol;
    return true;
  }
  return false;
}

// Of UDP on the port of ESP: both ends are on it, or it cannot be RTP, and the sequence number is
// less than letters would be.
bool plausible_esp(const Walk& walk) {
  constexpr std::uint32_t kSequenceMax = 0x20000000;
  const std::uint8_t* header = walk.bytes.data();
  return walk.out.source.port == walk.out.destination.port ||
         (header[0] >> 6 != 2 && load_be<std::uint32_t>(header + 4) < kSequenceMax);
}

}  // namespace

void decode_esp(Walk& walk) {
  if (!enter(walk) || !has(walk, kEspBytes, PacketClass::kMalformedTunnel)) return;
  // The trailer tells, so all of it must be there.
  if (walk.bytes.size() < walk.length || !open_null(walk)) stop(walk, PacketClass::kEsp);
}

bool open_esp_in_udp(Walk& walk) {
  const bool is_keepalive = walk.length == 1 && !walk.bytes.empty() && walk.bytes[0] == 0xff;
  const bool is_ike =
      walk.bytes.size() >= kEspBytes && load_be<std::uint32_t>(walk.bytes.data()) == 0;
  if (is_keepalive || is_ike) {
    stop(walk, PacketClass::kIke);
    return true;
  }
  if (walk.bytes.size() < kEspBytes) return false;
  if (walk.bytes.size() == walk.length && open_null(walk)) {
    static_cast<void>(enter(walk));
    return true;
  }
  if (!plausible_esp(walk)) return false;
  stop(walk, PacketClass::kEsp);
  return true;
}

}  // namespace tapdeck::engine
