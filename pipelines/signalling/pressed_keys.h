// Which keys the body of an INFO says were pressed: application/dtmf-relay ("Signal=5"; event
// numbers 10 to 15 are *, # and A to D) and application/dtmf (the keys alone, or such a number), as
// the body itself or as a part of a multipart body.
// Threads: any.  Memory: none.  What is no key makes its value count for nothing; keys beyond
// kPressedKeysMax are left out.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "pipelines/signalling/message.h"

namespace tapdeck::sip {

constexpr std::size_t kPressedKeysMax = 16;  // of one message; a telephone tells one

class PressedKeys {
 public:
  void add(char key) {
    if (count_ < keys_.size()) keys_[count_++] = key;
  }

  // Of "0123456789*#ABCD".
  [[nodiscard]] std::string_view text() const { return {keys_.data(), count_}; }

 private:
  std::array<char, kPressedKeysMax> keys_{};
  std::size_t count_ = 0;
};

PressedKeys read_pressed_keys(const Message& message);

}  // namespace tapdeck::sip
