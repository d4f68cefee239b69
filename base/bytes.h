// Views of raw bytes and bounds-checked readers of network and disk fields.
// Cursor never reads past its end: a short read sets failed() and yields zeroes, so that a parser
// may read a whole header and check once. Threads: any.  Memory: none; views borrow.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tapdeck {

using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;
__extension__ typedef unsigned __int128 uint128;  // ISO C++ has no name for it

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Unaligned loads and stores; the caller has checked that sizeof(T) bytes are there.
template <std::unsigned_integral T>
inline T load_be(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(value));
  if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(value));
  if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(value));
  return value;
}

template <std::unsigned_integral T>
inline T load_le(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <std::unsigned_integral T>
inline void store_be(void* to, T value) {
  if constexpr (sizeof(T) == 2) value = static_cast<T>(__builtin_bswap16(value));
  if constexpr (sizeof(T) == 4) value = static_cast<T>(__builtin_bswap32(value));
  if constexpr (sizeof(T) == 8) value = static_cast<T>(__builtin_bswap64(value));
  std::memcpy(to, &value, sizeof value);
}

template <std::unsigned_integral T>
inline void store_le(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

static_assert(std::endian::native == std::endian::little,
              "on-disk formats are written with plain little-endian stores");

class Cursor {
 public:
  explicit Cursor(ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t position() const { return position_; }

  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - position_; }

  [[nodiscard]] bool failed() const { return failed_; }

  [[nodiscard]] bool at_end() const { return remaining() == 0; }

  template <std::unsigned_integral T>
  T read_be() {
    const std::uint8_t* from = advance(sizeof(T));
    return from == nullptr ? T{0} : load_be<T>(from);
  }

  template <std::unsigned_integral T>
  T read_le() {
    const std::uint8_t* from = advance(sizeof(T));
    return from == nullptr ? T{0} : load_le<T>(from);
  }

  // Borrows the next `count` bytes; empty and failed when there are fewer.
  ByteView read_bytes(std::size_t count) {
    const std::uint8_t* from = advance(count);
    return from == nullptr ? ByteView{} : ByteView{from, count};
  }

  void skip(std::size_t count) { advance(count); }

 private:
  const std::uint8_t* advance(std::size_t count) {
    if (failed_ || count > remaining()) {
      failed_ = true;
      return nullptr;
    }
    const std::uint8_t* from = bytes_.data() + position_;
    position_ += count;
    return from;
  }

  ByteView bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace tapdeck
