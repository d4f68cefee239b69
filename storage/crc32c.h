// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of disk bytes: SSE4.2 where the build targets it, a
// table otherwise; same result. Threads: any.  Memory: none.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace tapdeck::storage {

// CRC of `bytes`; pass an earlier result as `so_far` to go on behind it.
std::uint32_t crc32c(ByteView bytes, std::uint32_t so_far = 0);

// The table version, for processors without SSE4.2 and as the reference in tests.
std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t so_far = 0);

}  // namespace tapdeck::storage
