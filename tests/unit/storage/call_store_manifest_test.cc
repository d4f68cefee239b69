// The manifest, the list of RocksDB's tables: begun anew by a purge, and sound when the program
// ended within that.
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <rocksdb/db.h>

#include "tests/unit/storage/call_store_fixture.h"

namespace tapdeck::storage {
namespace {

class CallStoreManifestTest : public CallStoreTest {
 protected:
  [[nodiscard]] std::set<std::string> manifests() const {
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(directory())) {
      std::string name = file.path().filename();
      if (name.starts_with("MANIFEST-")) names.insert(std::move(name));
    }
    return names;
  }

  [[nodiscard]] std::vector<std::string> column_families() const {
    std::vector<std::string> names;
    EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, directory(), &names).ok());
    return names;
  }

  // As a renewal does that gets no further, or a later version of the program.
  void add_column_family(const std::string& added) {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : column_families()) families.emplace_back(name, defaults_);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, directory(), families, &handles, &opened).ok());
    const std::unique_ptr<rocksdb::DB> database(opened);
    ASSERT_TRUE(database->CreateColumnFamily(defaults_, added, &handles.emplace_back()).ok());
    for (auto* handle : handles) ASSERT_TRUE(database->DestroyColumnFamilyHandle(handle).ok());
    ASSERT_TRUE(database->Close().ok());
  }

  const rocksdb::ColumnFamilyOptions defaults_;
};

TEST_F(CallStoreManifestTest, EachPurgeBeginsANewOne) {
  for (std::uint32_t n = 0; n < 3; ++n) {
    const std::set<std::string> before = manifests();
    put(nth_call(n, "111", "222"));
    ASSERT_TRUE(store_->purge_everywhere());
    const std::set<std::string> now = manifests();
    EXPECT_FALSE(now.empty());
    for (const std::string& name : now) EXPECT_FALSE(before.contains(name)) << name;
  }
  const std::vector<std::string> families = column_families();
  reopen();
  EXPECT_EQ(column_families(), families);
  EXPECT_EQ(find({}).size(), 3U);
  expect_consistent();
}

TEST_F(CallStoreManifestTest, ARenewalThatWasCutShortIsFinishedByTheNextOpening) {
  put(nth_call(1, "111", "222"));
  store_.reset();
  const std::vector<std::string> families = column_families();
  add_column_family("filler/--");
  ASSERT_EQ(column_families().size(), families.size() + 1);
  for (int i = 0; i < 2; ++i) {
    reopen();
    EXPECT_EQ(column_families(), families);
    EXPECT_EQ(find(by_number("111")).size(), 1U);
    ASSERT_TRUE(store_->purge_everywhere());
  }
}

TEST_F(CallStoreManifestTest, AColumnFamilyThatNobodyKnowsIsRefused) {
  store_.reset();
  add_column_family("of_a_later_version");
  const auto opened = CallStore::open(directory(), {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("of_a_later_version"), std::string::npos)
      << opened.error().message;
}

}  // namespace
}  // namespace tapdeck::storage
