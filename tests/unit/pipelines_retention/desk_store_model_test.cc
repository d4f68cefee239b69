// Random steps on a real store: two classes, windows of many days, calls in progress, overlapping
// holds, also of calls to come, extensions, erasures, annotations, expiry, a clock that jumps,
// restarts; after each step everything that can be asked is compared with a plain list.
// TAPDECK_MODEL_STEPS and TAPDECK_MODEL_SEED: more of it.
#include <random>

#include "base/bytes.h"
#include "pipelines/retention/desk.h"
#include "storage/message_record.h"
#include "tests/support/sample_ledger.h"
#include "tests/unit/pipelines_retention/retention_model.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::retention {
namespace {

constexpr std::int64_t kDayUs = kUsPerDay;
const std::array<std::string, 3> kNumbers = {"4930111", "4930222", "4930333"};

Uid uid_of(std::uint32_t number) {
  const std::int64_t day_ms = kUsPerDay / 1'000;
  return make_uid(storage::kTestStartMs + (number % 5) * day_ms + number,
                  {static_cast<std::uint8_t>(number), 9});
}

class DeskStoreModelTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  std::uint32_t pick(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }

  bool one_in(std::uint32_t count) { return pick(count) == 0; }

  std::string pick_matter() { return "M" + std::to_string(pick(3)); }

  std::string pick_number() { return kNumbers[pick(kNumbers.size())]; }

  RecordingParts pick_parts() { return static_cast<RecordingParts>(1 + pick(7)); }

  void open() {
    desk_.reset();
    store_.reset();
    for (auto& [number, call] : model_) call.writing = false;
    storage::StoreOptions options = storage::test_options(directory_.path());
    options.retention_classes = {"open", "locked"};
    store_ = storage::open_store(options);
    ASSERT_NE(store_, nullptr);
    DeskOptions of_desk;
    of_desk.classes["open"] = {"habit", false, 0};
    of_desk.classes["locked"] = {"MiFID II Art. 16(7)", true, 100 * kDayUs};
    of_desk.clocks = [this] { return now_; };
    of_desk.boot_id = "boot";
    desk_ = std::make_unique<RetentionDesk>(*store_, std::move(of_desk));
    const auto resumed = desk_->resume();
    ASSERT_TRUE(resumed) << error_of(resumed);
  }

  // As whoever records does: a matter that waits for it has it before it is stored.
  void put(std::uint32_t number) {
    const ModelCall& model = model_[number];
    CallRecord call;
    call.uid = uid_of(number);
    call.start_us = call.uid.start_ms() * kUsPerMs;
    call.first_seen_us = *call.start_us;
    call.version = model.ended ? 2 : 1;
    call.final = model.ended;
    call.state = model.ended ? CallState::kEnded : CallState::kInProgress;
    call.parties.resize(2);
    call.parties[0].number = numbers_[number];
    call.parties[1].id = 1;
    call.parties[1].number = "0";
    call.caller = 0;
    call.callee = 1;
    RecordingInfo& recording = call.recording;
    recording.state = RecordingState::kRecorded;
    recording.retention_class = model.locked ? "locked" : "open";
    recording.expires_us = model[kPartMedia].until_us;
    recording.sip_expires_us = model[kPartSip].until_us;
    recording.cdr_expires_us = model[kPartCdr].until_us;
    const auto matched = desk_->future_holds().match({&call, 1});
    if (!matched.entries.empty()) {
      ASSERT_TRUE(store_->journal().commit(matched.entries));
    }
    const auto done = store_->put_calls({&call, 1});
    ASSERT_TRUE(done) << error_of(done);
    if ((model.erased & kPartCdr) != 0) return;
    for (const auto& [matter, filter] : orders_) {
      if (filter == numbers_[number]) model_[number].matters.insert(matter);
    }
  }

  static std::string text_of(std::uint32_t number) { return "message " + std::to_string(number); }

