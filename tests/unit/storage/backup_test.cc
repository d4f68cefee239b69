// Trees of files, copied.
#include "storage/backup.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

struct stat status_of(const std::string& path) {
  struct stat status {};

  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status;
}

void write(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class CopyTree : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(from_ + "/deep/er");
    write(from_ + "/deep/er/sealed", "sealed", 0400);
    write(from_ + "/open", std::string(3'000'000, 'o'), 0600);
  }

  TemporaryDirectory directory_;
  std::string from_ = directory_.path() + "/from";
  std::string to_ = directory_.path() + "/to";
  CopiedFiles copied_;
};

TEST_F(CopyTree, SealedFilesMayBeShared) {
  ASSERT_TRUE(copy_tree(from_, to_, CopyWay::kLinkSealed, copied_));
  EXPECT_EQ(copied_.files, 2U);
  EXPECT_EQ(copied_.linked, 1U);
  EXPECT_EQ(copied_.bytes, 3'000'000U);
  EXPECT_EQ(status_of(to_ + "/deep/er/sealed").st_ino, status_of(from_ + "/deep/er/sealed").st_ino);
  EXPECT_NE(status_of(to_ + "/open").st_ino, status_of(from_ + "/open").st_ino);
  EXPECT_EQ(read(to_ + "/open"), read(from_ + "/open"));
}

TEST_F(CopyTree, OrNothingIs) {
  ASSERT_TRUE(copy_tree(from_, to_, CopyWay::kCopyAll, copied_));
  EXPECT_EQ(copied_.linked, 0U);
  EXPECT_EQ(read(to_ + "/deep/er/sealed"), "sealed");
  EXPECT_EQ(status_of(to_ + "/deep/er/sealed").st_mode & 0777U, 0400U);
}

TEST_F(CopyTree, WhatIsThereIsNotOverwritten) {
  ASSERT_TRUE(copy_tree(from_, to_, CopyWay::kCopyAll, copied_));
  EXPECT_FALSE(copy_tree(from_, to_, CopyWay::kCopyAll, copied_));
}

}  // namespace
}  // namespace tapdeck::storage
