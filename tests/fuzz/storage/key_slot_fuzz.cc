// Key slots: any 256 bytes, with and without a right checksum.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/assert.h"
#include "storage/crc32c.h"
#include "storage/keys.h"

using namespace tapdeck;
using namespace tapdeck::storage;

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
  return 0;
}
