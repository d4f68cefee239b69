// A table of calls and what calls need around them, for tests of what looks them up.
// Threads: the test's.  Memory: the table's.
#pragma once

#include <memory>
#include <string_view>

#include <gtest/gtest.h>

#include "pipelines/calls/call_table.h"
#include "pipelines/calls/recordings.h"
#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {

class TableFixture : public ::testing::Test {
 protected:
  explicit TableFixture(std::uint32_t calls_max) : table_(calls_max, 7) {}

  CallHandle add(std::string_view call_id) {
    MessageFacts facts;
    facts.call_id = call_id;
    const SignalMessage signal;
    Call::Origin origin;
    origin.handle = table_.next_handle();
    return table_.add(std::make_unique<Call>(context_, origin, SeenMessage{signal, facts}))
        .live()
        .handle;
  }

  Call* find(RealmId realm, std::string_view call_id) {
    return table_.find(table_.hash_of(realm, call_id), realm, call_id);
  }

  CallPlaneOptions options_;
  Scenario sink_;
  DropHistory drops_;
  Recordings recordings_{[this](CallHandle handle) { return table_.find(handle); }};
  CallContext context_{options_, sink_, drops_, recordings_, 1};
  CallTable table_;
};

}  // namespace tapdeck::calls
