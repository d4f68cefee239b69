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
