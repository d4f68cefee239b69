// Seeds of tables that who chooses addresses or numbers must not aim at.
// Threads: any.  Memory: none.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "storage/crypto.h"

namespace tapdeck::apps {

inline std::uint64_t random_seed() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  storage::random_bytes(bytes);
  return load_le<std::uint64_t>(bytes.data());
}

}  // namespace tapdeck::apps
