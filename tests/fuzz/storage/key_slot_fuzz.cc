// Key slots, any 256 bytes, and lists of them, any bytes: with and without a right checksum.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "storage/crc32c.h"
#include "storage/keys.h"

using namespace tapdeck;
using namespace tapdeck::storage;

namespace {

void take_list(ByteView input) {
  decode_key_list(input);
  std::vector<std::uint8_t> bytes(input.begin(), input.end());
  bytes.resize(bytes.size() / 4 * 4);
  if (bytes.size() < 12) return;
  const std::vector<std::uint8_t> empty = encode_key_list({});
  std::memcpy(bytes.data(), empty.data(), 4);
  store_le(bytes.data() + 4, static_cast<std::uint32_t>((bytes.size() - 12) / 4));
  store_le(bytes.data() + bytes.size() - 4, crc32c({bytes.data(), bytes.size() - 4}));
  const auto slots = decode_key_list(bytes);
  TD_ASSERT(!slots || encode_key_list(*slots) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  decode_key_slot(1, {data, size});
  KeySlotBytes bytes{};
  std::memcpy(bytes.data(), data, std::min(size, bytes.size()));
  store_le(bytes.data() + 252, crc32c({bytes.data(), 252}));
  const auto slot = decode_key_slot(1, bytes);
  if (slot && slot->state == KeySlotState::kUsed) {
    const auto again = decode_key_slot(1, encode_key_slot(*slot));
    TD_ASSERT(again && again->recording == slot->recording && again->kind == slot->kind);
  }
  take_list({data, size});
  return 0;
}
