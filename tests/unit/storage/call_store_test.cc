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

namespace tapdeck::storage {
namespace {

constexpr std::int64_t kStart = 1'700'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000;

class CallStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "call_store.XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    reopen();
  }

  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(root_);
  }

  [[nodiscard]] std::string directory() const { return root_ + "/calls"; }

  void reopen() {
    store_.reset();
    auto opened = CallStore::open(directory(), {});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  void put(const CallRecord& call) {
    const auto done = store_->put({&call, 1}, {});
    ASSERT_TRUE(done) << done.error().message;
  }

  std::vector<CallRecord> find(const CallQuery& query) {
    auto page = store_->find(query);
    EXPECT_TRUE(page) << page.error().message;
    return page ? page->calls : std::vector<CallRecord>{};
  }

  std::vector<std::string> find_ids(const CallQuery& query) {
    std::vector<std::string> ids;
    for (const CallRecord& call : find(query)) ids.push_back(call.call_id);
    return ids;
  }

  std::uint64_t figure(const std::string& name) {
    for (const auto& [key, value] : store_->statistics().figures) {
      if (key == name) return value;
    }
    ADD_FAILURE() << "no figure " << name;
    return 0;
  }

  void expect_consistent() {
    const auto faults = store_->check();
    ASSERT_TRUE(faults);
    for (const StoreFault& fault : *faults) ADD_FAILURE() << fault.where << ": " << fault.what;
  }

  std::string root_;
  std::unique_ptr<CallStore> store_;
};

