// Trees of files, copied.
#include "storage/backup.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

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

TEST_F(CopyTree, NothingIsShared) {
  ASSERT_TRUE(copy_tree(from_, to_, copied_));
  EXPECT_EQ(copied_.files, 2U);
  EXPECT_EQ(copied_.bytes, copied_.cloned == 0 ? 3'000'006U : 0U);
  EXPECT_EQ(read(to_ + "/open"), read(from_ + "/open"));
  EXPECT_EQ(status_of(to_ + "/deep/er/sealed").st_mode & 0777U, 0400U);
  ASSERT_EQ(::truncate((from_ + "/deep/er/sealed").c_str(), 0), 0);
  EXPECT_EQ(read(to_ + "/deep/er/sealed"), "sealed");
}

TEST_F(CopyTree, HolesStayHoles) {
  constexpr off_t kBlock = 1 << 20;
  const std::string path = from_ + "/sparse";
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const std::vector<std::uint8_t> block(kBlock, 7);
  ASSERT_TRUE(write_fully(file.get(), block, 2 * kBlock));
  ASSERT_TRUE(write_fully(file.get(), block, 5 * kBlock));
  ASSERT_EQ(::ftruncate(file.get(), 8 * kBlock), 0);
  ASSERT_TRUE(copy_tree(from_, to_, copied_));
  EXPECT_EQ(read(to_ + "/sparse"), read(path));
  EXPECT_EQ(status_of(to_ + "/sparse").st_size, 8 * kBlock);
  EXPECT_LE(status_of(to_ + "/sparse").st_blocks * 512, 3 * kBlock);
}

TEST_F(CopyTree, EmptyFilesAreCopied) {
  write(from_ + "/empty", "", 0600);
  ASSERT_TRUE(copy_tree(from_, to_, copied_));
  EXPECT_EQ(status_of(to_ + "/empty").st_size, 0);
}

TEST_F(CopyTree, WhatIsThereIsNotOverwritten) {
  ASSERT_TRUE(copy_tree(from_, to_, copied_));
  EXPECT_FALSE(copy_tree(from_, to_, copied_));
}

TEST(MakeWhole, OfWhatFailsNothingIsLeft) {
  const TemporaryDirectory directory;
  const std::string to = directory.path() + "/to";
  const auto made = make_whole(to, [](const std::string& partial) -> Result<CopiedFiles> {
    std::filesystem::create_directories(partial + "/keys");
    return make_error(ErrorCode::kResources, "full");
  });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kResources);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace tapdeck::storage
