// E.164 forms of the numbers that a message names, by the rules of the trunk it passed.
//
// Threads: the call-plane thread.  Memory: the texts.  Without a SeenMessage::numbers: none.
#pragma once

#include <string_view>

#include "pipelines/calls/message_facts.h"
#include "pipelines/numbers/numbering.h"

namespace tapdeck::calls {

// From where the call came to where it went, by this message alone.  A response goes back.
numbers::CallRoute route_of(const SeenMessage& message);

// A contact's user part may be any text: what nobody dials is no number.
bool is_dialable(std::string_view number);

class MessageNumbers {
 public:
  explicit MessageNumbers(const SeenMessage& message)
      : numbers_(message.numbers), trunk_(route_of(message).trunk()) {}

  // Borrowed until the next number is asked for.
  [[nodiscard]] std::string_view e164(std::string_view number,
                                      std::string_view context = {}) const {
    return numbers_ == nullptr ? std::string_view() : numbers_->e164(trunk_, number, context);
  }

  [[nodiscard]] std::string_view e164(const PersonFacts& person) const {
    return e164(person.number, person.context);
  }

 private:
  numbers::Numbering* numbers_;
  std::uint16_t trunk_;
};

}  // namespace tapdeck::calls
