#include "pipelines/numbers/numbering.h"

#include <array>

namespace tapdeck::numbers {

Numbering::Numbering(const NumberingOptions& options,
                     std::span<const std::string> realm_names,
                     std::uint64_t seed)
    : table_(options.trunks, options.internal_networks, realm_names),
      plan_{options.numbers.default_region, {}},
      cache_(options.numbers.cache_entries, seed) {
  bool has_region = !plan_.region.empty();
  for (const config::Trunk& trunk : options.trunks) {
    plans_.push_back({trunk.region.empty() ? plan_.region : trunk.region, trunk.rules});
    has_region = has_region || !plans_.back().region.empty();
  }
  if (has_region) classify(plan_, "+4930123456");
}

CallRoute Numbering::route(RealmId realm, const Endpoint& from, const Endpoint& to) const {
  if (table_.empty()) return {};
  return {table_.find(realm, from), table_.find(realm, to)};
}

std::string_view Numbering::e164(std::uint16_t trunk,
                                 std::string_view written,
                                 std::string_view context) {
  if (!is_dialled(written)) {
    not_numbers_ += written.empty() ? 0 : 1;
    return {};
  }
  const DialPlan& plan = trunk < plans_.size() ? plans_[trunk] : plan_;
  const bool global = written.front() == '+';
  std::array<char, kWrittenMax> joined;
  if (!global && context.starts_with('+') && context.size() + written.size() <= joined.size()) {
    char* const end = std::copy(context.begin(), context.end(), joined.data());
    std::copy(written.begin(), written.end(), end);
    written = {joined.data(), context.size() + written.size()};
  } else if (!global && plan.region.empty() && plan.rules.empty()) {
    return {};
  }
  return cache_.get(trunk, written, [&] { return classify(plan, written); }).e164();
}

NumberingFigures Numbering::figures() const {
  return {cache_.hits(), cache_.misses(), not_numbers_};
}

}  // namespace tapdeck::numbers
