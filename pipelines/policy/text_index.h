// Distinct short texts, each of a kind, and a number for each: a table of open addressing over one
// string.
// Threads: one while it is filled, then any.  Memory: 24 bytes a text and its bytes; find()
// allocates nothing.  Cost: two cache lines where the text is not there, three where it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapdeck::policy {

class TextIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  explicit TextIndex(std::uint64_t seed) : seed_(seed) {}

  // The number of the text, counted from 0 in order of their coming.  text: at most 65535 bytes.
  std::uint32_t add(std::string_view text, std::uint8_t kind);

  // kNone: it was never added.
  [[nodiscard]] std::uint32_t find(std::string_view text, std::uint8_t kind) const;

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

 private:
  struct Slot {
    std::uint32_t tag = 0;  // of the hash
    std::uint32_t entry = kNone;
  };

  struct Entry {
    std::uint32_t begin;
    std::uint16_t length;
    std::uint8_t kind;
  };

  [[nodiscard]] std::uint64_t hash(std::string_view text, std::uint8_t kind) const;
  [[nodiscard]] bool is(std::uint32_t entry, std::string_view text, std::uint8_t kind) const;
  [[nodiscard]] std::string_view text_of(const Entry& entry) const;
  void place(std::uint64_t hash, std::uint32_t entry);
  void grow();

  std::uint64_t seed_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  std::vector<Entry> entries_;
  std::string texts_;
};

}  // namespace tapdeck::policy
