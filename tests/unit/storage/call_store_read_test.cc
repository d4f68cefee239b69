// Walks of the call store that step to their neighbours find what seeks find, whatever the order.
#include "storage/call_store_read.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

// One column family that stands for all.
class CallStoreReadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "read.XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    store_.directory = pattern;
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, pattern, &opened).ok());
    store_.db.reset(opened);
    store_.columns.assign(kColumnNames.size(), opened->DefaultColumnFamily());
  }

  void TearDown() override {
    store_.columns.clear();
    store_.db.reset();
    std::filesystem::remove_all(store_.directory);
  }

  void put(const std::string& key) {
    ASSERT_TRUE(store_.db->Put({}, key, key).ok());
    keys_.insert({key, true});
  }

  void remove(const std::string& key) {
    ASSERT_TRUE(store_.db->Delete({}, key).ok());
    keys_.erase(key);
  }

  // The first `most` keys of a walk.
  static std::vector<std::string> take(Walk& walk, std::size_t most) {
    std::vector<std::string> keys;
    for (; walk.valid() && keys.size() < most; walk.next()) keys.emplace_back(walk.key());
    EXPECT_TRUE(walk.status());
    return keys;
  }

  std::vector<std::string> expected(const std::string& lower,
                                    const std::string& upper,
                                    std::size_t most) {
    std::vector<std::string> keys;
    for (auto at = keys_.lower_bound(lower); at != keys_.end() && at->first < upper; ++at) {
      if (keys.size() < most) keys.push_back(at->first);
    }
    return keys;
  }

  static std::string key(std::uint32_t n) {
    std::string text = std::to_string(n);
    return std::string(6 - text.size(), '0') + text;
  }

  CallStore::Impl store_;
  std::map<std::string, bool> keys_;
};

TEST_F(CallStoreReadTest, SteppingFindsWhatSeekingFinds) {
  std::mt19937 random(7);
  const auto below = [&random](std::uint32_t end) {
    return static_cast<std::uint32_t>(random() % end);
  };
  for (int i = 0; i < 3'000; ++i) put(key(below(20'000)));
  for (int i = 0; i < 3'000; ++i) remove(key(below(20'000)));
  const Reader reader(store_);
  Walk walk(reader, Column::kCalls, key(15'000));
  std::uint32_t at = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint32_t kind = below(10);
    // Mostly a little ahead; at times far ahead, or back, or where the last one began.
    if (kind < 6) at += below(40);
    if (kind == 6) at += below(2'000);
    if (kind == 7) at -= std::min(at, below(300));
    if (kind == 8) at = below(15'000);
    if (at >= 14'900) at = below(100);
    const std::string lower = key(at);
    const std::uint32_t width = 1 + below(60);
    const std::string upper = key(std::min(at + width, 15'000U));
    const std::size_t most = below(4) == 0 ? below(3) : 1'000;
    walk.restart(lower, upper);
    ASSERT_EQ(take(walk, most), expected(lower, upper, most)) << lower << " to " << upper;
    if (below(2) == 0) at += width;
  }
}

TEST_F(CallStoreReadTest, AWalkEndsWithItsStretchAndWithAll) {
  for (const char* key : {"a1", "a2", "b1", "c1", "d1"}) put(key);
  const Reader reader(store_);
  Walk walk(reader, Column::kCalls, std::string("d"));
  walk.restart("a", "b");
  EXPECT_EQ(take(walk, 9), (std::vector<std::string>{"a1", "a2"}));
  walk.restart("b", "c");
  EXPECT_EQ(take(walk, 9), (std::vector<std::string>{"b1"}));
  walk.restart("c2", "d");
  EXPECT_TRUE(take(walk, 9).empty());
  walk.restart("a", "b");
  EXPECT_EQ(take(walk, 9), (std::vector<std::string>{"a1", "a2"})) << "back, behind the end";
  Walk endless(reader, Column::kCalls, std::string());
  endless.restart("c", "e");
  EXPECT_EQ(take(endless, 9), (std::vector<std::string>{"c1", "d1"}));
}

TEST_F(CallStoreReadTest, AStretchThatWasLeftEarlyIsNotSteppedInto) {
  for (const char* key : {"a1", "a2", "a3"}) put(key);
  const Reader reader(store_);
  Walk walk(reader, Column::kCalls, std::string("b"));
  walk.restart("a", "b");
  EXPECT_EQ(take(walk, 2).size(), 2U);
  walk.restart("a2", "b");
  EXPECT_EQ(take(walk, 9), (std::vector<std::string>{"a2", "a3"}));
}

}  // namespace
}  // namespace tapdeck::storage
