// What the parts of an erasure hand each other (desk_erase*.cc, desk_resume.cc).
// Threads: one.  Memory: 100 bytes a call.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipelines/retention/certificate.h"
#include "pipelines/retention/desk.h"

namespace tapdeck::retention {

struct RetentionDesk::EraseTarget {
  Uid uid{};
  RecordingParts parts = 0;
  PartyChoice choice{};  // of the record
  bool known = true;     // in the log
};

struct RetentionDesk::Report {
  std::vector<EraseTarget> targets;
  std::map<Uid, std::uint64_t> exports;  // of those that have any
  std::set<std::string> conversations;
  std::int64_t first_us = 0;  // of those
  std::int64_t last_us = 0;
  std::optional<Uid> in_progress;    // the first one of them that is
  std::uint64_t first_sequence = 0;  // of their entries, or before
  EraseAnswer answer;
};

}  // namespace tapdeck::retention
