// The call plane alone on a core, under signalling that no cache holds: the given number of calls
// stays open, others are set up, refused and released meanwhile, in random order.  Workers are
// simulated: their messages come in small batches, what they are told is answered at once with two
// streams a call.  What the call plane says is checked: each call came out once, with the outcome
// and the number of messages that the generator gave it.
//
// Threads: the caller's one, which nothing else should use meanwhile: its CPU time is measured.
// Memory: some 10 KiB for each open call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapdeck::load {

struct CallsOptions {
  std::uint32_t open_calls = 100'000;  // answered and not over; others are set up beside them
  double calls_per_second = 20'000;    // of simulated time: how long ended calls are remembered
  double registrations_per_call = 0.5;
  double seconds = 3;  // of CPU time to be measured
  // Numbers are made E.164 and calls decided by so many rules (bench_policy.h); 0: no rules;
  // nullopt: numbers stay as they are, too.
  std::optional<std::uint32_t> rules{};
  std::uint64_t seed = 1;
  const std::uint64_t* allocations = nullptr;  // the program's count of them, if it has one
};

// A part of the work measured alone, over and over on the same messages: what it costs when nothing
// has to come from memory.
struct CallsStage {
  std::string_view name;
  double ns_per_message = 0;
};

struct CallsResult {
  std::uint64_t messages = 0;  // measured ones
  std::uint64_t calls = 0;     // whose final record came meanwhile
  std::uint64_t open_calls = 0;
  double messages_per_second = 0;
  double calls_per_second = 0;
  double us_per_call = 0;                 // its share of registrations and stream reports included
  double ns_per_message = 0;              // the same time by messages
  double reports_us_per_call = 0;         // of us_per_call: streams and the end of each
  double allocations_per_message = -1;    // negative: not counted
  double generator_ns_per_message = 0;    // not in any of the above
  std::uint64_t bytes_per_open_call = 0;  // resident memory; of the process's first load
  std::vector<CallsStage> stages;
};

// Fails when a call was lost, came twice or with another outcome.
Result<CallsResult> run_calls_load(const CallsOptions& options);

}  // namespace tapdeck::load
