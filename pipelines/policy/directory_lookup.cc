#include "pipelines/policy/directory_lookup.h"

#include <utility>

namespace tapdeck::policy {
namespace {

constexpr std::uint8_t kExactNearness = 255;
constexpr std::uint8_t kRangeNearness = 254;

std::uint8_t nearness_of(const config::NumberPattern& pattern) {
  if (pattern.form == config::NumberForm::kExact) return kExactNearness;
  if (pattern.form == config::NumberForm::kRange) return kRangeNearness;
  return static_cast<std::uint8_t>(pattern.text.size());
}

const config::DirectoryEntry* of(const NumberOwners& owners, config::DirectoryKind kind) {
  return owners[static_cast<std::size_t>(kind)];
}

const config::DirectoryEntry* either(const NumberOwners& first,
                                     const NumberOwners& second,
                                     config::DirectoryKind kind) {
  return of(first, kind) != nullptr ? of(first, kind) : of(second, kind);
}

}  // namespace

DirectoryLookup::DirectoryLookup(config::Directory directory, std::uint64_t seed)
    : directory_(std::move(directory)), numbers_(seed) {
  for (std::size_t kind = 0; kind < config::kDirectoryKindCount; ++kind) {
    for (const config::DirectoryEntry& entry : directory_.entries[kind]) {
      for (const config::NumberPattern& pattern : entry.numbers) {
        numbers_.add(pattern, static_cast<std::uint32_t>(rows_.size()));
        rows_.push_back({&entry, static_cast<config::DirectoryKind>(kind), nearness_of(pattern)});
      }
    }
  }
  numbers_.finish();
}

NumberOwners DirectoryLookup::find(const NumberFacts& number, std::int64_t time_us) const {
  NumberOwners owners{};
  std::array<int, config::kDirectoryKindCount> nearest;
  nearest.fill(-1);
  const auto take = [&](std::uint32_t index) {
    const Row& row = rows_[index];
    const auto kind = static_cast<std::size_t>(row.kind);
    if (row.nearness <= nearest[kind] || !row.entry->holds_at(time_us)) return;
    nearest[kind] = row.nearness;
    owners[kind] = row.entry;
  };
  if (!number.e164.empty()) numbers_.for_each_set(number.e164, take);
  if (!number.raw.empty() && number.raw != number.e164) numbers_.for_each_set(number.raw, take);
  return owners;
}

CallOwners DirectoryLookup::find_of_call(const NumberFacts& caller,
                                         const NumberFacts& callee,
                                         CallDirection direction,
                                         std::int64_t time_us) const {
  using config::DirectoryKind;
  CallOwners owners;
  if (numbers_.empty()) return owners;
  const NumberOwners calling = find(caller, time_us);
  const NumberOwners called = find(callee, time_us);
  const bool inbound = direction == CallDirection::kInbound;
  const NumberOwners& ours = inbound ? called : calling;
  const NumberOwners& theirs = inbound ? calling : called;
  if (const auto* agent = either(ours, theirs, DirectoryKind::kAgent)) {
    owners.agent = agent->name;
    owners.team = agent->team;
  }
  const auto* team = either(ours, theirs, DirectoryKind::kTeam);
  if (owners.team.empty() && team != nullptr) owners.team = team->name;
  if (const auto* client = either(theirs, ours, DirectoryKind::kClient)) {
    owners.client = client->name;
  }
  owners.marketing_channel = of(called, DirectoryKind::kMarketingChannel);
  owners.campaign = of(called, DirectoryKind::kCampaign);
  return owners;
}

}  // namespace tapdeck::policy
