// Thousands of random steps of two classes: calls, overlapping holds, releases, extensions,
// erasures, time, a clock that jumps, a disk that fills up, writes that fail, restarts; against a
// model that keeps a plain list.
#include <random>

#include "tests/unit/pipelines_retention/retention_fixture.h"

namespace tapdeck::retention {
namespace {

constexpr std::uint32_t kCallsMax = 60;
constexpr int kSteps = 3'000;

struct ModelCall {
  std::int64_t expires_us = 0;
  std::int64_t latest_us = 0;
  bool locked = false;
  bool erased = false;
  bool expired = false;
  bool lengthened = false;
  std::set<std::string> matters{};
};

class RetentionModelTest : public RetentionTest,
                           public ::testing::WithParamInterface<std::uint32_t> {
 protected:
  std::uint32_t pick(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }

  std::uint32_t pick_call() { return pick(next_); }

  std::string pick_matter() { return "M" + std::to_string(pick(3)); }

  void add_call() {
    if (next_ >= kCallsMax) return;
    const std::uint32_t number = next_++;
    const bool locked = pick(2) == 0;
    const Uid uid = add(number, "100", locked ? "locked" : "open");
    RecordingInfo& recording = store.calls[uid].recording;
    // The record is for ever, so that every call stays known.
    recording.expires_us = now.wall_us + (1 + pick(30)) * kDayUs;
    recording.sip_expires_us = recording.expires_us;
    recording.cdr_expires_us.reset();
    model_[number] = {*recording.expires_us,
                      locked ? *store.calls[uid].start_us + 100 * kDayUs : INT64_MAX,
                      locked};
  }

  void hold() {
    const std::uint32_t number = pick_call();
    const std::string matter = pick_matter();
    ASSERT_TRUE(desk->hold(hold_of(only({testing::ledger_uid(number)}), matter), clerk));
    model_[number].matters.insert(matter);
  }

  void release() {
    const std::string matter = pick_matter();
    const std::uint32_t number = pick_call();
    ReleaseRequest request{matter, "settled", std::nullopt};
    const bool whole = pick(2) == 0;
    if (!whole) request.calls = only({testing::ledger_uid(number)});
    std::uint64_t expected = 0;
    for (auto& [each, call] : model_) {
      if (whole || each == number) expected += call.matters.erase(matter);
    }
    const auto answer = desk->release(request, clerk);
    ASSERT_EQ(answer.has_value(), expected > 0);
    if (answer) {
      ASSERT_EQ(answer->released, expected);
    }
  }

  void extend() {
    const std::uint32_t number = pick_call();
    ModelCall& call = model_[number];
    ExtendRequest request;
    request.calls = only({testing::ledger_uid(number)});
    request.until_us = now.wall_us + (1 + pick(60)) * kDayUs;
    request.parts = kPartMedia | kPartSip;
    request.reason = "longer";
    request.confirmed = true;
    const auto answer = desk->extend(request, clerk);
    const bool overdue = call.expires_us < now.wall_us && call.matters.empty();
    if (call.erased || call.expired || overdue) return;
    const bool longer = request.until_us > call.expires_us && request.until_us <= call.latest_us;
    ASSERT_EQ(answer && answer->changed.count == 1, longer);
    if (longer) {
      call.expires_us = request.until_us;
      call.lengthened = true;
    }
  }

  void erase() {
    const std::uint32_t number = pick_call();
    ModelCall& call = model_[number];
    EraseRequest request;
    request.calls = only({testing::ledger_uid(number)});
    request.reason = "asked for";
    request.confirmed = true;
    const auto answer = desk->erase(request, clerk);
    const bool kept = call.locked && (call.expires_us > now.wall_us || jumped_);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->done, call.matters.empty() && !kept);
    if (answer->done) call.erased = true;
  }

  // Everything that is over goes, or nothing while the clock is doubted.
  void apply() {
    if (pick(4) == 0) store.fail_in = static_cast<int>(pick(4));
    auto done = desk->apply();
    const bool failed = store.fail_in == -1 && !done && done.error().code == ErrorCode::kIo;
    store.fail_in = -1;
    if (failed && pick(2) == 0) restart();
    if (failed) done = desk->apply();
    ASSERT_EQ(done.has_value(), !jumped_) << error_of(done);
    if (jumped_) return;
    for (auto& [number, call] : model_) {
      if (call.matters.empty() && call.expires_us < now.wall_us) call.expired = true;
    }
  }

