// Nothing stays, and nothing that is somebody else's goes.
#include "bench/load/scratch.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/unit/bench_load/fresh_directory.h"

namespace tapdeck::load {
namespace {

namespace fs = std::filesystem;

TEST(Scratch, AllThatWasMadeIsRemoved) {
  const std::string top = fresh_directory("scratch-new");
  {
    const auto scratch = Scratch::make(top + "/store/bench");
    ASSERT_TRUE(scratch) << scratch.error().message;
    EXPECT_TRUE((*scratch)->notes().empty());
    fs::create_directories((*scratch)->path() + "/store/calls");
    std::ofstream((*scratch)->path() + "/store/calls/1.sst") << "x";
  }
  EXPECT_FALSE(fs::exists(top));
}

TEST(Scratch, WhatWasThereStays) {
  const std::string top = fresh_directory("scratch-old");
  fs::create_directories(top + "/bench/mine");
  {
    const auto scratch = Scratch::make(top + "/bench");
    ASSERT_TRUE(scratch) << scratch.error().message;
    ASSERT_EQ((*scratch)->notes().size(), 1U);
    EXPECT_NE((*scratch)->notes()[0].find("rm -r '" + top + "/bench/mine'"), std::string::npos);
  }
  EXPECT_TRUE(fs::exists(top + "/bench/mine"));
  fs::remove_all(top);
}

TEST(Scratch, OfTwoAtOnceNeitherRemovesTheOther) {
  const std::string top = fresh_directory("scratch-two");
  const auto one = Scratch::make(top);
  ASSERT_TRUE(one) << one.error().message;
  const auto other = Scratch::make(top);
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_TRUE((*other)->notes().empty());
  EXPECT_TRUE(fs::exists((*one)->path()));
}

TEST(Scratch, WhatAKilledBenchLeftIsRemoved) {
  const std::string top = fresh_directory("scratch-killed");
  EXPECT_EXIT(
      {
        const auto scratch = Scratch::make(top);
        std::ofstream((*scratch)->path() + "/media") << "x";
        raise(SIGKILL);
      },
      ::testing::KilledBySignal(SIGKILL),
      "");
  {
    const auto scratch = Scratch::make(top);
    ASSERT_TRUE(scratch) << scratch.error().message;
    ASSERT_EQ((*scratch)->notes().size(), 1U);
    EXPECT_NE((*scratch)->notes()[0].find("was removed"), std::string::npos);
  }
  EXPECT_FALSE(fs::exists(top));
}

TEST(Scratch, MemoryIsNoDiskAndGetsNothing) {
  const std::string top = "/dev/shm/tapdeck-scratch-test";
  const auto scratch = Scratch::make(top + "/bench");
  ASSERT_FALSE(scratch);
  EXPECT_EQ(scratch.error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(fs::exists(top));
}

}  // namespace
}  // namespace tapdeck::load
