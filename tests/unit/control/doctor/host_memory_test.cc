#include "control/doctor/host_memory.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

constexpr std::uint64_t kMib = 1 << 20;
constexpr const char* kFirst = "/sys/fs/cgroup/memory";
constexpr const char* kSecond = "/sys/fs/cgroup";

class HostMemory : public ::testing::Test {
 protected:
  HostMemory() : root_(::testing::TempDir() + "host_memory_test") {
    std::filesystem::remove_all(root_);
    write("/proc/meminfo", "MemTotal:  8388608 kB\nMemFree: 1 kB\nMemAvailable: 4194304 kB\n");
  }

  ~HostMemory() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  void write_bytes(const std::string& path, std::uint64_t mib) const {
    write(path, std::to_string(mib * kMib) + "\n");
  }

  [[nodiscard]] MemoryRoom all() const { return memory_in_all(HostFiles(root_)); }

  [[nodiscard]] MemoryRoom now() const { return memory_available(HostFiles(root_)); }

  std::string root_;
};

TEST_F(HostMemory, IsWhatTheKernelSays) {
  EXPECT_EQ(all().bytes, 8'192 * kMib);
  EXPECT_EQ(now().bytes, 4'096 * kMib);
  EXPECT_EQ(now().of, "this host");
}

TEST_F(HostMemory, WithoutAWordOfItItIsBoundless) {
  EXPECT_GT(memory_available(HostFiles("/nothing")).bytes, std::uint64_t{1} << 60);
}

TEST_F(HostMemory, ACgroupOfTheSecondVersionBoundsIt) {
  write("/proc/self/cgroup", "0::/system.slice/tapdeck.service\n");
  const std::string own = std::string(kSecond) + "/system.slice/tapdeck.service/";
  write(own + "memory.max", "max\n");
  EXPECT_EQ(all().of, "this host");
  write_bytes(own + "memory.max", 2'048);
  write_bytes(own + "memory.current", 1'000);
  write(own + "memory.stat", "anon 5\ninactive_file " + std::to_string(400 * kMib) + "\n");
  EXPECT_EQ(all().bytes, 2'048 * kMib);
  EXPECT_EQ(now().bytes, (2'048 - 600) * kMib) << "the page cache is given up";
  EXPECT_EQ(now().of, "the memory cgroup /system.slice/tapdeck.service");
  write_bytes(std::string(kSecond) + "/system.slice/memory.max", 1'024);
  EXPECT_EQ(all().bytes, 1'024 * kMib);
  EXPECT_EQ(all().of, "the memory cgroup /system.slice");
}

TEST_F(HostMemory, ACgroupOfTheFirstVersionBoundsIt) {
  write("/proc/self/cgroup", "5:cpu,memory:/box\n3:cpuset:/other\n0::/\n");
  const std::string own = std::string(kFirst) + "/box/";
  write(own + "memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(all().of, "this host") << "no limit";
  write_bytes(own + "memory.limit_in_bytes", 1'024);
  write_bytes(own + "memory.usage_in_bytes", 1'000);
  EXPECT_EQ(all().bytes, 1'024 * kMib);
  EXPECT_EQ(now().bytes, 24 * kMib);
  write(own + "memory.stat", "total_inactive_file " + std::to_string(2'000 * kMib) + "\n");
  EXPECT_EQ(now().bytes, 1'024 * kMib) << "never more than the limit";
  write_bytes(std::string(kFirst) + "/memory.limit_in_bytes", 512);
  EXPECT_EQ(now().of, "the memory cgroup /");
}

TEST_F(HostMemory, HugepagesOfBothSizesAreSummed) {
  write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "10\n");
  write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "4\n");
  write("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "2\n");
  write("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
  EXPECT_EQ(all_hugepages_mib(HostFiles(root_)), 20 + 2'048);
  EXPECT_EQ(free_hugepages_mib(HostFiles(root_)), 8 + 1'024);
}

}  // namespace
}  // namespace tapdeck::control
