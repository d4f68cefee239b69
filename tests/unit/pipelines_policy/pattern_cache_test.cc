#include "pipelines/policy/pattern_cache.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::policy {
namespace {

class PatternCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = PatternDatabase::compile(expressions_);
    ASSERT_TRUE(database);
    ASSERT_TRUE(store_patterns(path_, pattern_hash(expressions_), *database));
  }

  void TearDown() override { std::filesystem::remove(path_); }

  [[nodiscard]] std::string bytes() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  void write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }

  [[nodiscard]] ErrorCode error() const {
    const auto loaded = load_patterns(path_, pattern_hash(expressions_));
    EXPECT_FALSE(loaded);
    return loaded ? ErrorCode::kCancelled : loaded.error().code;
  }

  const std::vector<Expression> expressions_{{"^\\+49", false}, {"gold", true}};
  const std::string path_ = ::testing::TempDir() + "/patterns_" + std::to_string(::getpid());
};

TEST_F(PatternCacheTest, GivesBackWhatWasStored) {
  EXPECT_TRUE(load_patterns(path_, pattern_hash(expressions_)));

  struct stat status {};

  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(PatternCacheTest, OtherPatternsAreNotTaken) {
  for (const std::vector<Expression>& other :
       {std::vector<Expression>{{"^\\+49", false}, {"gold", false}},
        std::vector<Expression>{{"gold", true}, {"^\\+49", false}},
        std::vector<Expression>{{"^\\+49", false}}}) {
    const auto loaded = load_patterns(path_, pattern_hash(other));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(PatternCacheTest, AnyChangedByteIsSeen) {
  const std::string good = bytes();
  const std::size_t step = std::max<std::size_t>(1, good.size() / 200);
  for (std::size_t at = 0; at < good.size(); at += at < 100 ? 1 : step) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x40);
    write(bad);
    ASSERT_EQ(error(), ErrorCode::kCorrupt) << at;
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{50}, good.size() - 1}) {
    write(good.substr(0, length));
    EXPECT_EQ(error(), ErrorCode::kCorrupt);
  }
  write(good + "x");
  EXPECT_EQ(error(), ErrorCode::kCorrupt);
  write(good);
  EXPECT_TRUE(load_patterns(path_, pattern_hash(expressions_)));
}

TEST_F(PatternCacheTest, WhatIsNoFileIsNotRead) {
  std::filesystem::remove(path_);
  EXPECT_EQ(error(), ErrorCode::kNotFound);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(error(), ErrorCode::kIo);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/dev/zero", path_);
  EXPECT_EQ(error(), ErrorCode::kIo);
}

}  // namespace
}  // namespace tapdeck::policy
