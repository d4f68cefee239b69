// What directory.yaml says, typed: whose numbers are whose, and when.  docs/POLICY.md explains the
// file.
// Threads: plain data, made by config/directory_load.h.  Memory: its vectors and strings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "config/policies.h"

namespace tapdeck::config {

enum class DirectoryKind : std::uint8_t { kAgent, kTeam, kClient, kMarketingChannel, kCampaign };
constexpr std::size_t kDirectoryKindCount = 5;

// The section of the file: "agents".
std::string_view section_of(DirectoryKind kind);

constexpr std::int64_t kAlwaysUs = std::numeric_limits<std::int64_t>::max();

struct DirectoryEntry {
  std::string name;
  std::uint32_t line = 0;
  std::vector<NumberPattern> numbers;  // exact, prefixes, ranges
  std::int64_t from_us = -kAlwaysUs;   // UTC, included
  std::int64_t to_us = kAlwaysUs;      // UTC, not included
  std::string team;                    // of an agent
  std::string marketing_channel;       // of a campaign
  std::int64_t cost_e4 = 0;            // of a campaign: ten-thousandths of `currency`
  std::string currency;                // ISO 4217; empty: no cost is given

  [[nodiscard]] bool holds_at(std::int64_t time_us) const {
    return time_us >= from_us && time_us < to_us;
  }

  bool operator==(const DirectoryEntry&) const = default;
};

struct Directory {
  std::array<std::vector<DirectoryEntry>, kDirectoryKindCount> entries;  // by kind, as written

  [[nodiscard]] const std::vector<DirectoryEntry>& of(DirectoryKind kind) const {
    return entries[static_cast<std::size_t>(kind)];
  }

  bool operator==(const Directory&) const = default;
};

}  // namespace tapdeck::config
