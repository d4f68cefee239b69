// A policy of so many rules, made by a seed and taken through the loader of policies.yaml: numbers,
// prefixes and ranges, and for every twenty of them a regular expression over numbers or over a
// header field.  All of them record, so that what was sent must be there; who is in no rule is
// recorded, too.  Keyed digits are masked, as by default.
//
// Threads: one.  Memory: PolicySet's.  Errors: of the loader, and kIo of its temporary file.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/binding.h"
#include "pipelines/calls/call_policy.h"

namespace tapdeck::load {

// The file's text.  Numbers are those of traffic::SipCall.
std::string policy_text(std::uint32_t rules, std::uint64_t seed);

// The region of those numbers, for numbering.
constexpr const char* kPolicyRegion = "DE";

Result<calls::PolicySources> load_bench_policy(std::uint32_t rules, std::uint64_t seed);

// What the call plane would say of call number `call` to a worker, decided by the rules.
void decide_binding(policy::Evaluator& evaluator, std::uint32_t call, BindMessage& message);

}  // namespace tapdeck::load
