// What is removed of calls is gone: from all that leads to it at once, and after a purge from every
// file, read as bytes and as RocksDB reads them.
#include <fstream>
#include <iterator>

#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

#include "tests/unit/storage/call_store_fixture.h"

namespace tapdeck::storage {
namespace {

const std::string kSecret = "4930555000111";
const std::string kOther = "4930777000222";

class CallStoreRemoveTest : public CallStoreTest {
 protected:
  void retire(std::vector<RecordingPartsOf> parts) {
    const auto done = store_->retire({{}, std::move(parts), RecordingLifecycle::kErased});
    ASSERT_TRUE(done) << done.error().message;
  }

  void purge(std::vector<Uid> calls) {
    const auto done = store_->purge(calls);
    ASSERT_TRUE(done) << done.error().message;
  }

  [[nodiscard]] static std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // Keys and values of a table, its marks of removals not.
  [[nodiscard]] static std::string decoded(const std::string& path) {
    rocksdb::Options options;
    rocksdb::SstFileReader reader(options);
    if (!reader.Open(path).ok()) return {};
    std::string all;
    rocksdb::ReadOptions read;
    read.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> at(reader.NewIterator(read));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      all += at->key().ToString() + at->value().ToString();
    }
    EXPECT_TRUE(at->status().ok()) << at->status().ToString();
    return all;
  }

  // In tables, logs, the manifest and whatever else there is; the store may be open.
  [[nodiscard]] int files_with(const std::string& wanted) const {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) {
      const bool table = entry.path().extension() == ".sst";
      const std::string bytes = bytes_of(entry.path());
      const bool has = bytes.find(wanted) != std::string::npos ||
                       (table && decoded(entry.path()).find(wanted) != std::string::npos);
      files += has ? 1 : 0;
    }
    return files;
  }

  // Tables with marks of removals, of those columns that tell of people.
  [[nodiscard]] int files_with_marks() const {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) {
      if (entry.path().extension() != ".sst") continue;
      rocksdb::SstFileReader reader({});
      if (!reader.Open(entry.path()).ok()) continue;  // unlinked since it was listed
      const auto properties = reader.GetTableProperties();
      const std::string& column = properties->column_family_name;
      const bool personal = column == "calls" || column.starts_with("by_");
      files += personal && properties->num_deletions > 0 ? 1 : 0;
    }
    return files;
  }

  // Two versions of a call of the secret number among calls of others.
  CallRecord put_secret(std::uint32_t n, bool displaced = false) {
    CallRecord call = nth_call(n, kSecret, "222");
    if (displaced) *call.start_us -= 3'600 * kSecond;
    call.final = true;
    call.recording.cdr_expires_us = 77;
    call.conversation_id = "conversation of " + kSecret;
    call.parties[0].name = kSecret;
    put(call);
    ++call.version;
    call.call_id += " of " + kSecret;
    put(call);
    return call;
  }
};

TEST_F(CallStoreRemoveTest, ARetiredRecordIsFoundByNothing) {
  for (const bool displaced : {false, true}) {
    const CallRecord call = put_secret(5, displaced);
    put(nth_call(6, kOther, "222"));
    retire({{call.uid, kPartCdr}, {make_uid(9, {9}), kPartsAll}});
    for (int i = 0; i < 2; ++i) {
      EXPECT_FALSE(store_->get(call.uid));
      EXPECT_FALSE(store_->versions(call.uid));
      EXPECT_TRUE(find(by_number(kSecret)).empty());
      EXPECT_EQ(find({}).size(), 1U);
      EXPECT_TRUE(store_->due(1'000'000, 10, {})->empty());
      expect_consistent();
      reopen();
    }
    retire({{call.uid, kPartCdr}});
  }
}

TEST_F(CallStoreRemoveTest, AnOpenCallThatIsRemovedDoesNotComeBackWithItsNextVersion) {
  CallRecord call = nth_call(5, kSecret, "222");
  call.state = CallState::kInProgress;
  put(call);
  retire({{call.uid, kPartsAll}});
  EXPECT_TRUE(store_->open_calls()->empty());
  CallRecord next = nth_call(5, "333", "222");
  next.version = 2;
  put(next);
  EXPECT_EQ(store_->versions(call.uid)->size(), 1U);
  EXPECT_TRUE(find(by_number(kSecret)).empty());
  expect_consistent();
}

