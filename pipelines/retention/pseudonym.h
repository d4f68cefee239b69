// Takes parties out of a call record: their numbers become pseudonyms that are made of nothing,
// what else names them goes; what happened, when, and how well it sounded stays.
//
// Threads: any; plain values.  Memory: the record's.  Done twice it is done once: a pseudonym
// stays as it is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "model/call.h"
#include "model/call_query.h"

namespace tapdeck::retention {

// Who is taken out; kept without a number in it while an erasure is under way.
struct PartyChoice {
  bool everyone = true;
  std::uint64_t parties = 0;  // a bit for each index in parties[]; the last one for all beyond
  bool others = false;        // numbers of nobody who was part of it: diverted, asserted…

  bool operator==(const PartyChoice&) const = default;
};

std::string encode_party_choice(const PartyChoice& choice);
std::optional<PartyChoice> decode_party_choice(std::string_view text);

// Those of the call who have that number; nullopt: it has no such number.
std::optional<PartyChoice> choose_parties(const CallRecord& call, const NumberPattern& number);

// `random`: 32 bits that nobody can guess or make again.
void pseudonymise(CallRecord& call,
                  const PartyChoice& choice,
                  const std::function<std::uint32_t()>& random);

}  // namespace tapdeck::retention
