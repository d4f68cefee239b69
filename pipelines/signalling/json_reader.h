// Reads the small JSON texts that stand in SIP headers, one value after the other, without making a
// tree of them: who asks takes what it knows and skips the rest.
// Threads: one.  Memory: none; texts are unescaped in place, in the caller's buffer, and borrow it.
// Bad text: reading ends there, whatever came before it stays; nesting is bounded by kJsonDepthMax.
// RFC 8259.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tapdeck::sip {

constexpr std::size_t kJsonDepthMax = 16;

class JsonReader {
 public:
  JsonReader(char* text, std::size_t bytes) : at_(text), end_(text + bytes) {}

  // Calls `take(name)` for each member of the object that is next; it takes or skips the value.
  template <typename Take>
  void for_each_member(Take&& take) {
    if (!open('{')) return;
    while (good() && !accept('}')) {
      const std::string_view name = take_string();
      if (!accept(':')) fail();
      if (!good()) break;
      take(name);
      if (!accept(',') && !next_is('}')) fail();
    }
    --depth_;
  }

  // Calls `take()` for each element of the array that is next.
  template <typename Take>
  void for_each_element(Take&& take) {
    if (!open('[')) return;
    while (good() && !accept(']')) {
      take();
      if (!accept(',') && !next_is(']')) fail();
    }
    --depth_;
  }

  // The text that is next; "" and a skip where it is something else.
  std::string_view take_string();
  // The whole number that is next; nothing and a skip where it is something else.
  std::optional<std::int64_t> take_integer();
  void skip();  // whatever is next

  [[nodiscard]] bool next_is(char c);

 private:
  [[nodiscard]] bool good() const { return at_ != end_; }

  void fail() { at_ = end_; }

  void skip_space();
  bool accept(char c);
  bool open(char bracket);
  void skip_word();
  void unescape(char*& to);

  char* at_;
  char* end_;
  std::size_t depth_ = 0;
};

}  // namespace tapdeck::sip