TEST_F(CallStoreRemoveTest, AReplacedRecordIsTheOnlyVersion) {
  CallRecord call = put_secret(5);
  const CallRecord other = nth_call(6, kOther, "222");
  put(other);
  call.parties[0].number = "pseudonym";
  call.parties[0].name.clear();
  call.call_id = "blank";
  call.conversation_id.clear();
  CallRecord nobody = nth_call(9, "999", "222");
  ASSERT_TRUE(store_->replace(std::vector<CallRecord>{call, nobody}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(find(by_number(kSecret)).empty());
    EXPECT_TRUE(find(by_number("999")).empty()) << "there was none to be replaced";
    EXPECT_EQ(find_ids(by_number("pseudonym")), (Ids{"blank"}));
    EXPECT_EQ(store_->versions(call.uid)->size(), 1U);
    EXPECT_EQ(store_->due(1'000, 10, {})->size(), 1U);
    expect_consistent();
    reopen();
  }
  ++call.version;
  put(call);
  EXPECT_EQ(store_->versions(call.uid)->size(), 2U);
  expect_consistent();
}

TEST_F(CallStoreRemoveTest, AfterAPurgeNoFileHasTheBytes) {
  for (const bool replaced : {false, true}) {
    for (const bool flushed : {false, true}) {
      std::vector<Uid> gone;
      for (std::uint32_t n = 0; n < 40; ++n) put(nth_call(n, kOther, "222"));
      CallRecord call = put_secret(45, flushed);
      gone.push_back(call.uid);
      for (std::uint32_t n = 50; n < 90; ++n) put(nth_call(n, kOther, "222"));
      EXPECT_GT(files_with(kSecret), 0) << "the search finds nothing";
      if (flushed) purge({make_uid(1, {1})});  // of nothing: to tables, that is
      if (replaced) {
        call.parties[0].number = call.call_id = call.conversation_id = "x";
        call.parties[0].name.clear();
        ASSERT_TRUE(store_->replace({&call, 1}));
      } else {
        retire({{call.uid, kPartCdr}});
      }
      EXPECT_GT(files_with(kSecret), 0);
      purge(gone);
      EXPECT_EQ(files_with(kSecret), 0);
      EXPECT_GT(files_with(kOther), 0);
      expect_consistent();
      retire({{call.uid, kPartCdr}});
    }
  }
}

TEST_F(CallStoreRemoveTest, APurgeOfEverythingNeedsNoNames) {
  put(nth_call(1, kOther, "222"));
  const CallRecord call = put_secret(5, true);
  retire({{call.uid, kPartCdr}});
  EXPECT_GT(files_with(kSecret), 0);
  ASSERT_TRUE(store_->purge_everywhere());
  EXPECT_EQ(files_with(kSecret), 0);
  EXPECT_GT(files_with(kOther), 0);
  expect_consistent();
}

// As many tables as RocksDB compacts by itself, at the time of the purge, and one less and more.
TEST_F(CallStoreRemoveTest, APurgeIsCompleteWhateverRocksDbCompactsMeanwhile) {
  std::uint32_t n = 0;
  for (int round = 0; round < 12; ++round) {
    for (int table = 0; table < round % 6; ++table) {
      put(nth_call(++n % 200, kOther, "222"));
      reopen();
    }
    const CallRecord call = put_secret(++n % 200, false);
    if (round % 2 == 0) reopen();
    retire({{call.uid, kPartCdr}});
    if (round % 4 < 2) reopen();
    purge({call.uid});
    EXPECT_EQ(files_with(kSecret), 0) << round;
    EXPECT_EQ(files_with_marks(), 0) << round;
  }
}

TEST_F(CallStoreRemoveTest, MarksOfDisplacedCallsGoWithThePurge) {
  const CallRecord call = put_secret(5, true);
  retire({{call.uid, kPartCdr}});
  purge({call.uid});
  purge({call.uid});
  EXPECT_EQ(files_with(kSecret), 0);
}

}  // namespace
}  // namespace tapdeck::storage