  void add_call() {
    if (next_ >= calls_max_) return;
    const std::uint32_t number = next_++;
    ModelCall& call = model_[number];
    call.number = numbers_[number] = pick_number();
    call.locked = one_in(2);
    call.latest_us = call.locked ? uid_of(number).start_ms() * kUsPerMs + 100 * kDayUs : INT64_MAX;
    call[kPartMedia].until_us = now_.wall_us + (1 + pick(20)) * kDayUs;
    call[kPartSip].until_us =
        one_in(2) ? call[kPartMedia].until_us : now_.wall_us + (1 + pick(20)) * kDayUs;
    if (one_in(2)) {
      call[kPartCdr].until_us =
          one_in(3) ? call[kPartSip].until_us : now_.wall_us + (1 + pick(40)) * kDayUs;
    }
    call.writing = true;
    const auto chunk = storage::make_chunk({.packets = 4});
    chunk->recording = uid_of(number);
    chunk->retention_class = call.locked;
    storage::append(store_->writer(), *chunk);
    storage::MessageRecord message;
    message.time_us = *call[kPartMedia].until_us;
    message.bytes = text_of(number);
    std::string records;
    storage::append_message_record(message, records);
    ASSERT_EQ(store_->writer().try_append_messages(uid_of(number), call.locked, records),
              storage::AppendVerdict::kTaken);
    ASSERT_TRUE(store_->writer().flush());
    ASSERT_NO_FATAL_FAILURE(put(number));
    if (!one_in(4)) end_call(number);
  }

  void end_call(std::uint32_t number) {
    ModelCall& call = model_[number];
    if (call.ended) return;
    if (call.writing) storage::end(store_->writer(), uid_of(number));
    ASSERT_TRUE(store_->writer().flush());
    call.writing = false;
    call.ended = true;
    put(number);
  }

  static Selection only(std::uint32_t number) { return {{uid_of(number)}, std::nullopt}; }

  static Selection by(const std::string& number) {
    Selection selection;
    selection.query.emplace();
    selection.query->number = number;
    return selection;
  }

  // One call, or all that are found by a number.
  Selection pick_calls(std::vector<std::uint32_t>& numbers) {
    if (one_in(3)) {
      const std::string number = pick_number();
      for (const auto& [each, call] : model_) {
        if (call.has_record() && call.number == number) numbers.push_back(each);
      }
      return by(number);
    }
    numbers.push_back(pick(next_));
    return only(numbers.back());
  }

  void hold() {
    std::vector<std::uint32_t> numbers;
    HoldRequest request;
    request.matter = pick_matter();
    request.reason = "court order";
    request.calls = pick_calls(numbers);
    request.future = request.calls.query && one_in(2);
    const bool missing = numbers.empty() ? !request.future : !model_[numbers[0]].has_record();
    const auto answer = desk_->hold(request, clerk_);
    ASSERT_EQ(answer.has_value(), !missing) << error_of(answer);
    if (missing) return;
    if (request.future) orders_.emplace(request.matter, request.calls.query->number);
    for (const std::uint32_t number : numbers) model_[number].matters.insert(request.matter);
  }

  void release() {
    ReleaseRequest request{pick_matter(), "settled", std::nullopt};
    std::vector<std::uint32_t> numbers;
    if (one_in(2)) {
      request.calls = pick_calls(numbers);
    } else {
      for (const auto& [number, call] : model_) numbers.push_back(number);
    }
    std::uint64_t expected = 0;
    for (const std::uint32_t number : numbers) {
      expected += model_[number].matters.erase(request.matter);
    }
    if (!request.calls) orders_.erase(request.matter);
    const auto answer = desk_->release(request, clerk_);
    if (answer || expected > 0 || request.calls) {
      ASSERT_EQ(answer.has_value(), expected > 0 || !request.calls) << error_of(answer);
    }
    if (answer) {
      ASSERT_EQ(answer->released, expected);
    }
  }

  void extend() {
    std::vector<std::uint32_t> numbers;
    ExtendRequest request;
    request.until_us = now_.wall_us + (1 + pick(60)) * kDayUs + 7;
    request.calls = pick_calls(numbers);
    request.parts = pick_parts();
    request.reason = "longer";
    request.confirmed = true;
    std::uint64_t expected = 0;
    for (const std::uint32_t number : numbers) {
      ModelCall& call = model_[number];
      const auto changed = call.extended_by(request.parts, request.until_us, now_.wall_us);
      for (const RecordingParts part : kEachPart) {
        if (changed && (*changed & part) != 0) call[part].until_us = request.until_us;
      }
      expected += changed && *changed != 0 ? 1 : 0;
    }
    const auto answer = desk_->extend(request, clerk_);
    ASSERT_EQ(answer ? answer->changed.count : 0, expected) << error_of(answer);
  }

