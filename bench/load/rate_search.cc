#include "bench/load/rate_search.h"

namespace tapdeck::load {
namespace {

constexpr int kShortTriesMax = 3;

class Search {
 public:
  Search(const SearchOptions& options, const std::function<TrialVerdict(double pps)>& trial)
      : options_(options), trial_(trial), low_(options.least_pps), high_(options.most_pps) {}

  SearchResult run() {
    if (passes(high_)) {
      if (passes(high_)) return found(high_);
    }
    if (!may_go_on()) return result_;
    if (!passes(low_)) return result_;
    best_ = low_;
    while (may_go_on()) {
      if (high_ - best_ > options_.resolution * high_) {
        const double middle = (best_ + high_) / 2;
        if (passes(middle)) best_ = middle;
      } else if (passes(best_)) {
        return found(best_);
      } else {
        // It was luck, and so may be those below: from the least rate on, but never as high again.
        best_ = low_;
        if (high_ <= low_ * (1 + options_.resolution)) return result_;
      }
    }
    return result_;
  }

 private:
  [[nodiscard]] bool may_go_on() const {
    return result_.limit != TrialVerdict::kBroken && result_.trials < options_.trials_max;
  }

  // A rate that did not pass is the new upper end.
  bool passes(double pps) {
    TrialVerdict verdict = TrialVerdict::kSenderShort;
    // A sender that was held up has not tried the rate.
    for (int tries = 0; verdict == TrialVerdict::kSenderShort; ++tries) {
      if (tries == kShortTriesMax || result_.trials == options_.trials_max) break;
      ++result_.trials;
      verdict = trial_(pps);
    }
    if (verdict == TrialVerdict::kPassed) return true;
    high_ = pps;
    result_.limit = verdict;
    return false;
  }

  SearchResult found(double pps) {
    result_.best_pps = pps;
    return result_;
  }

  const SearchOptions& options_;
  const std::function<TrialVerdict(double pps)>& trial_;
  double low_;
  double high_;
  double best_ = 0;
  SearchResult result_{};
};

}  // namespace

SearchResult search_rate(const SearchOptions& options,
                         const std::function<TrialVerdict(double pps)>& trial) {
  return Search(options, trial).run();
}

}  // namespace tapdeck::load
