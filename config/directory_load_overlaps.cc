// What belongs to two entries of one kind at the same time.
#include <algorithm>
#include <tuple>

#include "config/directory_load.h"
#include "config/number_patterns.h"

namespace tapdeck::config {
namespace {

// One number of one entry, and when it is its.
struct Claim {
  const NumberPattern* pattern;
  const DirectoryEntry* entry;
};

bool at_the_same_time(const Claim& a, const Claim& b) {
  return a.entry->from_us < b.entry->to_us && b.entry->from_us < a.entry->to_us;
}

class OverlapChecker {
 public:
  OverlapChecker(DirectoryKind kind, const std::string& file, std::vector<Problem>& problems)
      : section_(section_of(kind)), file_(file), problems_(problems) {}

  void check(const std::vector<DirectoryEntry>& entries) {
    std::vector<Claim> same;
    std::vector<Claim> ranges;
    for (const DirectoryEntry& entry : entries) {
      for (const NumberPattern& pattern : entry.numbers) {
        (pattern.form == NumberForm::kRange ? ranges : same).push_back({&pattern, &entry});
      }
    }
    check_equal(std::move(same));
    check_ranges(std::move(ranges));
  }

 private:
  void tell(const Claim& a, const Claim& b) {
    const bool in_order = a.pattern->line <= b.pattern->line;
    const Claim& first = in_order ? a : b;
    const Claim& second = in_order ? b : a;
    if (problems_.size() >= kProblemsMax) return;
    problems_.push_back({file_,
                         second.pattern->line,
                         section_ + ": " + to_string(*second.pattern) + " of '" +
                             second.entry->name + "' is at the same time that of '" +
                             first.entry->name + "' (" + to_string(*first.pattern) + "), line " +
                             std::to_string(first.pattern->line),
                         true});
  }

  // Exact numbers and prefixes: those that are the same.
  void check_equal(std::vector<Claim> claims) {
    const auto key = [](const Claim& claim) {
      return std::tie(
          claim.pattern->form, claim.pattern->text, claim.entry->from_us, claim.pattern->line);
    };
    std::ranges::sort(claims, {}, key);
    const Claim* longest = nullptr;  // of those before with the same number, which ends last
    for (const Claim& claim : claims) {
      const bool is_same = longest != nullptr && longest->pattern->form == claim.pattern->form &&
                           longest->pattern->text == claim.pattern->text;
      if (is_same && at_the_same_time(*longest, claim)) tell(*longest, claim);
      if (!is_same || claim.entry->to_us > longest->entry->to_us) longest = &claim;
    }
  }

  void check_ranges(std::vector<Claim> claims) {
    const auto key = [](const Claim& claim) {
      return std::tuple(claim.pattern->text.size(), std::string_view(claim.pattern->text));
    };
    std::ranges::sort(claims, {}, key);
    for (std::size_t i = 0; i < claims.size(); ++i) {
      const NumberPattern& range = *claims[i].pattern;
      for (std::size_t k = i + 1; k < claims.size(); ++k) {
        const NumberPattern& other = *claims[k].pattern;
        if (other.text.size() != range.text.size() || other.text > range.last) break;
        if (!at_the_same_time(claims[i], claims[k])) continue;
        tell(claims[i], claims[k]);
        break;
      }
    }
  }

  std::string section_;
  const std::string& file_;
  std::vector<Problem>& problems_;
};

}  // namespace

void check_directory_overlaps(const Directory& directory,
                              const std::string& file,
                              std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < kDirectoryKindCount; ++i) {
    const auto kind = static_cast<DirectoryKind>(i);
    OverlapChecker(kind, file, problems).check(directory.of(kind));
  }
}

}  // namespace tapdeck::config
