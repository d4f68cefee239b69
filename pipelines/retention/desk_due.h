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

// Whether something of the call is kept beyond `now_us`, what is `going` or `erased` aside: its
// record stays as long.
bool outlives_record(const CallRecord& call,
                     RecordingParts going,
                     RecordingParts erased,
                     std::int64_t now_us);

}  // namespace tapdeck::retention
