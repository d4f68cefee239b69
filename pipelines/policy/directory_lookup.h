// Whose a number is at a time: agents, teams, clients, marketing channels and campaigns of
// directory.yaml.
//
// Threads: immutable after its making, any.  Memory: the directory and a table of its numbers;
// find() allocates nothing.  Cost: as NumberTable.  Several of a kind fit: an exact number counts
// before a range, a range before a prefix, a longer prefix before a shorter one.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "config/directory.h"
#include "model/call.h"
#include "pipelines/policy/call_facts.h"
#include "pipelines/policy/number_table.h"

namespace tapdeck::policy {

// Of each kind, or nullptr; borrowed.
using NumberOwners = std::array<const config::DirectoryEntry*, config::kDirectoryKindCount>;

// What a call has of the directory; borrowed, empty where it has nothing.
struct CallOwners {
  std::string_view agent;
  std::string_view team;  // the agent's, or that whose number it is
  std::string_view client;
  const config::DirectoryEntry* marketing_channel = nullptr;
  const config::DirectoryEntry* campaign = nullptr;
};

class DirectoryLookup {
 public:
  DirectoryLookup(config::Directory directory, std::uint64_t seed);

  DirectoryLookup(const DirectoryLookup&) = delete;  // rows point into the directory
  DirectoryLookup& operator=(const DirectoryLookup&) = delete;

  [[nodiscard]] NumberOwners find(const NumberFacts& number, std::int64_t time_us) const;

  // Our people are the called side of an inbound call and the calling side of others, or else the
  // other side; clients the opposite.  Channel and campaign are those of the dialled number.
  [[nodiscard]] CallOwners find_of_call(const NumberFacts& caller,
                                        const NumberFacts& callee,
                                        CallDirection direction,
                                        std::int64_t time_us) const;

  [[nodiscard]] const config::Directory& directory() const { return directory_; }

 private:
  struct Row {
    const config::DirectoryEntry* entry;
    config::DirectoryKind kind;
    std::uint8_t nearness;  // the higher one counts
  };

  config::Directory directory_;
  NumberTable numbers_;
  std::vector<Row> rows_;  // a set of numbers_ each
};

}  // namespace tapdeck::policy
