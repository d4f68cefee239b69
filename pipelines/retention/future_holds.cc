#include "pipelines/retention/future_holds.h"

#include <algorithm>

namespace tapdeck::retention {
namespace {

// The numbers of which a call must have one to match: both forms of the first filter by an exact
// number; empty where there is none.
std::vector<std::string> exact_numbers(const CallQuery& query) {
  const std::pair<const std::string*, const std::string*> filters[] = {
      {&query.number, &query.number_e164},
      {&query.caller, &query.caller_e164},
      {&query.callee, &query.callee_e164}};
  for (const auto& [number, e164] : filters) {
    if (number->empty() || number->back() == '*') continue;
    std::vector<std::string> forms{search_number(*number), search_number(*e164)};
    std::erase(forms, std::string());
    if (forms.size() == 2 && forms[0] == forms[1]) forms.pop_back();
    return forms;
  }
  return {};
}

}  // namespace

FutureHolds::FutureHolds(storage::Journal& journal, std::function<std::int64_t()> now_us)
    : journal_(journal), now_us_(std::move(now_us)) {
  refresh();
}

void FutureHolds::refresh() {
  const std::lock_guard lock(mutex_);
  filters_.clear();
  by_number_.clear();
  others_.clear();
  journal_.look([this](const storage::LedgerState& state) {
    for (const auto& [name, matter] : state.matters()) {
      for (const storage::HoldOrder& order : matter.orders) {
        if (order.future) compile({name, order.sequence, *order.future});
      }
    }
    return true;
  });
}

void FutureHolds::compile(Filter filter) {
  const std::size_t index = filters_.size();
  const std::vector<std::string> numbers = exact_numbers(filter.query);
  for (const std::string& number : numbers) by_number_[number].push_back(index);
  if (numbers.empty()) others_.push_back(index);
  filters_.push_back(std::move(filter));
}

void FutureHolds::find(const CallRecord& call, std::vector<std::vector<Uid>>& found) const {
  const auto consider = [&](std::size_t index) {
    std::vector<Uid>& uids = found[index];
    if (!uids.empty() && uids.back() == call.uid) return;  // by two of its numbers
    if (matches(filters_[index].query, call)) uids.push_back(call.uid);
  };
  for (const std::size_t index : others_) consider(index);
  if (by_number_.empty()) return;
  for (const std::string& number : searchable_numbers(call)) {
    const auto at = by_number_.find(number);
    if (at == by_number_.end()) continue;
    for (const std::size_t index : at->second) consider(index);
  }
}

FutureHolds::Matched FutureHolds::match(std::span<const CallRecord> calls) {
  Matched matched;
  matched.until_stored = std::unique_lock(mutex_);
  if (filters_.empty()) return matched;
  std::vector<std::vector<Uid>> found(filters_.size());
  for (const CallRecord& call : calls) find(call, found);
  if (std::all_of(found.begin(), found.end(), [](const auto& uids) { return uids.empty(); })) {
    return matched;
  }
  const std::int64_t now_us = now_us_();
  for (std::size_t index = 0; index < filters_.size(); ++index) {
    std::vector<Uid>& uids = found[index];
    const Filter& filter = filters_[index];
    std::sort(uids.begin(), uids.end());
    uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
    journal_.look([&](const storage::LedgerState& state) {
      return std::erase_if(uids, [&](const Uid& uid) {
        const auto matters = state.matters_of(uid);
        return std::binary_search(matters.begin(), matters.end(), filter.matter);
      });
    });
    for (std::size_t at = 0; at < uids.size(); at += kLedgerUidsMax) {
      Hold hold;
      hold.actor.name = "hold";
      hold.matter = filter.matter;
      const auto first = uids.begin() + static_cast<std::ptrdiff_t>(at);
      hold.uids.assign(
          first, first + static_cast<std::ptrdiff_t>(std::min(kLedgerUidsMax, uids.size() - at)));
      hold.matched_hold = filter.sequence;
      matched.entries.push_back({.time_us = now_us, .content = std::move(hold)});
    }
  }
  return matched;
}

}  // namespace tapdeck::retention
