// What queries see of a store in memory.  Threads: one test.  Memory: small.
#pragma once

#include <vector>

#include "tests/unit/pipelines_retention/fake_store.h"

namespace tapdeck::retention {

class FakeReader final : public storage::StoreAccess {
 public:
  explicit FakeReader(FakeStore& store) : store_(store) {}

  // A page has three calls.
  Result<CallPage> find_calls(const CallQuery& query) override {
    CallPage page;
    const auto after = parse_uid(query.cursor);
    auto at = after ? store_.calls.upper_bound(*after) : store_.calls.begin();
    for (; at != store_.calls.end(); ++at) {
      const CallRecord& call = at->second;
      if (!matches(query, call)) continue;
      if (page.calls.size() == 3) {
        page.next_cursor = to_string(page.calls.back().uid);
        break;
      }
      page.calls.push_back(seen(call));
    }
    return page;
  }

  Result<CallRecord> get_call(const Uid& uid) override {
    const auto found = store_.calls.find(uid);
    if (found == store_.calls.end()) return make_error(ErrorCode::kNotFound, "no call");
    return seen(found->second);
  }

  Result<EventPage> find_events(const EventQuery&) override { return EventPage{}; }

  Result<std::vector<CallRecord>> get_versions(const Uid&) override {
    return std::vector<CallRecord>{};
  }

  Result<void> read_media(const Uid&, const storage::SectionSink&) override { return {}; }

  Result<void> read_messages(const Uid&, const storage::MessageSink&) override { return {}; }

  Result<std::vector<storage::StreamDurability>> durability(const Uid&) override {
    return std::vector<storage::StreamDurability>{};
  }

  Result<storage::StoreStatistics> statistics() override { return storage::StoreStatistics{}; }

  Result<std::vector<storage::StoreFault>> check() override {
    return std::vector<storage::StoreFault>{};
  }

 private:
  // As the store lays holds over a record.
  CallRecord seen(CallRecord call) {
    call.recording.legal_holds = store_.journal().look(
        [&](const storage::LedgerState& state) { return state.matters_of(call.uid); });
    const bool there = call.recording.lifecycle == RecordingLifecycle::kPresent;
    if (there && !call.recording.legal_holds.empty()) {
      call.recording.lifecycle = RecordingLifecycle::kHeld;
    }
    return call;
  }

  FakeStore& store_;
};

}  // namespace tapdeck::retention
