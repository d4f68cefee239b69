#include "storage/crc32c.h"

#include <array>

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#endif

namespace tapdeck::storage {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? (value >> 1) ^ 0x82f63b78U : value >> 1;
    }
    table[i] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

}  // namespace

std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t so_far) {
  std::uint32_t crc = ~so_far;
  for (const std::uint8_t byte : bytes) crc = kTable[(crc ^ byte) & 0xffU] ^ (crc >> 8);
  return ~crc;
}

#if defined(__SSE4_2__)

namespace {

// Behind so many zero bytes a CRC is another; byte by byte of the CRC that is a table.
constexpr std::size_t kStretchBytes = 1'024;
using ShiftTable = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr ShiftTable make_shift_table() {
  // What becomes of each single bit; the rest is linear.
  std::array<std::uint32_t, 32> bits{};
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    std::uint32_t crc = 1U << bit;
    for (std::size_t i = 0; i < kStretchBytes; ++i) crc = kTable[crc & 0xffU] ^ (crc >> 8);
    bits[bit] = crc;
  }
  ShiftTable table{};
  for (std::uint32_t byte = 0; byte < 4; ++byte) {
    for (std::uint32_t value = 0; value < 256; ++value) {
      for (std::uint32_t bit = 0; bit < 8; ++bit) {
        if ((value >> bit & 1U) != 0) table[byte][value] ^= bits[8 * byte + bit];
      }
    }
  }
  return table;
}

constexpr ShiftTable kShift = make_shift_table();

std::uint64_t shift(std::uint64_t crc) {
  return kShift[0][crc & 0xffU] ^ kShift[1][crc >> 8 & 0xffU] ^ kShift[2][crc >> 16 & 0xffU] ^
         kShift[3][crc >> 24 & 0xffU];
}

}  // namespace

// The instruction answers after three cycles and can be asked in each: three stretches at once.
std::uint32_t crc32c(ByteView bytes, std::uint32_t so_far) {
  std::uint64_t crc = ~so_far;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 3 * kStretchBytes; left -= 3 * kStretchBytes, at += 3 * kStretchBytes) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < kStretchBytes; i += 8) {
      crc = _mm_crc32_u64(crc, load_le<std::uint64_t>(at + i));
      second = _mm_crc32_u64(second, load_le<std::uint64_t>(at + kStretchBytes + i));
      third = _mm_crc32_u64(third, load_le<std::uint64_t>(at + 2 * kStretchBytes + i));
    }
    crc = shift(shift(crc) ^ second) ^ third;
  }
  for (; left >= 8; left -= 8, at += 8) crc = _mm_crc32_u64(crc, load_le<std::uint64_t>(at));
  std::uint32_t low = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++at) low = _mm_crc32_u8(low, *at);
  return ~low;
}

#else

std::uint32_t crc32c(ByteView bytes, std::uint32_t so_far) {
  return crc32c_portable(bytes, so_far);
}

#endif

}  // namespace tapdeck::storage
