// Retention on a real store: what is retired is gone from every file, what is not is read as
// before, and the space comes back.
#include <sys/stat.h>

#include "storage/retention_store.h"
#include "tests/support/sample_ledger.h"
#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

constexpr RecordingParts kBoth = kPartMedia | kPartSip;
constexpr std::int64_t kDueUs = 5'000'000;

class StoreRetentionTest : public ShredderTest {
 protected:
  void SetUp() override { open(); }

  // Media and messages of one call each, ended and in the log.
  void record(std::vector<std::uint8_t> numbers, std::uint32_t chunks = 1) {
    SegmentWriter& writer = store_->writer();
    for (const std::uint8_t number : numbers) {
      for (std::uint32_t i = 0; i < chunks; ++i) {
        append(writer, *make_chunk({.recording = number, .sequence = i}));
      }
      ASSERT_EQ(writer.try_append_messages(test_uid(number), 0, messages_text(text_of(number))),
                AppendVerdict::kTaken);
    }
    ASSERT_TRUE(writer.flush());
    std::vector<CallRecord> calls;
    for (const std::uint8_t number : numbers) {
      end(writer, test_uid(number));
      calls.push_back(final_of(number));
    }
    ASSERT_TRUE(writer.flush());
    ASSERT_TRUE(store_->put_calls(calls));
  }

  static std::string text_of(std::uint8_t number) { return "message " + std::to_string(number); }

  static CallRecord final_of(std::uint8_t number) {
    CallRecord call = call_of(number, true);
    call.call_id = "id-" + std::to_string(number);
    call.dialled = "49305550" + std::to_string(number) + "999";
    call.recording.expires_us = kDueUs;
    call.recording.sip_expires_us = kDueUs;
    call.recording.cdr_expires_us = 2 * kDueUs;
    return call;
  }

  void retire(std::vector<RecordingPartsOf> what,
              RecordingLifecycle lifecycle = RecordingLifecycle::kExpired) {
    const auto done = store_->retire(what, lifecycle);
    ASSERT_TRUE(done) << done.error().message;
  }

  void expect_whole(std::uint8_t number, std::size_t chunks = 1) {
    const auto sections = read_sections(*store_->reader(), test_uid(number));
    ASSERT_TRUE(sections) << sections.error().message;
    EXPECT_EQ(sections->size(), chunks);
    EXPECT_EQ(read_messages(number), text_of(number));
  }

  [[nodiscard]] bool is_in_a_file(const std::string& wanted) const {
    return is_anywhere(directory_.path(), as_bytes(wanted));
  }

  [[nodiscard]] RecordingLifecycle lifecycle(std::uint8_t number) {
    const auto call = store_->reader()->get_call(test_uid(number));
    EXPECT_TRUE(call);
    return call ? call->recording.lifecycle : RecordingLifecycle::kPresent;
  }

  void commit(LedgerContent content, const Uid& uid = {}) {
    LedgerEntry entry;
    entry.uid = uid;
    entry.time_us = testing::kLedgerTimeUs;
    entry.content = std::move(content);
    const auto done = store_->journal().commit(entry);
    ASSERT_TRUE(done) << done.error().message;
  }

  [[nodiscard]] std::vector<DueParts> due() {
    const auto found = store_->due(100 * kDueUs, 100, {});
    EXPECT_TRUE(found);
    return found ? *found : std::vector<DueParts>{};
  }
};

