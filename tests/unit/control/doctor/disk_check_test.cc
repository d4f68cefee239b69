#include "control/doctor/disk_check.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

constexpr std::uint64_t kMib = 1 << 20;

config::Sizing writes(std::uint64_t bytes_per_second) {
  config::Sizing sizing;
  sizing.bytes_per_second = bytes_per_second;
  return sizing;
}

TEST(DiskCheck, MeasuresWhereTheStoreWillBeAndLeavesNothing) {
  // Beside the build tree: /tmp may be memory.
  const std::string parent = std::filesystem::current_path().string();
  const auto count_before = std::distance(std::filesystem::directory_iterator(parent),
                                          std::filesystem::directory_iterator());
  const auto speed = measure_disk(parent + "/no/store/yet", 2 * kMib);
  ASSERT_TRUE(speed) << speed.error().message;
  EXPECT_GT(speed->bytes_per_second, 0);
  EXPECT_GT(speed->free_bytes, 4 * kMib);
  EXPECT_FALSE(speed->filesystem.empty());
  EXPECT_EQ(count_before,
            std::distance(std::filesystem::directory_iterator(parent),
                          std::filesystem::directory_iterator()));
}

TEST(DiskCheck, RefusesToFillTheDisk) {
  const auto speed = measure_disk(".", std::uint64_t{1} << 60);
  ASSERT_FALSE(speed);
  EXPECT_EQ(speed.error().code, ErrorCode::kResources);
  EXPECT_NE(judge_disk(speed, writes(1'000'000'000)).remedy.find("room"), std::string::npos);
}

TEST(DiskCheck, MemoryIsNoDisk) {
  DiskSpeed speed{.bytes_per_second = 9e9, .filesystem = "tmpfs"};
  speed.in_memory = true;
  EXPECT_EQ(judge_disk(speed, writes(1'000'000'000)).health, Health::kBlocked);
}

TEST(DiskCheck, JudgesByTheRateThatIsWanted) {
  const DiskSpeed speed{.bytes_per_second = 1.1e9, .direct = true, .filesystem = "ext4"};
  EXPECT_EQ(judge_disk(speed, writes(1'000'000'000)).health, Health::kGood);
  EXPECT_EQ(judge_disk(speed, writes(2'000'000'000)).health, Health::kSlow);
  EXPECT_NE(judge_disk(speed, writes(2'000'000'000)).remedy.find("2000 MB/s"), std::string::npos);
  const config::Sizing of_defaults = config::size_up(config::Streams());
  const DiskSpeed slower{.bytes_per_second = 8e7, .direct = true, .filesystem = "ext4"};
  EXPECT_EQ(judge_disk(slower, of_defaults).health, Health::kGood) << "8192 streams want no more";
  EXPECT_NE(judge_disk(speed, writes(1'000'000'000)).found.find("60425 calls"), std::string::npos);
}

}  // namespace
}  // namespace tapdeck::control
