// One batch of what retention lets go.  Shared by the sources of RetentionDesk.
// Threads: plain values.  Memory: of one batch.
#pragma once

#include <map>
#include <set>
#include <string>

#include "pipelines/retention/desk.h"

namespace tapdeck::retention {

struct RetentionDesk::Due {
  std::int64_t now_us = 0;
  std::map<Uid, RecordingParts> going{};
  std::map<Uid, std::string> classes{};
  std::set<Uid> held{};
  ExpiryCause cause = ExpiryCause::kTime;
};

}  // namespace tapdeck::retention
