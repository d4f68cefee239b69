// The parts of the reader of policies.yaml: each reads one kind of map into its struct.
// Threads: one.  Memory: what they fill.  Bad values: told through the reader, the struct keeps its
// default.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/policies.h"
#include "config/policies_load.h"
#include "config/yaml_reader.h"

namespace tapdeck::config {

// What all parts know.
struct PolicyReading {
  YamlReader reader;
  const PolicyLoadOptions& options;
  std::vector<std::string>& texts;                                    // LoadedPolicies::texts
  std::map<std::string, std::uint32_t, std::less<>> list_lines = {};  // by name
  std::set<std::string, std::less<>> good_zones = {};                 // were found
};

// Lists of numbers, inline or in files.
void read_lists(PolicyReading& reading,
                const YamlNode& node,
                std::vector<Problem>& problems,
                std::vector<NumberList>& lists);

// A match block.  `none_of`: where its `not` goes; nullptr inside of one.
void read_match(PolicyReading& reading,
                const YamlNode& node,
                const std::string& path,
                MatchBlock& block,
                std::vector<MatchBlock>* none_of);

// One or several windows of time.
void read_times(PolicyReading& reading,
                const YamlNode& node,
                const std::string& path,
                std::vector<TimeWindow>& times);

// The keys of a map that are actions; `entries` may have others.
void read_actions(PolicyReading& reading,
                  const std::vector<ReadEntry>& entries,
                  const std::string& path,
                  PolicyActions& actions);

// The names of the actions.
std::vector<std::string_view> action_names();

}  // namespace tapdeck::config
