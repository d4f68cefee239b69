// Any bytes as an RTP packet of a call: the first two are the payload types of events and of
// RFC 2198.  The header stays, only codes of keys change, but for blocks that do not fit, and no
// packet of events keeps one.  Twice changes no more than once.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "engine/dtmf_mask.h"
#include "engine/rtp/header.h"

using namespace tapdeck;
using namespace tapdeck::engine;

namespace {

constexpr std::size_t kHeaderBytes = 12;

void check_changes(ByteView before, ByteView after, MaskVerdict verdict) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    if (i < kHeaderBytes || after[i] != kMaskedEvent) std::abort();
    if (verdict == MaskVerdict::kDone && before[i] > kLastKeyEvent) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  DtmfTypes types;
  types.events.add(data[0] & 0x7f);
  types.redundant.add(data[1] & 0x7f);
  size -= 2;
  // Of exactly this size, so that a step beyond is seen.
  const auto before = std::make_unique<std::uint8_t[]>(size);
  const auto after = std::make_unique<std::uint8_t[]>(size);
  std::copy_n(data + 2, size, before.get());
  std::copy_n(data + 2, size, after.get());
  const MutableByteView packet{after.get(), size};
  const auto key = newest_key(packet, types);
  if (key && *key > kLastKeyEvent) std::abort();
  const MaskVerdict verdict = mask_dtmf(packet, types);
  check_changes({before.get(), size}, packet, verdict);
  RtpHeader header;
  const auto length = static_cast<std::uint32_t>(size);
  const bool plain = size > kHeaderBytes && (packet[0] & 0x3f) == 0;  // nothing shifts the payload
  if (plain && parse_rtp(packet, length, header) && types.events.has(header.payload_type)) {
    for (std::size_t at = kHeaderBytes; at < size; at += 4) {
      if (packet[at] <= kLastKeyEvent) std::abort();
    }
  }
  // A packet that says it has padding, but none, may lose what passes for its count.
  if (size == 0 || (packet[0] & 0x20) != 0) return 0;
  if (newest_key(packet, types)) std::abort();
  std::memcpy(before.get(), after.get(), size);
  if (mask_dtmf(packet, types) != verdict) std::abort();
  if (std::memcmp(before.get(), after.get(), size) != 0) std::abort();
  return 0;
}