  // As much as is asked for goes of those that may, and in the end all of them; no other ever.
  void relieve() {
    std::set<std::uint32_t> may_go;
    for (const auto& [number, call] : model_) {
      const bool there = !call.erased && !call.expired;
      if (there && !call.locked && !call.lengthened && call.matters.empty()) may_go.insert(number);
    }
    if (pick(4) == 0) store.fail_in = static_cast<int>(pick(6));
    const std::uint64_t bytes = pick(2) == 0 ? 2'000 : UINT64_MAX;
    Relief done;
    auto more = desk->relieve(bytes, done);
    const bool failed = store.fail_in == -1 && !more && more.error().code == ErrorCode::kIo;
    store.fail_in = -1;
    if (failed) restart();
    ASSERT_EQ(failed || more.has_value(), failed || !jumped_) << error_of(more);
    for (int step = 0; !failed && more && *more && bytes == UINT64_MAX; ++step) {
      ASSERT_LT(step, 100);
      more = desk->relieve(bytes, done);
    }
    for (auto& [number, call] : model_) {
      if (store.parts[testing::ledger_uid(number)] != 0 || call.erased || call.expired) continue;
      ASSERT_TRUE(may_go.erase(number) == 1) << number;
      call.expired = true;
    }
    if (failed || jumped_) return;
    if (bytes == UINT64_MAX) {
      // A walk that had begun before may have passed some that have come since: the next one
      // finds them.
      for (bool again = true; again;) {
        const auto rest = desk->relieve(bytes, done);
        ASSERT_TRUE(rest);
        again = *rest;
      }
      for (const std::uint32_t number : may_go) {
        ASSERT_EQ(store.parts[testing::ledger_uid(number)], 0) << number;
        model_[number].expired = true;
      }
    }
  }

  void restart() {
    store.open_journal();
    open_desk();
    ASSERT_TRUE(desk->resume());
  }

  void jump() {
    if (jumped_) {
      now.wall_us -= jumped_us_;
      ASSERT_TRUE(desk->confirm_clock(clerk));
      jumped_ = false;
      return;
    }
    ASSERT_TRUE(desk->apply());
    apply();
    jumped_us_ = (pick(2) == 0 ? 50 : -50) * kDayUs;
    now.wall_us += jumped_us_;
    jumped_ = true;
    ASSERT_FALSE(desk->apply());
  }

  void step() {
    switch (pick(11)) {
      case 0: add_call(); break;
      case 1: hold(); break;
      case 2: release(); break;
      case 3:
        if (!jumped_) extend();
        break;
      case 4:
        if (pick(6) == 0) erase();
        break;
      case 5:
        if (pick(10) == 0 || (jumped_ && pick(2) == 0)) jump();
        break;
      case 6: restart(); break;
      case 7:
        if (!jumped_) pass(pick(24) * 3'600 * kUsPerSecond);
        break;
      case 8:
        if (pick(4) == 0) relieve();
        break;
      default: apply(); break;
    }
  }

  void expect_same() {
    for (const auto& [number, call] : model_) {
      const Uid uid = testing::ledger_uid(number);
      ASSERT_EQ(store.parts[uid] != 0, !call.erased && !call.expired) << number;
      const auto matters = store.journal().look(
          [&](const storage::LedgerState& state) { return state.matters_of(uid); });
      ASSERT_EQ(std::set<std::string>(matters.begin(), matters.end()), call.matters) << number;
    }
  }

  std::mt19937 random_{7};
  std::uint32_t next_ = 0;
  std::map<std::uint32_t, ModelCall> model_;
  bool jumped_ = false;
  std::int64_t jumped_us_ = 0;
};

TEST_P(RetentionModelTest, what_is_there_is_what_a_plain_list_says) {
  random_.seed(GetParam());
  early = {{"locked"}, {"open", kPartMedia | kPartSip}};
  open_desk();
  add_call();
  for (int i = 0; i < kSteps; ++i) {
    SCOPED_TRACE(i);
    ASSERT_NO_FATAL_FAILURE(step());
    ASSERT_NO_FATAL_FAILURE(expect_same());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RetentionModelTest, ::testing::Values(1U, 2U, 3U, 4U));

}  // namespace
}  // namespace tapdeck::retention
