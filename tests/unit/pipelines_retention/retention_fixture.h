// Calls to put into a store in memory, and a desk over it with clocks that tests set.
// Threads: one test.  Memory: small.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "pipelines/retention/desk.h"
#include "tests/unit/pipelines_retention/fake_reader.h"

namespace tapdeck::retention {

// An ended call of `caller`, kept for ten days altogether.
inline CallRecord call_of(std::uint32_t number, const std::string& caller = "100") {
  CallRecord call;
  call.uid = testing::ledger_uid(number);
  call.start_us = kStartUs + number * kUsPerMs;
  call.first_seen_us = *call.start_us;
  call.state = CallState::kEnded;
  call.outcome = CallOutcome::kAnswered;
  call.final = true;
  CallParty party;
  party.role = PartyRole::kCaller;
  party.number = caller;
  party.name = "Alice";
  call.parties.push_back(party);
  party.id = 1;
  party.role = PartyRole::kCallee;
  party.number = "200";
  party.name = "Bob";
  call.parties.push_back(party);
  call.caller = 0;
  call.callee = 1;
  call.recording.state = RecordingState::kRecorded;
  call.recording.retention_class = "open";
  call.recording.expires_us = kStartUs + 10 * kDayUs;
  call.recording.sip_expires_us = call.recording.expires_us;
  call.recording.cdr_expires_us = call.recording.expires_us;
  return call;
}

template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().message;
}

class RetentionTest : public ::testing::Test {
 protected:
  RetentionTest() {
    open_desk();
    EXPECT_TRUE(desk->resume());
  }

  // As a new process does, on the same boot unless `boot_id` is another one.
  void open_desk(const std::string& boot_id = "boot-1") {
    desk.reset();
    DeskOptions options;
    options.classes["open"] = {"habit", false, 0};
    options.classes["default"] = options.classes["open"];
    options.classes["locked"] = {"MiFID II Art. 16(7)", true, 100 * kDayUs};
    options.early = early;
    options.clocks = [this] { return now; };
    options.boot_id = boot_id;
    desk = std::make_unique<RetentionDesk>(
        store, [this] { return std::make_unique<FakeReader>(store); }, std::move(options));
  }

  void pass(std::int64_t us) {
    now.wall_us += us;
    now.boottime_us += us;
  }

  Uid add(std::uint32_t number,
          const std::string& caller = "100",
          const std::string& class_name = "open") {
    CallRecord call = call_of(number, caller);
    call.recording.retention_class = class_name;
    store.put(call);
    return call.uid;
  }

  static Selection only(std::vector<Uid> uids) { return {std::move(uids), std::nullopt}; }

  static Selection by_number(const std::string& number) {
    Selection selection;
    selection.query.emplace();
    selection.query->number = number;
    return selection;
  }

  HoldRequest hold_of(Selection calls, const std::string& matter = "M1") {
    HoldRequest request;
    request.calls = std::move(calls);
    request.matter = matter;
    request.reason = "court order";
    return request;
  }

  bool has_media(const Uid& uid) { return (store.parts[uid] & kPartMedia) != 0; }

  std::vector<JournalRow> rows(std::optional<LedgerType> type = std::nullopt) {
    JournalRequest request;
    request.type = type;
    const auto answer = desk->journal(request);
    EXPECT_TRUE(answer) << error_of(answer);
    return answer ? answer->rows : std::vector<JournalRow>{};
  }

  EraseRequest erasure(std::vector<Uid> uids, RecordingParts parts = kPartMedia | kPartSip) {
    EraseRequest request;
    request.calls = only(std::move(uids));
    request.parts = parts;
    request.reason = "request 17";
    request.confirmed = true;
    return request;
  }

  std::uint64_t entries() {
    return store.journal().look(
        [](const storage::LedgerState& state) { return state.next_sequence(); });
  }

  ClockReadings now{kStartUs + kDayUs, 500 * kUsPerSecond};
  std::vector<EarlyExpiry> early;  // before open_desk()
  LedgerActor clerk = testing::sample_actor();
  FakeStore store;
  std::unique_ptr<RetentionDesk> desk;
};

}  // namespace tapdeck::retention
