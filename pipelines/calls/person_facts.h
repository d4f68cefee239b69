// A person as a header field of a SIP message names one: number, URI, display name.
//
// Threads: plain values; a reader belongs to one thread.  Memory: texts borrow the field, or the
// Scratch where they are not in the field as they are said; what does not fit there is cut.
// RFC 3261, 3966.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "pipelines/signalling/uri.h"

namespace tapdeck::calls {

constexpr std::size_t kTextMax = 1024;

struct PersonFacts {
  std::string_view name;          // display name without quotes
  std::string_view uri;           // without header parameters
  std::string_view number;        // user part without parameters and visual separators
  std::string_view context = {};  // phone-context of RFC 3966, without visual separators
};

// Texts that are not in a message as they are said of it.
class Scratch {
 public:
  void clear() { used_ = 0; }

  // What `write(to, capacity)` leaves there; it returns the bytes written.
  template <typename Write>
  std::string_view take(std::size_t bytes_max, Write&& write) {
    const std::size_t capacity = std::min(bytes_max, bytes_.size() - used_);
    char* const to = bytes_.data() + used_;
    const std::size_t written = write(to, capacity);
    used_ += written;
    return {to, written};
  }

 private:
  static constexpr std::size_t kBytes = 4'096;  // more than all texts of a message together

  std::array<char, kBytes> bytes_;
  std::size_t used_ = 0;
};

// A user part as people write it down: %xx decoded, without separators that only help the eye.
std::string_view number_of(const sip::Uri& uri, Scratch& scratch);

// phone-context of a tel URI, or of a user part that is one (RFC 3261 section 19.1.6).
std::string_view context_of(const sip::Uri& uri, Scratch& scratch);

PersonFacts person_of(const sip::NameAddr& address, Scratch& scratch);

// Who is named in a From or To: only the first messages of a call are asked.
class PersonReader {
 public:
  // Borrows `field` and this reader; nobody where it cannot be read.
  PersonFacts read(std::string_view field);

 private:
  Scratch scratch_;
};

}  // namespace tapdeck::calls