TEST_F(StoreRetentionTest, WhatIsRetiredIsGoneAndTheOthersAreNot) {
  record({1, 2});
  EXPECT_EQ(due().size(), 4U);
  const auto slots = slots_of(directory_.path(), 1);
  ASSERT_EQ(slots.size(), 2U);
  EXPECT_TRUE(is_anywhere(directory_.path() + "/keys", slots[0].wrapped.bytes));
  EXPECT_GT(*store_->bytes_of(test_uid(1), kPartMedia), 10'000U);
  EXPECT_GT(*store_->bytes_of(test_uid(1), kBoth), *store_->bytes_of(test_uid(1), kPartMedia));
  for (int i = 0; i < 2; ++i) {
    retire({{test_uid(1), kBoth}});
    expect_gone(slots);
    expect_told(1);
    EXPECT_EQ(lifecycle(1), RecordingLifecycle::kExpired);
    EXPECT_EQ(lifecycle(2), RecordingLifecycle::kPresent);
    EXPECT_EQ(*store_->bytes_of(test_uid(1), kBoth), 0U);
    EXPECT_EQ(due().size(), 3U);
    expect_whole(2);
    expect_consistent();
    open();
  }
}

// Neither before nor after: on the disk keys are wrapped.
TEST_F(StoreRetentionTest, KeysAndSaltsAreNowhereInClear) {
  record({1});
  const auto slots = slots_of(directory_.path(), 1);
  ASSERT_EQ(slots.size(), 2U);
  store_.reset();
  const auto master =
      load_master_key(directory_.path() + "/keys/master.key", MissingMasterKey::kRefuse);
  ASSERT_TRUE(master);
  std::vector<RecordingKey> keys;
  {
    const auto vault = KeyVault::open(directory_.path() + "/keys", *master);
    ASSERT_TRUE(vault);
    for (const KeySlot& slot : slots) {
      const auto key = (*vault)->read(slot.id, test_uid(1));
      ASSERT_TRUE(key);
      keys.push_back(*key);
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (const RecordingKey& key : keys) {
      EXPECT_FALSE(is_anywhere(directory_.path(), key.key));
      EXPECT_FALSE(is_anywhere(directory_.path(), key.salt));
    }
    open();
    retire({{test_uid(1), kPartsAll}});
    ASSERT_TRUE(store_->purge(std::vector<Uid>{test_uid(1)}));
  }
  expect_gone(slots);
}

TEST_F(StoreRetentionTest, OnePartMayGoAlone) {
  record({1});
  retire({{test_uid(1), kPartSip}});
  EXPECT_EQ(slots_of(directory_.path(), 1).size(), 1U);
  EXPECT_EQ(lifecycle(1), RecordingLifecycle::kPresent);
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 1U);
  EXPECT_EQ(due().front().what.parts, kPartMedia);
  retire({{test_uid(1), kPartMedia}}, RecordingLifecycle::kErased);
  EXPECT_EQ(lifecycle(1), RecordingLifecycle::kErased);
  EXPECT_TRUE(slots_of(directory_.path(), 1).empty());
  expect_consistent();
}

TEST_F(StoreRetentionTest, ARecordThatGoesLeavesNothingButItsNeighbours) {
  record({1, 2});
  retire({{test_uid(1), kPartsAll}, {test_uid(9), kPartsAll}});
  EXPECT_EQ(store_->reader()->get_call(test_uid(1)).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(store_->purge(std::vector<Uid>{test_uid(1)}));
  const std::string number = final_of(1).dialled;
  EXPECT_FALSE(is_in_a_file(number));
  EXPECT_EQ(due().size(), 2U);
  expect_whole(2);
  expect_consistent();
  open();
  expect_whole(2);
  expect_consistent();
}

// Its writer does not know yet that it is to stop.
TEST_F(StoreRetentionTest, ARecordingIsRetiredWhileItIsWritten) {
  SegmentWriter& writer = store_->writer();
  const CallRecord begun = call_of(1, false);
  ASSERT_TRUE(store_->put_calls({&begun, 1}));
  append(writer, *make_chunk({}));
  ASSERT_TRUE(writer.flush());
  const auto slots = slots_of(directory_.path(), 1);
  commit(Erasure{testing::sample_actor(), "request", kBoth}, test_uid(1));
  retire({{test_uid(1), kBoth}}, RecordingLifecycle::kErased);
  expect_gone(slots);
  EXPECT_EQ(writer.try_append(*make_chunk({.sequence = 1})), AppendVerdict::kAbandoned);
  end(writer, test_uid(1));
  const CallRecord ended = final_of(1);
  ASSERT_TRUE(store_->put_calls({&ended, 1}));
  for (int i = 0; i < 2; ++i) {
    expect_told(1);
    EXPECT_EQ(lifecycle(1), RecordingLifecycle::kErased);
    EXPECT_TRUE(slots_of(directory_.path(), 1).empty());
    expect_consistent();
    open();
  }
}

TEST_F(StoreRetentionTest, ASegmentGoesWithTheLastOfItsRecordings) {
  record({1, 2}, 4);
  open();  // seals
  ASSERT_EQ(segment_files(directory_.path()).size(), 2U);
  EXPECT_EQ(store_->reclaim()->segments_removed, 0U);
  retire({{test_uid(1), kBoth}});
  const auto first = store_->reclaim();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->segments_removed, 0U);
  EXPECT_GT(first->bytes_punched, 50'000U);
  EXPECT_EQ(store_->reclaim()->bytes_punched, 0U);
  for (int i = 0; i < 2; ++i) {
    expect_whole(2, 4);
    expect_told(1);
    expect_consistent();
    open();
  }
  retire({{test_uid(2), kBoth}});
  const auto second = store_->reclaim();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->segments_removed, 2U);
  EXPECT_GT(second->bytes_removed, 50'000U);
  EXPECT_TRUE(segment_files(directory_.path()).empty());
  expect_told(2);
  expect_consistent();
  open();
  expect_consistent();
  EXPECT_EQ(figure(*store_, "segments"), 0U);
}

// The mark of a segment whose rows are committed got lost: it is indexed again, holes and all.
TEST_F(StoreRetentionTest, APunchedSegmentIsIndexedAgain) {
  record({1, 2}, 4);
  open();
  retire({{test_uid(1), kBoth}});
  EXPECT_GT(store_->reclaim()->bytes_punched, 0U);
  store_.reset();
  for (const std::string& path : segment_files(directory_.path())) chmod(path.c_str(), 0600);
  open();
  expect_whole(2, 4);
  expect_told(1);
  expect_consistent();
}

TEST_F(StoreRetentionTest, WhatComesBackIsWhatLiesInSealedSegments) {
  record({1});
  EXPECT_GT(*store_->bytes_of(test_uid(1), kBoth), 10'000U);
  EXPECT_EQ(*store_->reclaimable_bytes_of(test_uid(1), kBoth), 0U);
  open();  // seals
  EXPECT_EQ(*store_->reclaimable_bytes_of(test_uid(1), kBoth),
            *store_->bytes_of(test_uid(1), kBoth));
  EXPECT_LT(*store_->reclaimable_bytes_of(test_uid(1), kPartSip),
            *store_->reclaimable_bytes_of(test_uid(1), kBoth));
}

TEST_F(StoreRetentionTest, AnOpenSegmentIsLeftAlone) {
  record({1});
  retire({{test_uid(1), kPartsAll}});
  EXPECT_EQ(store_->reclaim()->segments_removed, 0U);
  record({2});
  expect_whole(2);
  open();
  EXPECT_EQ(store_->reclaim()->segments_removed, 0U);
  expect_whole(2);
  expect_consistent();
}

TEST_F(StoreRetentionTest, TheKeyOfDetailsIsThatOfTheMessagesOrIsMade) {
  record({1});
  const auto slots = slots_of(directory_.path(), 1);
  const auto key = store_->details_key(test_uid(1));
  ASSERT_TRUE(key);
  const bool of_messages = std::any_of(slots.begin(), slots.end(), [&](const KeySlot& slot) {
    return slot.id == *key && slot.kind == SegmentKind::kSip;
  });
  EXPECT_TRUE(of_messages);
  const CallRecord bare = final_of(3);
  ASSERT_TRUE(store_->put_calls({&bare, 1}));
  const auto made = store_->details_key(test_uid(3));
  ASSERT_TRUE(made);
  EXPECT_EQ(*store_->details_key(test_uid(3)), *made);
  LedgerEntry entry;
  entry.uid = test_uid(3);
  entry.key_id = *made;
  entry.content = Annotation{testing::sample_actor(), {{"note", "secret"}}};
  ASSERT_TRUE(store_->journal().commit(entry));
  open();
  EXPECT_EQ(*store_->details_key(test_uid(3)), *made);
  const auto annotations = [&] {
    return store_->journal().look(
        [](const LedgerState& state) { return state.annotations().size(); });
  };
  EXPECT_EQ(annotations(), 1U);
  retire({{test_uid(3), kPartSip}});
  EXPECT_TRUE(slots_of(directory_.path(), 3).empty());
  open();
  EXPECT_EQ(annotations(), 0U);
  EXPECT_TRUE(store_->details_key(test_uid(3)));
  EXPECT_EQ(slots_of(directory_.path(), 3).size(), 1U) << "a new one";
  retire({{test_uid(3), kPartCdr}});
  EXPECT_TRUE(slots_of(directory_.path(), 3).empty()) << "it goes with the record";
  expect_consistent();
}

// As a crash leaves it: durable by itself, without the writer's syncs.
TEST_F(StoreRetentionTest, TheKeyOfDetailsOutlivesACrash) {
  store_.reset();
  crash_after(options_, [](Store& store) {
    ASSERT_TRUE(store.details_key(test_uid(1)));
    append(store.writer(), *make_chunk({.recording = 2}));
    ASSERT_EQ(store.writer().try_append_messages(test_uid(2), 0, messages_text("x")),
              AppendVerdict::kTaken);
    ASSERT_TRUE(store.details_key(test_uid(2)));
  });
  open();
  for (std::uint8_t number = 1; number <= 2; ++number) {
    const auto slots = slots_of(directory_.path(), number);
    ASSERT_EQ(slots.size(), 1U);
    EXPECT_EQ(slots[0].kind, SegmentKind::kSip);
    EXPECT_EQ(*store_->details_key(test_uid(number)), slots[0].id);
  }
}

TEST_F(StoreRetentionTest, TimesMoveInTheRecordAndInWhatIsDue) {
  record({1});
  ASSERT_TRUE(store_->move_expiry(test_uid(1), {7 * kDueUs, {}, {}}));
  const std::vector<DueParts> moved = {{kDueUs, {test_uid(1), kPartSip}},
                                       {2 * kDueUs, {test_uid(1), kPartCdr}},
                                       {7 * kDueUs, {test_uid(1), kPartMedia}}};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(due(), moved);
    EXPECT_EQ(store_->get_call(test_uid(1))->recording.expires_us, 7 * kDueUs);
    EXPECT_EQ(store_->reader()->get_versions(test_uid(1))->size(), 1U);
    open();
  }
  EXPECT_EQ(store_->move_expiry(test_uid(9), {}).error().code, ErrorCode::kNotFound);
}

TEST_F(StoreRetentionTest, HeldRecordsSaySoAndAreStoredWithoutIt) {
  record({1});
  commit(Hold{testing::sample_actor(), "M-1", "claim", {test_uid(1)}, {}, {}});
  auto call = store_->reader()->get_call(test_uid(1));
  ASSERT_TRUE(call);
  EXPECT_EQ(call->recording.legal_holds, (std::vector<std::string>{"M-1"}));
  EXPECT_EQ(call->recording.lifecycle, RecordingLifecycle::kHeld);
  call->dialled = "pseudonym";
  ASSERT_TRUE(store_->rewrite({&*call, 1}));
  EXPECT_FALSE(is_in_a_file(final_of(1).dialled));
  commit(Release{testing::sample_actor(), "M-1", "settled", true, {}});
  EXPECT_EQ(lifecycle(1), RecordingLifecycle::kPresent);
  EXPECT_TRUE(store_->reader()->get_call(test_uid(1))->recording.legal_holds.empty());
  EXPECT_EQ(store_->reader()->get_call(test_uid(1))->dialled, "pseudonym");
  expect_whole(1);
  expect_consistent();
}

TEST_F(StoreRetentionTest, WhatWasErasedIsNotRecordedAgain) {
  EXPECT_EQ(*store_->presence_of(test_uid(1)), Presence::kAbsent);
  commit(Erasure{testing::sample_actor(), "request", kPartsAll}, test_uid(1));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(*store_->presence_of(test_uid(1)), Presence::kErased);
    EXPECT_EQ(*(*store_->open_import())->presence_of(test_uid(1)), Presence::kErased);
    const std::vector<CallRecord> calls = {final_of(1), final_of(2)};
    ASSERT_TRUE(store_->put_calls(calls));
    EXPECT_FALSE(store_->get_call(test_uid(1)));
    EXPECT_TRUE(store_->get_call(test_uid(2)));
    EXPECT_EQ(figure(*store_, "erased_again"), 3U);
    open();
  }
}

TEST_F(StoreRetentionTest, ValuesAreKept) {
  EXPECT_FALSE(*store_->get_value("retention/clock"));
  ASSERT_TRUE(store_->put_value("retention/clock", "5"));
  open();
  EXPECT_EQ(*store_->get_value("retention/clock"), "5");
}

TEST_F(StoreRetentionTest, TooManyAtOnceAreRefused) {
  const std::vector<RecordingPartsOf> many(kRetiredAtOnceMax + 1);
  EXPECT_EQ(store_->retire(many, RecordingLifecycle::kExpired).error().code,
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace tapdeck::storage
