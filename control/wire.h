// The fields of the control socket's payloads: little-endian numbers, texts with their length, raw
// bytes.  WireWriter appends them, WireReader takes them out again in the same order.
// Threads: any; values.  Memory: the bytes written.  Bad bytes: a reader never reads behind its
// end; it gives zeros and complete() is false.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "model/ids.h"

namespace tapdeck::control {

// Appends little-endian fields; its mirror is WireReader.
class WireWriter {
 public:
  template <std::unsigned_integral T>
  void number(T value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    store_le(bytes_.data() + at, value);
  }

  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }

  void raw(const void* from, std::size_t count) {
    bytes_.append(static_cast<const char*>(from), count);
  }

  template <typename T>
  void optional_number(const std::optional<T>& value) {
    number(static_cast<std::uint8_t>(value.has_value()));
    number(value ? static_cast<std::uint64_t>(*value) : std::uint64_t{0});
  }

  void endpoint(const Endpoint& endpoint) {
    raw(endpoint.ip.bytes.data(), endpoint.ip.bytes.size());
    number(endpoint.port);
  }

  void uid(const Uid& uid) { raw(uid.bytes.data(), uid.bytes.size()); }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : cursor_(as_bytes(bytes)) {}

  template <std::unsigned_integral T>
  T number() {
    return cursor_.read_le<T>();
  }

  std::string text() {
    const auto size = number<std::uint32_t>();
    return std::string(as_text(cursor_.read_bytes(size)));
  }

  template <std::size_t N>
  void raw(std::array<std::uint8_t, N>& to) {
    const ByteView bytes = cursor_.read_bytes(N);
    if (bytes.size() == N) std::memcpy(to.data(), bytes.data(), N);
  }

  // A flag byte (0 or 1) and 64 bits that must fit T.
  template <std::integral T>
  std::optional<T> optional_number() {
    const bool present = flag();
    const auto value = number<std::uint64_t>();
    if (!present) return std::nullopt;
    if constexpr (sizeof(T) < sizeof value) {
      if (value > std::uint64_t{std::numeric_limits<T>::max()}) wrong_ = true;
    }
    return static_cast<T>(value);
  }

  template <typename Enum>
  std::optional<Enum> optional_enum(Enum last) {
    const auto value = optional_number<std::uint8_t>();
    if (!value) return std::nullopt;
    if (*value > static_cast<std::uint8_t>(last)) wrong_ = true;
    return static_cast<Enum>(*value);
  }

  bool flag() {
    const auto value = number<std::uint8_t>();
    if (value > 1) wrong_ = true;
    return value == 1;
  }

  Endpoint endpoint() {
    Endpoint endpoint;
    raw(endpoint.ip.bytes);
    endpoint.port = number<std::uint16_t>();
    return endpoint;
  }

  Uid uid() {
    Uid uid;
    raw(uid.bytes);
    return uid;
  }

  ByteView rest() { return cursor_.read_bytes(cursor_.remaining()); }

  // Everything was there, in range, and nothing is left.
  [[nodiscard]] bool complete() const { return !wrong_ && !cursor_.failed() && cursor_.at_end(); }

  [[nodiscard]] bool failed() const { return wrong_ || cursor_.failed(); }

 private:
  Cursor cursor_;
  bool wrong_ = false;
};

template <typename T>
std::optional<T> when_complete(const WireReader& reader, T value) {
  if (!reader.complete()) return std::nullopt;
  return value;
}

}  // namespace tapdeck::control
