// A store in memory with a real journal beside it, whose next write can be made to fail.
// Threads: one test.  Memory: small.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "pipelines/retention/desk.h"
#include "tests/unit/storage/ledger_fixture.h"

namespace tapdeck::retention {

constexpr std::int64_t kStartUs = testing::kLedgerTimeUs;
constexpr std::int64_t kDayUs = kUsPerDay;

class FakeStore final : public storage::RetentionStore {
 public:
  FakeStore() { open_journal(); }

  // As after a crash: what is in memory of the journal is read again.
  void open_journal() {
    journal_.reset();
    auto opened = storage::Journal::open(directory_.path(), directory_.options());
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    journal_ = std::move(*opened);
  }

  storage::Journal& journal() override { return *journal_; }

  Result<std::uint32_t> details_key(const Uid& uid) override {
    const auto found = slots.find(uid);
    if (found != slots.end()) return found->second;
    const auto key = directory_.keys().allocate(uid, storage::SegmentKind::kSip);
    if (!key) return Error(key.error());
    return slots[uid] = key->id;
  }

  Result<std::vector<storage::DueParts>> due(
      std::int64_t until_us,
      std::size_t most,
      const std::optional<storage::DueParts>& after) override {
    std::vector<storage::DueParts> rows;
    const auto before = [](const storage::DueParts& a, const storage::DueParts& b) {
      return std::tie(a.expires_us, a.what.uid, a.what.parts) <
             std::tie(b.expires_us, b.what.uid, b.what.parts);
    };
    std::vector<storage::DueParts> of_call;
    const auto next = after ? calls.find(after->what.uid) : calls.end();
    if (most == 1 && next != calls.end()) {  // nothing comes before the same call's own
      add_rows(next->second, until_us, of_call);
      for (const storage::DueParts& row : of_call) {
        if (row.expires_us == after->expires_us && before(*after, row)) return std::vector{row};
      }
    }
    for (const auto& [uid, call] : calls) {
      if (call.state == CallState::kInProgress) continue;
      of_call.clear();
      add_rows(call, until_us, of_call);
      for (const storage::DueParts& row : of_call) {
        if (!after || before(*after, row)) rows.push_back(row);
      }
    }
    const std::size_t count = std::min(most, rows.size());
    std::partial_sort(
        rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(), before);
    rows.resize(count);
    return rows;
  }

  Result<std::vector<CallRecord>> get_terms(std::span<const Uid> uids) override {
    std::vector<CallRecord> found;
    for (const Uid& uid : uids) {
      const auto call = calls.find(uid);
      if (call != calls.end()) found.push_back(call->second);
    }
    return found;
  }

  Result<void> move_expiry(const Uid& uid, const storage::ExtendedTimes& times) override;

  Result<void> retire(std::span<const storage::RecordingPartsOf> what,
                      RecordingLifecycle lifecycle) override {
    for (const storage::RecordingPartsOf& each : what) {
      TD_TRY(fail());
      retire(each, lifecycle);
    }
    return {};
  }

  Result<void> redact(const Uid& uid, const MediaSpan& span, std::int64_t /*by_us*/) override {
    if (refuses_redactions) return make_error(ErrorCode::kIo, "The disk fails.");
    redacted.emplace_back(uid, span);
    return {};
  }

  Result<void> rewrite(std::span<const CallRecord> records) override {
    TD_TRY(fail());
    if (no_room) return make_error(ErrorCode::kResources, "There is no room on the disk.");
    for (const CallRecord& call : records) calls[call.uid] = call;
    return {};
  }

  Result<void> purge(std::span<const Uid> uids) override {
    TD_TRY(fail());
    purged.insert(uids.begin(), uids.end());
    return {};
  }

  Result<void> purge_everywhere() override {
    TD_TRY(fail());
    ++purges;
    return {};
  }

  Result<storage::Reclaimed> reclaim() override {
    TD_TRY(fail());
    ++reclaims;
    return storage::Reclaimed{1, 2, 3};
  }

  Result<std::uint64_t> bytes_of(const Uid& uid, RecordingParts asked) override {
    const int there = parts[uid] & asked;
    return std::uint64_t{(there & kPartMedia) != 0 ? 1000U : 0U} +
           std::uint64_t{(there & kPartSip) != 0 ? 10U : 0U};
  }

  Result<std::uint64_t> reclaimable_bytes_of(const Uid& uid, RecordingParts asked) override {
    return being_written.contains(uid) ? Result<std::uint64_t>(0) : bytes_of(uid, asked);
  }

  Result<void> check_backup(const std::string& destination) override;  // "/there" is

  Result<storage::CopiedFiles> backup(const std::string& destination) override {
    TD_TRY(fail());
    backups.push_back(destination);
    return storage::CopiedFiles{.files = 3, .cloned = 1, .bytes = 100};
  }

  Result<std::vector<std::string>> set_aside() override { return aside; }

  Result<storage::SigningKey> signing_key() override {
    if (has_no_signing_key) return make_error(ErrorCode::kCorrupt, "no key to sign with");
    return storage::signing_key_of(std::vector<std::uint8_t>(storage::kKeyBytes, 7));
  }

  Result<void> put_value(std::string_view name, std::string_view value) override {
    TD_TRY(fail());
    values[std::string(name)] = std::string(value);
    return {};
  }

  Result<std::optional<std::string>> get_value(std::string_view name) override {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }

  void put(const CallRecord& call) {
    calls[call.uid] = call;
    parts[call.uid] = kPartMedia | kPartSip;
  }

  std::map<Uid, CallRecord> calls;
  std::map<Uid, RecordingParts> parts;  // media and messages that are there
  std::map<Uid, std::uint32_t> slots;   // of details keys
  std::map<std::string, std::string> values;
  std::vector<std::string> backups;
  std::vector<std::string> aside;
  std::set<Uid> purged;
  int purges = 0;  // of everything
  std::vector<std::pair<Uid, MediaSpan>> redacted;
  bool refuses_redactions = false;
  std::set<Uid> being_written;  // of what lies there nothing comes back
  int reclaims = 0;
  bool has_no_signing_key = false;
  int fail_in = -1;      // the so many-th write fails; -1: none
  bool no_room = false;  // to rewrite records

 private:
  Result<void> fail() {
    if (fail_in < 0 || fail_in-- > 0) return {};
    return make_error(ErrorCode::kIo, "The disk said no.");
  }

  void retire(const storage::RecordingPartsOf& each, RecordingLifecycle lifecycle);
  void add_rows(const CallRecord& call, std::int64_t until_us, std::vector<storage::DueParts>& to);

  storage::LedgerDirectory directory_;
  std::unique_ptr<storage::Journal> journal_;
};

}  // namespace tapdeck::retention
