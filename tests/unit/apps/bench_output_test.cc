// What benches ask of the host, and say of it.
#include "apps/bench_output.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "bench/report/host_facts.h"

namespace tapdeck::apps {
namespace {

// Asking for as much as DPDK found too little must be the same figure.
TEST(BenchOutput, HugepagesWantedAreThoseThatDpdkWants) {
  const engine::EalOptions eal = bench_eal({}, 1'024, 100'000);
  EXPECT_EQ(eal.heap_mib, 1'024U);
  EXPECT_GE(eal.memory_mib, 1'024U + 100'000 * 16 / 1'024);
  EXPECT_EQ(wanted_of_host(1, &eal).config.eal.memory_mib, eal.memory_mib);
  const auto findings =
      report::held_back(control::HostFiles("/nothing"), wanted_of_host(1, nullptr).config, {});
  for (const control::Finding& finding : findings) EXPECT_NE(finding.check, "hugepages");
}

TEST(BenchOutput, NoHugepagesMeansNone) {
  control::BenchOutput output;
  output.hugepages = false;
  EXPECT_EQ(bench_eal(output, 1, 1).hugepages, engine::HugepageUse::kNo);
}

class HostOfBench : public ::testing::Test {
 protected:
  HostOfBench() : root_(::testing::TempDir() + "host-of-bench-" + std::to_string(getpid())) {
    write("/proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n");
  }

  ~HostOfBench() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  std::string root_;
};

TEST_F(HostOfBench, ABenchThatWantsMoreMemoryThanThereIsIsRefused) {
  const control::HostFiles host(root_);
  const engine::EalOptions eal = bench_eal({}, 1'024, 1);
  EXPECT_TRUE(check_memory(4ULL << 30, eal, host));
  const Result<void> refused = check_memory((4ULL << 30) + (2 << 20), eal, host);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("4098 MiB"), std::string::npos);
  EXPECT_NE(refused.error().message.find("this host has 4096 MiB left"), std::string::npos);
  EXPECT_GE(chunk_bytes(100'000), 100'000ULL * 16 * 1'024);
}

TEST_F(HostOfBench, HugepagesThatAreTakenAreNotLookedAt) {
  write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "8192\n");
  engine::EalOptions eal = bench_eal({}, 1'024, 1);
  EXPECT_TRUE(check_memory(8ULL << 30, eal, control::HostFiles(root_)));
  eal.hugepages = engine::HugepageUse::kNo;
  EXPECT_FALSE(check_memory(8ULL << 30, eal, control::HostFiles(root_)));
}

TEST(BenchOutput, TwoThreadsGetTwoCoresWhereThereAre) {
  const std::string root = ::testing::TempDir() + "two-cpus-" + std::to_string(getpid());
  const std::string topology = root + "/sys/devices/system/cpu/cpu2/topology";
  std::filesystem::create_directories(topology);
  std::ofstream(topology + "/thread_siblings_list") << "2-3\n";
  const control::HostFiles host(root);
  EXPECT_EQ(two_cpus({2, 3, 4}, host), (std::pair{2U, 4U}));
  EXPECT_EQ(two_cpus({2, 3}, host), (std::pair{2U, 3U})) << "better than one";
  EXPECT_EQ(two_cpus({5}, host), (std::pair{5U, 5U}));
  EXPECT_EQ(two_cpus({0, 1}, control::HostFiles("/nothing")), (std::pair{0U, 1U}));
  std::filesystem::remove_all(root);
}

TEST(BenchOutput, APlotThatCannotBeWrittenIsToldBeforeTheRun) {
  control::BenchOutput output;
  EXPECT_TRUE(check_output(output));
  output.svg_file = "/no/such/folder/loss.svg";
  EXPECT_FALSE(check_output(output));
}

TEST(BenchOutput, TheDiskIsNamed) {
  EXPECT_EQ(disk_fact(std::filesystem::current_path().string()).name.key, "disk");
}

}  // namespace
}  // namespace tapdeck::apps
