#include "control/doctor/memory_checks.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

class MemoryChecks : public ::testing::Test {
 protected:
  MemoryChecks() : root_(::testing::TempDir() + "memory_checks_test") {
    std::filesystem::remove_all(root_);
    write("/proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n");
    config_.eal.memory_mib = 465;
  }

  ~MemoryChecks() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  void free_hugepages(int count) const {
    write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", std::to_string(count));
  }

  [[nodiscard]] Finding memory() const { return check_memory(HostFiles(root_), config_); }

  [[nodiscard]] Finding transparent() const {
    return check_transparent_hugepages(HostFiles(root_), config_);
  }

  std::string root_;
  config::Config config_;
};

TEST_F(MemoryChecks, MoreThanTheHostHasBlocks) {
  EXPECT_EQ(memory().health, Health::kGood) << memory().found;
  config_.streams.chunk_count = 512 * 1'024;  // 8 GiB, all of it
  EXPECT_EQ(memory().health, Health::kNote) << "half of it is taken";
  config_.streams.chunk_count += 64;
  EXPECT_EQ(memory().health, Health::kBlocked);
  EXPECT_EQ(memory().found, "8193 MiB are wanted, this host has 8192 MiB");
  config_.streams.chunk_count = 64;
  config_.eal.memory_mib = 9'000;
  EXPECT_EQ(memory().health, Health::kBlocked) << "chunks are not all of it";
}

TEST_F(MemoryChecks, MoreThanIsLeftIsANote) {
  config_.eal.memory_mib = 4'097;
  EXPECT_EQ(memory().health, Health::kNote);
  EXPECT_FALSE(memory().remedy.empty());
  free_hugepages(2'049);
  EXPECT_EQ(memory().health, Health::kGood) << "hugepages are no part of what is left";
}

TEST_F(MemoryChecks, ACgroupThatIsTooSmallBlocks) {
  write("/proc/self/cgroup", "0::/box\n");
  write("/sys/fs/cgroup/box/memory.max", "104857600\n");
  EXPECT_EQ(memory().health, Health::kBlocked);
  EXPECT_EQ(memory().found, "465 MiB are wanted, the memory cgroup /box has 100 MiB");
}

TEST_F(MemoryChecks, WithoutHugepagesTransparentOnesMatter) {
  constexpr const char* kFile = "/sys/kernel/mm/transparent_hugepage/enabled";
  EXPECT_EQ(transparent().health, Health::kNote) << "a kernel without them";
  write(kFile, "always [madvise] never\n");
  EXPECT_EQ(transparent().health, Health::kGood);
  EXPECT_EQ(transparent().found, "madvise");
  write(kFile, "always madvise [never]\n");
  EXPECT_EQ(transparent().health, Health::kSlow);
  free_hugepages(1'024);
  EXPECT_EQ(transparent().health, Health::kNote);
  config_.eal.hugepages = config::AutoYesNo::kNo;
  EXPECT_EQ(transparent().health, Health::kSlow) << "they are there, and not taken";
}

}  // namespace
}  // namespace tapdeck::control
