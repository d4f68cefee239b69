#include "control/doctor/host_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

TEST(HostFiles, ReadsBelowItsRootOnly) {
  const std::string root = ::testing::TempDir() + "host_files_test";
  std::filesystem::create_directories(root + "/proc/sys");
  std::ofstream(root + "/proc/sys/value") << " 42 \n";
  std::ofstream(root + "/proc/sys/words") << "4 2\n";
  std::filesystem::create_symlink("../drivers/vfio-pci", root + "/proc/driver");
  const HostFiles host(root);
  EXPECT_EQ(host.text("/proc/sys/value"), "42");
  EXPECT_EQ(host.number("/proc/sys/value"), 42);
  EXPECT_EQ(host.number("/proc/sys/words"), std::nullopt);
  EXPECT_EQ(host.text("/proc/cpuinfo"), std::nullopt);
  EXPECT_EQ(host.names("/proc/sys"), (std::vector<std::string>{"value", "words"}));
  EXPECT_TRUE(host.names("/absent").empty());
  EXPECT_EQ(host.link_name("/proc/driver"), "vfio-pci");
  EXPECT_EQ(host.link_name("/proc/sys/value"), "");
  std::filesystem::remove_all(root);
}

TEST(HostFiles, TellsTheCpusThatTheThreadMayUse) {
  const std::string root = ::testing::TempDir() + "host_files_cpus";
  std::filesystem::create_directories(root + "/proc/thread-self");
  EXPECT_TRUE(allowed_cpus(HostFiles(root)).empty());
  std::ofstream(root + "/proc/thread-self/status")
      << "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t1,4-5\nMems_allowed:\t1\n";
  EXPECT_EQ(allowed_cpus(HostFiles(root)), (std::vector<unsigned>{1, 4, 5}));
  std::filesystem::remove_all(root);
  EXPECT_FALSE(allowed_cpus(HostFiles()).empty());
}

TEST(ParseCpuList, KnowsRangesAndLeavesMalformedPartsOut) {
  EXPECT_EQ(parse_cpu_list("0-2,8,10-11"), (std::vector<int>{0, 1, 2, 8, 10, 11}));
  EXPECT_TRUE(parse_cpu_list("").empty());
  EXPECT_EQ(parse_cpu_list("x,3,-,4-x"), (std::vector<int>{3}));
  EXPECT_TRUE(parse_cpu_list("0-99999999999").empty());
}

}  // namespace
}  // namespace tapdeck::control
