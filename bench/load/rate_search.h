// The highest rate without loss, after RFC 2544, section 26.1: trials of one length each, at rates
// halved in between until they are near enough; the last good one must be good once more.  A trial
// in which the sender was held up is made again, twice at most. Threads: the caller's.  Memory: a
// row per trial.
#pragma once

#include <functional>
#include <optional>

namespace tapdeck::load {

enum class TrialVerdict {
  kPassed,       // everything that was sent was recorded
  kLost,         // something was lost, and counted
  kSenderShort,  // nothing was lost, but the sender did not make the rate
  kBroken,       // the trial says nothing: what was recorded is not what was sent, or it failed
};

struct SearchOptions {
  double least_pps = 10'000;
  double most_pps = 10'000'000;
  double resolution = 0.01;  // of the rate that is found
  int trials_max = 60;
};

struct SearchResult {
  // The highest rate that passed twice; nothing when not even the least one did.
  std::optional<double> best_pps{};
  // Why nothing higher passed: kLost or kSenderShort; kPassed when it is the most that was asked
  // for; kBroken when the search ended at a broken trial.
  TrialVerdict limit = TrialVerdict::kPassed;
  int trials = 0;
};

SearchResult search_rate(const SearchOptions& options,
                         const std::function<TrialVerdict(double pps)>& trial);

}  // namespace tapdeck::load