  void erase() {
    std::vector<std::uint32_t> numbers;
    EraseRequest request;
    request.calls = pick_calls(numbers);
    request.parts = pick_parts();
    request.reason = "asked for";
    request.confirmed = true;
    const auto parts = static_cast<RecordingParts>(
        request.parts | ((request.parts & kPartCdr) != 0 ? kPartSip : 0));
    bool forbidden = false;
    bool busy = false;
    for (const std::uint32_t number : numbers) {
      const ModelCall& call = model_[number];
      forbidden = forbidden || call.forbids(parts, now_.wall_us, jumped_us_ != 0);
      busy = busy || (!call.ended && (parts & kPartCdr) != 0);
    }
    const auto answer = desk_->erase(request, clerk_);
    const bool possible = !numbers.empty() && (forbidden || !busy);
    ASSERT_EQ(answer.has_value(), possible || forbidden) << error_of(answer);
    if (!answer) return;
    ASSERT_EQ(answer->done, !forbidden);
    if (forbidden) return;
    for (const std::uint32_t number : numbers) model_[number].erase(parts);
  }

  void annotate() {
    const std::uint32_t number = pick(next_);
    ModelCall& call = model_[number];
    const std::string note = "note " + std::to_string(random_());
    const auto done = desk_->annotate({uid_of(number), {{"note", note}}}, clerk_);
    const bool possible = call.has_record() && (call.erased & kPartCdr) == 0;
    ASSERT_EQ(done.has_value(), possible) << error_of(done);
    if (possible) call.note = note;
  }

  void apply() {
    const auto done = desk_->apply();
    ASSERT_EQ(done.has_value(), jumped_us_ == 0) << error_of(done);
    if (!done) return;
    for (auto& [number, call] : model_) call.expire(now_.wall_us);
  }

  // By more than an hour, either way, until somebody says that it was right before.
  void jump() {
    ASSERT_NO_FATAL_FAILURE(apply());
    if (jumped_us_ == 0) {
      jumped_us_ = (one_in(2) ? 50 : -50) * kDayUs;
      now_.wall_us += jumped_us_;
      ASSERT_FALSE(desk_->apply());
      return;
    }
    now_.wall_us -= jumped_us_;
    ASSERT_TRUE(desk_->confirm_clock(clerk_));
    jumped_us_ = 0;
  }

  void step() {
    switch (pick(12)) {
      case 0: add_call(); break;
      case 1: end_call(pick(next_)); break;
      case 2:
      case 3: hold(); break;
      case 4: release(); break;
      case 5: extend(); break;
      case 6: erase(); break;
      case 7: annotate(); break;
      case 8:
        if (one_in(5) || (jumped_us_ != 0 && one_in(2))) jump();
        break;
      case 9:
        if (one_in(2)) open();
        break;
      case 10:
        if (jumped_us_ != 0) break;
        now_.wall_us += pick(24) * 3'600 * kUsPerSecond;
        now_.boottime_us = now_.wall_us;
        break;
      default: apply(); break;
    }
  }

  void expect_call(storage::StoreAccess& calls, std::uint32_t number, const ModelCall& call) {
    const Uid uid = uid_of(number);
    const auto record = calls.get_call(uid);
    ASSERT_EQ(record.has_value(), call.has_record());
    const auto sections = storage::read_sections(calls, uid);
    ASSERT_EQ(sections ? sections->size() : 0, call[kPartMedia].there) << error_of(sections);
    std::string text;
    const auto read = calls.read_messages(uid, [&](const storage::MessageRecord& message) {
      text += message.bytes;
      return true;
    });
    ASSERT_EQ(text, call[kPartSip].there ? text_of(number) : "") << error_of(read);
    if (!record) return;
    const RecordingInfo& recording = record->recording;
    ASSERT_EQ(recording.lifecycle, call.lifecycle());
    ASSERT_EQ(std::set<std::string>(recording.legal_holds.begin(), recording.legal_holds.end()),
              call.matters);
    ASSERT_EQ(record->business == nullptr ? "" : record->business->note, call.note);
    ASSERT_EQ(record->parties[0].number == numbers_[number], !call.number.empty());
  }

