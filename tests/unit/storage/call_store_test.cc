#include "storage/call_store.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/sample_call.h"
#include "tests/unit/storage/call_store_fixture.h"

namespace tapdeck::storage {
namespace {

TEST_F(CallStoreTest, GetsWhatWasPutAlsoAfterReopening) {
  put(testing::sample_call());
  reopen();
  const auto call = store_->get(testing::sample_call().uid);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->call_id, testing::sample_call().call_id);
  const auto missing = store_->get(make_uid(5, {}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  expect_consistent();
}

TEST_F(CallStoreTest, NewVersionsReplaceAndOldOnesAreKept) {
  CallRecord call = nth_call(0, "111", "222");
  put(call);
  call.version = 2;
  call.parties[1].number = "333";
  call.call_id = "renamed";
  put(call);
  EXPECT_EQ(find_ids(by_number("222")), Ids{}) << "a number that the newest version lacks";
  EXPECT_EQ(find_ids(by_number("333")), (Ids{"renamed"}));
  EXPECT_EQ(find_ids({}), (Ids{"renamed"})) << "older versions are no rows";
  const auto versions = store_->versions(call.uid);
  ASSERT_TRUE(versions);
  ASSERT_EQ(versions->size(), 2u);
  EXPECT_EQ((*versions)[0].parties[1].number, "222");
  EXPECT_EQ((*versions)[1].parties[1].number, "333");
  expect_consistent();
}

TEST_F(CallStoreTest, VersionsInOneBatchAndOutOfOrder) {
  CallRecord call = nth_call(0, "111", "222");
  std::vector<CallRecord> batch(3, call);
  batch[0].version = 1;
  batch[0].parties[1].number = "333";
  batch[1].version = 3;
  batch[2].version = 2;
  ASSERT_TRUE(store_->put(batch, {}));
  const auto versions = store_->versions(call.uid);
  ASSERT_TRUE(versions);
  ASSERT_EQ(versions->size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ((*versions)[i].version, i + 1);
  EXPECT_EQ(find_ids(by_number("333")), Ids{});
  put(batch[1]);
  EXPECT_EQ(store_->versions(call.uid)->size(), 3u) << "the same version again is no new one";
  expect_consistent();
}

TEST_F(CallStoreTest, ACallFiledUnderAnotherMillisecondThanItsUid) {
  CallRecord call = nth_call(0, "1", "2");
  call.start_us = *call.start_us + 5 * kSecond;
  put(call);
  EXPECT_TRUE(store_->get(call.uid));
  CallRecord moved = call;
  moved.version = 2;
  moved.start_us = std::nullopt;
  put(moved);
  EXPECT_EQ(store_->versions(call.uid)->size(), 2u);
  EXPECT_EQ(find({}).size(), 1u);
  expect_consistent();
}

// One whose uid is later than every call's key must not be taken for new, whatever else was open.
TEST_F(CallStoreTest, ADisplacedCallIsKnownAfterReopening) {
  CallRecord call = nth_call(5, "1", "2");
  call.start_us = kStart;
  put(call);
  for (std::uint32_t i = 0; i < 4; ++i) {
    CallRecord other = nth_call(i, "1", "2");
    other.state = CallState::kInProgress;
    put(other);
    other.version = 2;
    other.state = CallState::kEnded;
    if (i > 0) put(other);
  }
  reopen();
  call.version = 2;
  put(call);
  EXPECT_EQ(store_->versions(call.uid)->size(), 2u);
  EXPECT_EQ(store_->open_calls()->size(), 1u);
  expect_consistent();
}

TEST_F(CallStoreTest, ATermThatComesAndGoesInOneBatch) {
  std::vector<CallRecord> batch(3, nth_call(0, "4930111111111111111", "2"));
  for (std::uint32_t i = 0; i < 3; ++i) batch[i].version = i + 1;
  batch[1].call_id = "other";
  batch[1].parties[0].number = "4930111111111111112";
  ASSERT_TRUE(store_->put(batch, {}));
  CallQuery query;
  query.call_id = "id-0";
  EXPECT_EQ(find(query).size(), 1u);
  EXPECT_EQ(find(by_number("4930111111111111111")).size(), 1u);
  EXPECT_EQ(find(by_number("4930111111111111112")).size(), 0u);
  expect_consistent();
}

TEST_F(CallStoreTest, AConversationIsFoundByItsId) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    CallRecord call = nth_call(i, "1", "2");
    call.conversation_id = i == 1 ? "" : "c1";
    put(call);
  }
  CallQuery query;
  query.conversation_id = "c1";
  EXPECT_EQ(find_ids(query), (Ids{"id-0", "id-2"}));
  CallRecord moved = nth_call(2, "1", "2");
  moved.conversation_id = "c0";
  moved.version = 2;
  put(moved);
  EXPECT_EQ(find_ids(query), (Ids{"id-0"}));
  query.conversation_id = "c0";
  EXPECT_EQ(find_ids(query), (Ids{"id-2"}));
  moved.conversation_id.clear();
  moved.version = 3;
  put(moved);
  EXPECT_EQ(find_ids(query), Ids{});
  expect_consistent();
}

TEST_F(CallStoreTest, CallIdAndUidFindTheirCallsOnly) {
  put(nth_call(0, "1", "2"));
  put(nth_call(1, "1", "2"));
  CallRecord again = nth_call(2, "1", "2");
  again.call_id = "id-1";
  put(again);
  CallRecord awkward = nth_call(3, "1", "2");
  awkward.call_id = std::string("id-1\0x", 6) + std::string(400, 'y');
  put(awkward);
  CallQuery query;
  query.call_id = "id-1";
  EXPECT_EQ(find(query).size(), 2u);
  query.call_id = awkward.call_id;
  EXPECT_EQ(find(query).size(), 1u);
  CallQuery uid;
  uid.uid = again.uid;
  EXPECT_EQ(find(uid).size(), 1u);
  uid.number = "nobody";
  EXPECT_TRUE(find(uid).empty()) << "the other filters hold as well";
}

TEST_F(CallStoreTest, OpenCallsAreThoseInProgress) {
  CallRecord first = nth_call(1, "1", "2");
  CallRecord second = nth_call(0, "1", "2");
  first.state = second.state = CallState::kInProgress;
  put(first);
  put(second);
  put(nth_call(2, "1", "2"));
  reopen();
  auto open = store_->open_calls();
  ASSERT_TRUE(open);
  ASSERT_EQ(open->size(), 2u);
  EXPECT_EQ((*open)[0].call_id, "id-0") << "oldest first";
  first.state = CallState::kInterrupted;
  first.version = 2;
  put(first);
  open = store_->open_calls();
  ASSERT_EQ(open->size(), 1u);
  EXPECT_EQ((*open)[0].call_id, "id-0");
}

TEST_F(CallStoreTest, ExtentRowsByRecordingAndBySegment) {
  std::vector<ExtentRow> rows(4);
  for (std::uint8_t i = 0; i < 4; ++i) {
    rows[i].recording.bytes[0] = i / 2;
    rows[i].segment.fill(i % 2 == 0 ? 0xff : 0x11);
    rows[i].kind = i == 3 ? SegmentKind::kSip : SegmentKind::kMedia;
    rows[i].packed = std::string("row\0", 4) + static_cast<char>('0' + i);
  }
  ASSERT_TRUE(store_->put({}, rows));
  reopen();
  const auto of_first = store_->rows_of(rows[0].recording);
  ASSERT_TRUE(of_first);
  EXPECT_EQ(*of_first, (std::vector<ExtentRow>{rows[1], rows[0]}));
  std::vector<ExtentRow> of_segment;
  ASSERT_TRUE(store_->for_each_row(rows[0].segment, [&](const ExtentRow& row) {
    of_segment.push_back(row);
    return true;
  }));
  EXPECT_EQ(of_segment, (std::vector<ExtentRow>{rows[0], rows[2]}));
  int seen = 0;
  ASSERT_TRUE(store_->for_each_row([&](const ExtentRow&) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3) << "false stops the walk";
  rows[1].packed = "replaced";
  ASSERT_TRUE(store_->put({}, {&rows[1], 1}));
  EXPECT_EQ((*store_->rows_of(rows[1].recording))[0].packed, "replaced");
}

TEST_F(CallStoreTest, DiscardedRowsAreGoneAndRemembered) {
  std::vector<ExtentRow> rows(3);
  for (std::uint8_t i = 0; i < 3; ++i) {
    rows[i].recording.bytes[0] = i;
    rows[i].segment.fill(i == 2 ? 0xff : 0x11);
    rows[i].packed = "row";
  }
  ASSERT_TRUE(store_->put({}, rows));
  const Discard discard{{{rows[0], 4096}, {rows[2], ~std::uint64_t{0}}}, {}, {}};
  ASSERT_TRUE(store_->discard(discard));
  reopen();
  EXPECT_TRUE(store_->rows_of(rows[0].recording)->empty());
  EXPECT_EQ(*store_->rows_of(rows[1].recording), std::vector<ExtentRow>{rows[1]});
  std::vector<ExtentRow> left;
  ASSERT_TRUE(store_->for_each_row([&](const ExtentRow& row) {
    left.push_back(row);
    return true;
  }));
  EXPECT_EQ(left, std::vector<ExtentRow>{rows[1]});
  using Discards = std::map<Uid, std::uint64_t>;
  EXPECT_EQ(*store_->discards_in(rows[0].segment), (Discards{{rows[0].recording, 4096}}));
  EXPECT_EQ(*store_->discards_in(rows[2].segment),
            (Discards{{rows[2].recording, ~std::uint64_t{0}}}));
  EXPECT_TRUE(store_->discards_in(SegmentId{})->empty());
}

TEST_F(CallStoreTest, ClaimsOfKeysAreKeptApartFromRows) {
  Uid one;
  one.bytes[3] = 1;
  const Uid two;
  const std::vector<KeyClaim> claims = {
      {one, SegmentKind::kMedia, 7}, {one, SegmentKind::kSip, 70'000}, {two, SegmentKind::kSip, 8}};
  ASSERT_TRUE(store_->claim_keys(claims));
  reopen();
  EXPECT_EQ(*store_->claims_of(one), (std::vector<KeyClaim>{claims[0], claims[1]}));
  EXPECT_TRUE(store_->rows_of(one)->empty());
  ASSERT_TRUE(store_->discard({{}, {claims[0], claims[2]}, {}}));
  EXPECT_EQ(*store_->claims_of(one), std::vector<KeyClaim>{claims[1]});
  EXPECT_TRUE(store_->claims_of(two)->empty());
  EXPECT_TRUE(store_->check()->empty());
}

// In no order, some gone, some twice, in tables and in memory: as each is by itself.
TEST_F(CallStoreTest, EachRecordingIsShownWithAllThatIsThereOfIt) {
  std::vector<Uid> uids;
  std::vector<RecordingPartsOf> gone;
  for (std::uint32_t n = 0; n < 60; ++n) {
    if (n == 40) reopen();
    CallRecord call = nth_call(n * 7 % 60, "1", "2");
    if (n % 5 == 0) *call.start_us -= 3'600 * kSecond;
    const ExtentRow row{call.uid, SegmentKind::kMedia, SegmentId{1}, "row"};
    const KeyClaim claim{call.uid, SegmentKind::kSip, n};
    ASSERT_TRUE(store_->put({&call, 1}, {&row, n % 3 == 0 ? 0U : 1U}));
    ASSERT_TRUE(store_->claim_keys({&claim, n % 4 == 0 ? 1U : 0U}));
    if (n % 6 == 1) gone.push_back({call.uid, kPartsAll});
    uids.push_back(call.uid);
  }
  ASSERT_TRUE(store_->retire({{}, gone}));
  uids.push_back(make_uid(1, {1}));
  std::vector<Uid> there;
  Retirement retirement;
  for (const Uid& uid : uids) retirement.parts.push_back({uid, kPartSip});
  auto at = uids.begin();
  retirement.look = [&](const RecordingPartsOf& what, const StoredRecording& found, Discard&) {
    EXPECT_EQ(what.uid, *at++);
    const auto call = store_->get_stored(what.uid);
    if (call) there.push_back(what.uid);
    EXPECT_EQ(found.final, call && call->final);
    EXPECT_EQ(found.rows, *store_->rows_of(what.uid));
    EXPECT_EQ(found.claims, *store_->claims_of(what.uid));
  };
  ASSERT_TRUE(store_->retire(retirement));
  EXPECT_EQ(at, uids.end());
  EXPECT_EQ(there.size(), 50U);
  const auto terms = store_->get_terms(uids);
  ASSERT_TRUE(terms);
  ASSERT_EQ(terms->size(), there.size());
  for (std::size_t i = 0; i < there.size(); ++i) EXPECT_EQ((*terms)[i].uid, there[i]);
}

// Keys are destroyed in between: if they are not, what names them stays.
TEST_F(CallStoreTest, NothingGoesBeforeWhatMustComeFirst) {
  const CallRecord call = nth_call(1, "1", "2");
  const ExtentRow row{call.uid, SegmentKind::kMedia, SegmentId{1}, "row"};
  ASSERT_TRUE(store_->put({&call, 1}, {&row, 1}));
  Retirement retirement{{}, {{call.uid, kPartsAll}}};
  retirement.look = [](const RecordingPartsOf&, const StoredRecording& found, Discard& discard) {
    for (const ExtentRow& one : found.rows) discard.rows.push_back({one, 0});
  };
  retirement.before = [&]() -> Result<void> {
    EXPECT_EQ(store_->rows_of(call.uid)->size(), 1U);
    return make_error(ErrorCode::kIo, "the disk");
  };
  EXPECT_EQ(store_->retire(retirement).error().code, ErrorCode::kIo);
  EXPECT_EQ(store_->rows_of(call.uid)->size(), 1U);
  EXPECT_TRUE(store_->get(call.uid));
  retirement.before = [] { return Result<void>(); };
  ASSERT_TRUE(store_->retire(retirement));
  EXPECT_TRUE(store_->rows_of(call.uid)->empty());
  EXPECT_FALSE(store_->get(call.uid));
}

TEST_F(CallStoreTest, WhatWasDestroyedIsRemembered) {
  const Uid uid = make_uid(1'790'000'000'000, {7});
  ASSERT_TRUE(store_->discard({{}, {}, {{uid, SegmentKind::kSip, 1'790'000'000'000'123}}}));
  reopen();
  EXPECT_EQ(**store_->destroyed_at(uid, SegmentKind::kSip), 1'790'000'000'000'123);
  EXPECT_FALSE(store_->destroyed_at(uid, SegmentKind::kMedia)->has_value());
  EXPECT_FALSE(store_->destroyed_at({}, SegmentKind::kSip)->has_value());
  EXPECT_TRUE(store_->check()->empty());
}

TEST_F(CallStoreTest, MetaValues) {
  EXPECT_FALSE(store_->get_meta("next")->has_value());
  ASSERT_TRUE(store_->put_meta("next", std::string("\0\1", 2)));
  reopen();
  EXPECT_EQ(**store_->get_meta("next"), std::string("\0\1", 2));
  EXPECT_TRUE(store_->open_calls()->empty()) << "the store's own keys are apart";
}

TEST_F(CallStoreTest, ASecondOwnerIsRefused) {
  const auto second = CallStore::open(directory(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  CallStoreOptions existing;
  existing.create_if_missing = false;
  const auto missing = CallStore::open(root_ + "/other", existing);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

TEST_F(CallStoreTest, AcknowledgedCallsSurviveKillNine) {
  store_.reset();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = CallStore::open(directory(), {});
    const CallRecord call = nth_call(0, "4711", "2");
    const bool good = store && (*store)->put({&call, 1}, {});
    const char answer = good ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  ASSERT_EQ(answer, 'y');
  reopen();
  EXPECT_EQ(find_ids(by_number("4711")), (Ids{"id-0"}));
  expect_consistent();
}

TEST_F(CallStoreTest, ReadersSeeWholeBatchesWhileCallsArePut) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint32_t n = 0; n < 60; ++n) {
      const std::vector<CallRecord> pair = {nth_call(2 * n, "5", "6"),
                                            nth_call(2 * n + 1, "5", "6")};
      EXPECT_TRUE(store_->put(pair, {}));
    }
    stop = true;
  });
  while (!stop) EXPECT_EQ(find(by_number("5")).size() % 2, 0u);
  writer.join();
  EXPECT_EQ(find(by_number("5")).size(), 120u);
}

}  // namespace
}  // namespace tapdeck::storage
