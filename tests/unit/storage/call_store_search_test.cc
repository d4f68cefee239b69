#include <gtest/gtest.h>

#include "storage/call_store.h"
#include "tests/unit/storage/call_store_fixture.h"

namespace tapdeck::storage {
namespace {

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

}  // namespace
}  // namespace tapdeck::storage
