// When parts of calls are due: by the final record alone, whatever versions came before, and never
// again what was retired.
#include <rocksdb/db.h>

#include "storage/retention_store.h"
#include "tests/unit/storage/call_store_fixture.h"

namespace tapdeck::storage {
namespace {

constexpr std::int64_t kYears = 10 * 365 * 86'400 * kSecond;

CallRecord call_due(std::uint32_t n,
                    std::optional<std::int64_t> media,
                    std::optional<std::int64_t> sip,
                    std::optional<std::int64_t> cdr) {
  CallRecord call = nth_call(n, "111", "222");
  call.final = true;
  call.recording.expires_us = media;
  call.recording.sip_expires_us = sip;
  call.recording.cdr_expires_us = cdr;
  return call;
}

class CallStoreExpiryTest : public CallStoreTest {
 protected:
  std::vector<DueParts> due(std::int64_t until_us = kYears * 100, std::size_t most = 1'000) {
    const auto found = store_->due(until_us, most, {});
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : std::vector<DueParts>{};
  }

  // With marks of what was destroyed, as the shredder leaves them.
  void retire(const CallRecord& call,
              RecordingParts parts,
              RecordingLifecycle lifecycle = RecordingLifecycle::kExpired) {
    Retirement retirement{{}, {{call.uid, parts}}, lifecycle};
    auto& destroyed = retirement.discard.destroyed;
    if ((parts & kPartMedia) != 0) destroyed.push_back({call.uid, SegmentKind::kMedia, 1});
    if ((parts & kPartSip) != 0) destroyed.push_back({call.uid, SegmentKind::kSip, 1});
    const auto done = store_->retire(retirement);
    ASSERT_TRUE(done) << done.error().message;
  }
};

TEST_F(CallStoreExpiryTest, PartsOfOneTimeAreDueTogetherSoonestFirst) {
  const CallRecord a = call_due(1, 5'000, 5'000, 9'000);
  const CallRecord b = call_due(2, 7'000, 3'000, {});
  const CallRecord c = call_due(3, {}, {}, {});
  const CallRecord d = call_due(4, -5, -5, -5);
  for (const CallRecord& call : {a, b, c, d}) put(call);
  constexpr RecordingParts kBoth = kPartMedia | kPartSip;
  const std::vector<DueParts> all = {{-5, {d.uid, kPartsAll}},
                                     {3'000, {b.uid, kPartSip}},
                                     {5'000, {a.uid, kBoth}},
                                     {7'000, {b.uid, kPartMedia}},
                                     {9'000, {a.uid, kPartCdr}}};
  EXPECT_EQ(due(), all);
  EXPECT_EQ(due(7'000).size(), 3U) << "until, not including";
  EXPECT_EQ(due(7'001).size(), 4U);
  reopen();
  std::vector<DueParts> paged;
  while (true) {
    const auto page =
        store_->due(kYears, 2, paged.empty() ? std::nullopt : std::optional(paged.back()));
    ASSERT_TRUE(page);
    if (page->empty()) break;
    paged.insert(paged.end(), page->begin(), page->end());
  }
  EXPECT_EQ(paged, all);
  expect_consistent();
}

// While there is media, its streams are told apart by their addresses.
TEST_F(CallStoreExpiryTest, AddressesOfWhoWasTakenOutGoWithTheMedia) {
  CallRecord call = call_due(1, 5'000, 5'000, 9'000);
  call.parties[0].number = "erased-00000017";
  for (std::uint8_t party = 0; party < 2; ++party) {
    MediaRecord media;
    media.party = party;
    media.source = *parse_endpoint(party == 0 ? "192.0.2.1:4000" : "192.0.2.2:5000");
    media.destination = *parse_endpoint(party == 0 ? "192.0.2.2:5000" : "192.0.2.1:4000");
    call.media.push_back(media);
  }
  put(call);
  retire(call, kPartMedia);
  const auto left = store_->get(call.uid);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->media[0].source, Endpoint{});
  EXPECT_EQ(left->media[0].destination, call.media[0].destination);
  EXPECT_EQ(left->media[1].source, call.media[1].source);
  EXPECT_EQ(left->media[1].destination, Endpoint{});
}

TEST_F(CallStoreExpiryTest, OnlyTheFinalRecordCounts) {
  CallRecord call = call_due(1, 5'000, 6'000, 7'000);
  call.final = false;
  call.state = CallState::kInProgress;
  put(call);
  EXPECT_TRUE(due().empty());
  call.state = CallState::kEnded;
  ++call.version;
  put(call);
  EXPECT_TRUE(due().empty());
  call.final = true;
  ++call.version;
  put(call);
  EXPECT_EQ(due().size(), 3U);
}

TEST_F(CallStoreExpiryTest, ALaterFinalVersionReplacesOrKeepsWhatIsDue) {
  CallRecord call = call_due(1, 5'000, 5'000, 9'000);
  for (const bool reopened : {false, true}) {
    put(call);
    ++call.version;
    if (reopened) reopen();
    put(call);
    EXPECT_EQ(due().size(), 2U);
  }
  ++call.version;
  call.recording.expires_us = 6'000;
  put(call);
  EXPECT_EQ(due(),
            (std::vector<DueParts>{{5'000, {call.uid, kPartSip}},
                                   {6'000, {call.uid, kPartMedia}},
                                   {9'000, {call.uid, kPartCdr}}}));
  CallRecord earlier = call;
  earlier.version = 1;
  earlier.recording.expires_us = 1;
  put(earlier);
  EXPECT_EQ(due().size(), 3U) << "an older version";
}

TEST_F(CallStoreExpiryTest, ACallThatIsMaskedAfterAllHasNoOlderVersion) {
  CallRecord call = call_due(1, 5'000, 5'000, 5'000);
  call.dialled = "4930901820";
  for (call.version = 1; call.version < 4; ++call.version) put(call);
  EXPECT_EQ(store_->versions(call.uid)->size(), 3U);
  EXPECT_FALSE(store_->get_meta(kMaskedValue)->has_value());
  call.masked = true;
  call.dialled = "493090xxxx";
  put(call);
  ASSERT_EQ(store_->versions(call.uid)->size(), 1U);
  EXPECT_NE(**store_->get_meta(kMaskedValue), "") << "retention is told";
  ASSERT_TRUE(store_->put_meta(kMaskedValue, ""));
  ++call.version;
  put(call);
  EXPECT_EQ(**store_->get_meta(kMaskedValue), "");
  EXPECT_EQ(store_->versions(call.uid)->size(), 2U) << "what was masked may stay";
  CallRecord late = call;
  late.version = 2;
  late.masked = false;
  put(late);
  EXPECT_EQ(store_->versions(call.uid)->size(), 2U) << "made before, stored after it";
}

TEST_F(CallStoreExpiryTest, WhatIsRetiredIsNotDueAgain) {
  CallRecord call = call_due(1, 5'000, 5'000, 5'000);
  put(call);
  retire(call, kPartSip);
  EXPECT_EQ(due(), (std::vector<DueParts>{{5'000, {call.uid, kPartMedia | kPartCdr}}}));
  EXPECT_EQ(store_->get(call.uid)->recording.lifecycle, RecordingLifecycle::kPresent);
  ++call.version;
  put(call);
  EXPECT_EQ(due().front().what.parts, kPartMedia | kPartCdr) << "by a version of the same times";
  retire(call, kPartMedia);
  retire(call, kPartMedia);
  EXPECT_EQ(due(), (std::vector<DueParts>{{5'000, {call.uid, kPartCdr}}}));
  EXPECT_EQ(store_->get(call.uid)->recording.lifecycle, RecordingLifecycle::kExpired);
  EXPECT_EQ(store_->versions(call.uid)->size(), 2U) << "older ones stay";
  ++call.version;
  put(call);
  EXPECT_EQ(store_->get(call.uid)->recording.lifecycle, RecordingLifecycle::kExpired)
      << "by a version that was made before";
  EXPECT_EQ(due(), (std::vector<DueParts>{{5'000, {call.uid, kPartCdr}}}));
  expect_consistent();
}

// Messages have a time of their own, whatever became of the media.
TEST_F(CallStoreExpiryTest, WhatIsLeftGoesAtItsOwnTime) {
  CallRecord call = call_due(1, 5'000, 6'000, 6'000);
  put(call);
  retire(call, kPartMedia, RecordingLifecycle::kErased);
  const std::vector<DueParts> both = {{6'000, {call.uid, kPartSip | kPartCdr}}};
  EXPECT_EQ(due(), both);
  call.recording.cdr_expires_us = 8'000;
  put(call);
  const std::vector<DueParts> apart = {{6'000, {call.uid, kPartSip}},
                                       {8'000, {call.uid, kPartCdr}}};
  EXPECT_EQ(due(), apart) << "a longer time of the record";
  call.recording.sip_expires_us = 7'000;
  put(call);
  const std::vector<DueParts> longer = {{7'000, {call.uid, kPartSip}},
                                        {8'000, {call.uid, kPartCdr}}};
  EXPECT_EQ(due(), longer) << "a longer time of the messages";
  retire(call, kPartSip);
  const std::vector<DueParts> record = {{8'000, {call.uid, kPartCdr}}};
  EXPECT_EQ(due(), record);
  call.recording.cdr_expires_us = 9'000;
  ASSERT_TRUE(store_->replace({&call, 1}));
  EXPECT_EQ(due(), (std::vector<DueParts>{{9'000, {call.uid, kPartCdr}}}));
  expect_consistent();
}

// Retired while it goes on: the copy in memory must not bring the old record back.
TEST_F(CallStoreExpiryTest, ACallInProgressMayBeRetired) {
  CallRecord call = call_due(1, 5'000, 5'000, {});
  call.final = false;
  call.state = CallState::kInProgress;
  put(call);
  retire(call, kPartMedia | kPartSip, RecordingLifecycle::kErased);
  ++call.version;
  call.final = true;
  call.state = CallState::kEnded;
  put(call);
  const auto versions = store_->versions(call.uid);
  ASSERT_TRUE(versions);
  ASSERT_EQ(versions->size(), 2U);
  for (const CallRecord& version : *versions) {
    EXPECT_EQ(version.recording.lifecycle, RecordingLifecycle::kErased);
  }
  EXPECT_TRUE(due().empty());
  expect_consistent();
}

// As an earlier version of tapdeck left it.
TEST_F(CallStoreExpiryTest, AStoreWithoutTheIndexGetsIt) {
  put(nth_call(1, "111", "222"));
  store_.reset();
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, directory(), &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> columns;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, directory(), families, &columns, &opened).ok());
  for (rocksdb::ColumnFamilyHandle* column : columns) {
    if (column->GetName() == "expiry") {
      ASSERT_TRUE(opened->DropColumnFamily(column).ok());
    }
    ASSERT_TRUE(opened->DestroyColumnFamilyHandle(column).ok());
  }
  delete opened;
  reopen();
  EXPECT_TRUE(due().empty());
  put(call_due(2, 5, {}, {}));
  EXPECT_EQ(due().size(), 1U);
  EXPECT_EQ(find({}).size(), 2U);
}

TEST_F(CallStoreExpiryTest, TheOverlayIsSeenByFiltersAndNotStored) {
  CallStoreOptions options;
  options.overlay = [](CallRecord& call) { call.recording.state = RecordingState::kNotRecorded; };
  CallRecord call = call_due(1, 5, {}, {});
  put(call);
  ++call.version;
  put(call);
  store_.reset();
  store_ = std::move(*CallStore::open(directory(), options));
  CallQuery query;
  query.recording = RecordingState::kNotRecorded;
  EXPECT_EQ(find(query).size(), 1U);
  query.uid = call.uid;
  EXPECT_EQ(find(query).size(), 1U);
  EXPECT_EQ(store_->get(call.uid)->recording.state, RecordingState::kNotRecorded);
  const auto versions = store_->versions(call.uid);
  ASSERT_TRUE(versions);
  for (const CallRecord& version : *versions) {
    EXPECT_EQ(version.recording.state, RecordingState::kNotRecorded);
  }
  retire(call, kPartMedia);
  EXPECT_EQ(store_->get_stored(call.uid)->recording.state, RecordingState::kPending);
}

}  // namespace
}  // namespace tapdeck::storage
