// Who was taken out of a call's record: what stands for a number then, and what goes with him.
// Threads: plain functions.  Memory: none.  Errors: none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "model/call.h"

namespace tapdeck {

constexpr std::string_view kPseudonymPrefix = "erased-";  // and eight random digits

inline bool is_pseudonym(std::string_view number) { return number.starts_with(kPseudonymPrefix); }

// Addresses stay with media, which is told apart by them; this is for when it has gone.
inline void forget_addresses_of_erased(CallRecord& call) {
  const auto is_erased = [](const CallParty& party) { return is_pseudonym(party.number); };
  if (std::none_of(call.parties.begin(), call.parties.end(), is_erased)) return;
  for (MediaRecord& media : call.media) {
    bool sends = !media.party;
    bool receives = !media.party;
    for (std::size_t i = 0; i < call.parties.size() && media.party; ++i) {
      if (is_erased(call.parties[i])) (i == *media.party ? sends : receives) = true;
    }
    if (sends) media.source = {};
    if (receives) media.destination = {};
  }
}

}  // namespace tapdeck