// The n-th call: starts n seconds after kStart and lasts 500 ms.
CallRecord nth_call(std::uint32_t n, std::string caller, std::string callee) {
  CallRecord call;
  call.start_us = kStart + n * kSecond;
  call.first_seen_us = *call.start_us;
  call.uid = make_uid(*call.start_us / 1'000, {static_cast<std::uint8_t>(n)});
  call.call_id = "id-" + std::to_string(n);
  call.state = CallState::kEnded;
  call.ended_us = *call.start_us + kSecond / 2;
  call.parties.resize(2);
  call.parties[0].number = std::move(caller);
  call.parties[1].number = std::move(callee);
  call.parties[1].id = 1;
  call.caller = 0;
  call.callee = 1;
  return call;
}

CallQuery by_number(std::string number) {
  CallQuery query;
  query.number = std::move(number);
  return query;
}

using Ids = std::vector<std::string>;

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

TEST_F(CallStoreTest, NumberForms) {
  put(nth_call(0, "+49891234", "0049305555"));
  put(nth_call(1, "089-1234", "112"));
  put(nth_call(2, "498912345", "49891234"));
  EXPECT_EQ(find_ids(by_number("+49 89 1234")), (Ids{"id-0", "id-2"}));
  EXPECT_EQ(find_ids(by_number("0891234")), (Ids{"id-1"})) << "local form, as it was written";
  EXPECT_EQ(find_ids(by_number("+4930*")), (Ids{"id-0"}));
  EXPECT_EQ(find_ids(by_number("+4989*")), (Ids{"id-0", "id-2"})) << "oldest first, each once";
  EXPECT_EQ(find_ids(by_number("+4989123")), Ids{});
  CallQuery callee;
  callee.callee = "49891234";
  EXPECT_EQ(find_ids(callee), (Ids{"id-2"}));
}

TEST_F(CallStoreTest, ALocalFormIsFoundAsWrittenAndAsE164) {
  put(nth_call(0, "+49891234", "1"));
  put(nth_call(1, "089-1234", "2"));
  CallRecord both = nth_call(2, "089-1234", "3");
  both.parties[0].e164 = "+49891234";
  put(both);
  CallRecord dialled = nth_call(3, "4", "5");
  dialled.dialled = "9089-1234";
  dialled.dialled_e164 = "+49891234";
  put(dialled);
  CallQuery query = by_number("089/1234");
  query.number_e164 = "+49891234";
  EXPECT_EQ(find_ids(query), (Ids{"id-0", "id-1", "id-2", "id-3"})) << "oldest first, each once";
  query = by_number("089*");
  query.number_e164 = "+4989*";
  EXPECT_EQ(find_ids(query), (Ids{"id-0", "id-1", "id-2", "id-3"}));
  query.from_us = kStart + 2 * kSecond;
  EXPECT_EQ(find_ids(query), (Ids{"id-2", "id-3"}));
  CallQuery caller;
  caller.caller = "0891234";
  caller.caller_e164 = "+49891234";
  EXPECT_EQ(find_ids(caller), (Ids{"id-0", "id-1", "id-2"}));
  expect_consistent();
}

TEST_F(CallStoreTest, PrefixResultsAreInTimeOrderOverNumbers) {
  for (std::uint32_t n = 0; n < 50; ++n) put(nth_call(n, "49" + std::to_string(100 - n), "1"));
  Ids expected;
  for (std::uint32_t n = 10; n < 40; ++n) expected.push_back("id-" + std::to_string(n));
  CallQuery query = by_number("49*");
  query.from_us = kStart + 10 * kSecond;
  query.to_us = kStart + 40 * kSecond;
  EXPECT_EQ(find_ids(query), expected);
}

TEST_F(CallStoreTest, DateRangeEndsAreExact) {
  for (std::uint32_t n = 0; n < 5; ++n) put(nth_call(n, "1", "2"));
  CallQuery query;
  query.from_us = kStart + kSecond;
  query.to_us = kStart + 3 * kSecond;
  EXPECT_EQ(find_ids(query), (Ids{"id-1", "id-2"}));
  query.from_us = kStart + kSecond + 1;
  query.number = "2";
  EXPECT_EQ(find_ids(query), (Ids{"id-2"}));
}

TEST_F(CallStoreTest, OverlapFindsLongAndOpenCallsThatBeganEarlier) {
  CallRecord longest = nth_call(0, "1", "2");
  longest.ended_us = kStart + 100'000 * kSecond;
  put(longest);
  CallRecord open = nth_call(1, "1", "2");
  open.state = CallState::kInProgress;
  open.ended_us = std::nullopt;
  put(open);
  put(nth_call(2, "1", "2"));
  reopen();
  CallQuery query;
  query.overlap = true;
  query.from_us = kStart + 99'999 * kSecond;
  EXPECT_EQ(find_ids(query), (Ids{"id-0", "id-1"}));
  query.from_us = kStart + 300'000 * kSecond;
  EXPECT_EQ(find_ids(query), (Ids{"id-1"})) << "longer than any ended call, and still going on";
}

TEST_F(CallStoreTest, PagesTogetherAreTheListWhileCallsArePut) {
  for (std::uint32_t n = 0; n < 40; n += 2) put(nth_call(n, "491" + std::to_string(n), "7"));
  for (const std::string number : {"", "7", "491*"}) {
    const Ids whole = find_ids(by_number(number));
    CallQuery query = by_number(number);
    query.limit = 3;
    Ids paged;
    for (int pages = 0; pages < 20; ++pages) {
      const auto page = store_->find(query);
      ASSERT_TRUE(page);
      for (const CallRecord& call : page->calls) paged.push_back(call.call_id);
      put(nth_call(0, "4910", "7"));  // what is behind the cursor moves nothing
      query.cursor = page->next_cursor;
      if (query.cursor.empty()) break;
      EXPECT_EQ(page->calls.size(), 3u);
    }
    EXPECT_EQ(paged, whole) << "number " << number;
  }
}

TEST_F(CallStoreTest, AFullLastPageHasNoCursor) {
  for (std::uint32_t n = 0; n < 4; ++n) put(nth_call(n, "1", "2"));
  CallQuery query;
  query.limit = 4;
  EXPECT_EQ(store_->find(query)->next_cursor, "");
  query.limit = 3;
  EXPECT_NE(store_->find(query)->next_cursor, "");
  query.cursor = "no cursor";
  const auto refused = store_->find(query);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
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
  const std::vector<DiscardedRow> discarded = {{rows[0], 4096}, {rows[2], ~std::uint64_t{0}}};
  ASSERT_TRUE(store_->discard_rows(discarded));
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

TEST_F(CallStoreTest, NumberAndDateSearchDoesNotScan) {
  std::vector<CallRecord> calls;
  for (std::uint32_t n = 0; n < 10'000; ++n) {
    calls.push_back(nth_call(n, "49" + std::to_string(1'000 + n % 1'000), "7"));
  }
  ASSERT_TRUE(store_->put(calls, {}));
  const auto cost = [this] {
    return figure("index_seeks") + figure("index_steps") + figure("point_reads");
  };
  std::uint64_t before = cost();
  CallQuery exact = by_number("491500");
  exact.from_us = kStart + 2'000 * kSecond;
  exact.to_us = kStart + 6'000 * kSecond;
  EXPECT_EQ(find(exact).size(), 4u);
  EXPECT_LT(cost() - before, 20u) << "4 of 10 000 calls are wanted";
  before = cost();
  CallQuery prefix = by_number("49150*");
  prefix.from_us = exact.from_us;
  prefix.to_us = exact.to_us;
  EXPECT_EQ(find(prefix).size(), 40u);
  EXPECT_LT(cost() - before, 160u) << "40 calls of 10 numbers are wanted";
  before = cost();
  EXPECT_TRUE(store_->get(calls[5'000].uid));
  EXPECT_LT(cost() - before, 5u);
  before = cost();
  CallQuery call_id;
  call_id.call_id = "id-7777";
  EXPECT_EQ(find(call_id).size(), 1u);
  EXPECT_LT(cost() - before, 5u);
}

TEST_F(CallStoreTest, ABroadPrefixGoesByDateAndFindsTheSame) {
  std::vector<CallRecord> calls;
  for (std::uint32_t n = 0; n < 26'000; ++n) {
    calls.push_back(nth_call(n, "49" + std::to_string(n), "495" + std::to_string(n)));
  }
  ASSERT_TRUE(store_->put(calls, {}));
  CallQuery query = by_number("49*");
  query.limit = 5;
  const std::uint64_t before = figure("index_steps");
  EXPECT_EQ(find_ids(query), (Ids{"id-0", "id-1", "id-2", "id-3", "id-4"}));
  EXPECT_LE(figure("index_steps") - before, 50'010u);
  query.limit = 0;
  EXPECT_EQ(find(query).size(), 26'000u);
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
