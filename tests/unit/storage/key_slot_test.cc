#include "storage/keys.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

TEST(KeySlot, RoundTripAndDamage) {
  KeySlot slot;
  slot.state = KeySlotState::kUsed;
  slot.kind = SegmentKind::kSip;
  slot.id = 77;
  slot.recording = test_uid(3);
  slot.created_us = 123;
  slot.wrapped.bytes[5] = 9;
  const KeySlotBytes bytes = encode_key_slot(slot);
  const auto decoded = decode_key_slot(77, bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(encode_key_slot(*decoded), bytes);
  EXPECT_FALSE(decode_key_slot(78, bytes)) << "a slot copied to another place";
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    KeySlotBytes damaged = bytes;
    damaged[at] ^= 0x40;
    EXPECT_FALSE(decode_key_slot(77, damaged)) << at;
  }
  const KeySlotBytes zeros{};
  ASSERT_TRUE(decode_key_slot(5, zeros));
  EXPECT_EQ(decode_key_slot(5, zeros)->state, KeySlotState::kFree);
}

}  // namespace
}  // namespace tapdeck::storage