  void expect_plan() {
    PlanRequest request;
    request.at_us = INT64_MAX / 2;
    const auto plan = desk_->plan(request);
    ASSERT_TRUE(plan) << error_of(plan);
    using Row = std::tuple<RecordingParts, Fate, bool>;
    std::map<std::pair<Uid, std::int64_t>, Row> found;
    std::map<std::pair<Uid, std::int64_t>, Row> expected;
    for (const PlanRow& row : plan->rows) {
      auto& [parts, fate, has_bytes] = found[{row.uid, row.expires_us}];
      parts = static_cast<RecordingParts>(parts | row.parts);
      fate = row.fate;
      has_bytes = has_bytes || row.bytes > 0;
    }
    for (const auto& [number, call] : model_) {
      for (const auto& [time, parts] : call.planned(request.at_us)) {
        expected[{uid_of(number), time}] = {
            parts, call.held() ? Fate::kHeld : Fate::kGoes, (parts & ~kPartCdr) != 0};
      }
    }
    for (const auto& [key, row] : expected) {
      ASSERT_TRUE(found.contains(key)) << "not due: " << int{std::get<0>(row)} << " of "
                                       << to_string(key.first) << " at " << key.second;
      ASSERT_EQ(found[key], row) << to_string(key.first) << ": " << int{std::get<0>(found[key])};
    }
    ASSERT_EQ(found.size(), expected.size());
  }

  void expect_same() {
    const auto calls = store_->reader();
    for (const auto& [number, call] : model_) {
      SCOPED_TRACE("call " + std::to_string(number));
      ASSERT_NO_FATAL_FAILURE(expect_call(*calls, number, call));
    }
    ASSERT_NO_FATAL_FAILURE(expect_plan());
    std::map<std::string, std::uint64_t> held;
    for (const auto& [number, call] : model_) {
      for (const std::string& matter : call.matters) ++held[matter];
    }
    const auto rows = desk_->holds();
    ASSERT_TRUE(rows);
    for (const HoldRow& row : *rows) ASSERT_EQ(row.held, held[row.matter]) << row.matter;
    for (const std::string& number : kNumbers) {
      CallQuery query;
      query.number = number;
      const auto page = calls->find_calls(query);
      ASSERT_TRUE(page);
      ASSERT_EQ(page->calls.size(), std::count_if(model_.begin(), model_.end(), [&](auto& each) {
                  return each.second.has_record() && each.second.number == number;
                }));
    }
  }

  const storage::TemporaryDirectory directory_;
  std::mt19937 random_{7};
  ClockReadings now_{(storage::kTestStartMs + 6 * 86'400'000) * kUsPerMs + 3, 0};
  LedgerActor clerk_ = testing::sample_actor();
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<RetentionDesk> desk_;
  const std::uint64_t steps_ = from_environment("TAPDECK_MODEL_STEPS", 200);
  const std::uint64_t calls_max_ = std::min<std::uint64_t>(40 + steps_ / 50, 250);
  std::uint32_t next_ = 0;
  std::map<std::uint32_t, ModelCall> model_;
  std::map<std::uint32_t, std::string> numbers_;  // as they were
  std::multimap<std::string, std::string> orders_;
  std::int64_t jumped_us_ = 0;
};

TEST_P(DeskStoreModelTest, everything_is_as_a_plain_list_says) {
  const std::uint64_t seed = from_environment("TAPDECK_MODEL_SEED", 0) + GetParam();
  random_.seed(static_cast<std::uint32_t>(seed));
  now_.boottime_us = now_.wall_us;
  ASSERT_NO_FATAL_FAILURE(open());
  ASSERT_NO_FATAL_FAILURE(add_call());
  for (std::uint64_t i = 0; i < steps_; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(i));
    ASSERT_NO_FATAL_FAILURE(step());
    ASSERT_NO_FATAL_FAILURE(expect_same());
  }
  const auto faults = store_->reader()->check();
  ASSERT_TRUE(faults);
  EXPECT_TRUE(faults->empty()) << (*faults)[0].where << ": " << (*faults)[0].what;
}

INSTANTIATE_TEST_SUITE_P(Seeds, DeskStoreModelTest, ::testing::Values(1U, 2U));

}  // namespace
}  // namespace tapdeck::retention
