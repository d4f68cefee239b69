// Call records as the call plane makes them, for filling a call store: a network's calls in order
// of time, each a function of its number and the seed, so that what was stored can be compared with
// what was made.  A few numbers (call centres) take part in many calls, most in few.
// Threads: any; const.  Memory: returns values.
#pragma once

#include <cstdint>
#include <string>

#include "model/call.h"
#include "storage/call_store.h"

namespace tapdeck::load {

struct MakerOptions {
  std::uint64_t seed = 1;
  std::uint64_t calls = 1'000'000;
  double days = 3;           // over which all of them begin
  double talk_mean_s = 120;  // exponential
  double answered_pct = 70;  // these are put twice: at the answer and at the end
  std::uint32_t subscribers = 2'000'000;
  std::uint32_t centres = 40;  // numbers that `centre_pct` of all calls go to, by Zipf's law
  double centre_pct = 15;
  bool rows = true;  // with the rows of their extents
};

class CallMaker {
 public:
  explicit CallMaker(const MakerOptions& options);

  [[nodiscard]] const MakerOptions& options() const { return options_; }

  struct Times {
    std::int64_t start_us = 0;
    std::int64_t answered_us = 0;  // 0: nobody answered
    std::int64_t end_us = 0;
  };

  [[nodiscard]] Times times(std::uint64_t call) const;
  [[nodiscard]] Uid uid(std::uint64_t call) const;

  // `final`: as at the end; otherwise as at the answer.
  [[nodiscard]] CallRecord record(std::uint64_t call, bool final) const;
  // Where its media and messages lie, in segments that do not exist.
  [[nodiscard]] std::vector<storage::ExtentRow> rows(std::uint64_t call) const;

  [[nodiscard]] std::string caller(std::uint64_t call) const;
  [[nodiscard]] std::string callee(std::uint64_t call) const;
  [[nodiscard]] std::string centre(std::uint32_t rank) const;  // 0: in most calls

  // The first call that begins at this time or later.
  [[nodiscard]] std::uint64_t first_from(std::int64_t start_us) const;

 private:
  [[nodiscard]] std::string subscriber(std::uint32_t index) const;

  MakerOptions options_;
  double step_us_;
  std::vector<double> centre_shares_;  // cumulated
};

}  // namespace tapdeck::load
