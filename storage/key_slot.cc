// The bytes of a key slot: docs/formats/keys.md.
#include <algorithm>
#include <cstring>

#include "storage/crc32c.h"
#include "storage/keys.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kSlotMagic = 0x314b'4454U;  // "TDK1"

}  // namespace

KeySlotBytes encode_key_slot(const KeySlot& slot) {
  KeySlotBytes bytes{};
  std::uint8_t* at = bytes.data();
  store_le(at, kSlotMagic);
  at[4] = static_cast<std::uint8_t>(slot.state);
  at[5] = static_cast<std::uint8_t>(slot.kind);
  store_le(at + 8, slot.id);
  store_le(at + 16, static_cast<std::uint64_t>(slot.created_us));
  std::memcpy(at + 24, slot.recording.bytes.data(), 16);
  std::memcpy(at + 40, slot.wrapped.nonce.data(), kNonceBytes);
  std::memcpy(at + 52, slot.wrapped.tag.data(), kTagBytes);
  std::memcpy(at + 68, slot.wrapped.bytes.data(), kWrappedKeyBytes);
  store_le(at + kKeySlotBytes - 4, crc32c({at, kKeySlotBytes - 4}));
  return bytes;
}

std::optional<KeySlot> decode_key_slot(std::uint32_t id, ByteView bytes) {
  if (bytes.size() < kKeySlotBytes) return std::nullopt;
  const std::uint8_t* at = bytes.data();
  KeySlot slot;
  slot.id = id;
  if (std::all_of(at, at + kKeySlotBytes, [](std::uint8_t byte) { return byte == 0; })) {
    return slot;
  }
  if (load_le<std::uint32_t>(at) != kSlotMagic || load_le<std::uint32_t>(at + 8) != id ||
      at[4] > static_cast<std::uint8_t>(KeySlotState::kDestroyed) || at[5] < 1 || at[5] > 2 ||
      load_le<std::uint32_t>(at + kKeySlotBytes - 4) != crc32c({at, kKeySlotBytes - 4})) {
    return std::nullopt;
  }
  slot.state = static_cast<KeySlotState>(at[4]);
  slot.kind = static_cast<SegmentKind>(at[5]);
  slot.created_us = static_cast<std::int64_t>(load_le<std::uint64_t>(at + 16));
  std::memcpy(slot.recording.bytes.data(), at + 24, 16);
  std::memcpy(slot.wrapped.nonce.data(), at + 40, kNonceBytes);
  std::memcpy(slot.wrapped.tag.data(), at + 52, kTagBytes);
  std::memcpy(slot.wrapped.bytes.data(), at + 68, kWrappedKeyBytes);
  return slot;
}

}  // namespace tapdeck::storage
