#include "engine/eal.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

TEST(Eal, SaysWhyItUsesNoHugepages) {
  EXPECT_FALSE(test_eal().uses_hugepages());
  EXPECT_EQ(test_eal().explanation(), "no hugepages, as configured");
}

// A process has one EAL, so each of these starts its own in a child.
TEST(EalDeathTest, StopLeavesNoRuntimeFilesAndStdoutAlone) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const std::string prefix = "tapdeck-test-" + std::to_string(getpid());
  EXPECT_EXIT(
      {
        ::testing::internal::CaptureStdout();
        auto eal =
            Eal::start({.hugepages = HugepageUse::kNo, .memory_mib = 16, .file_prefix = prefix});
        const bool started = eal.has_value();
        eal->stop();
        eal->stop();
        const bool silent = ::testing::internal::GetCapturedStdout().empty();
        std::exit(started && silent ? 0 : 1);
      },
      ::testing::ExitedWithCode(0),
      "");
  for (const std::string base : {"/var/run/dpdk/", "/tmp/dpdk/"}) {
    EXPECT_FALSE(std::filesystem::exists(base + prefix));
  }
}

TEST(EalDeathTest, StartSweepsFilesOfKilledProcesses) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const std::string base =
      std::filesystem::exists("/var/run/dpdk") || geteuid() == 0 ? "/var/run/dpdk/" : "/tmp/dpdk/";
  const std::string dead = base + "tapdeck-2147483646";  // above any process id
  const std::string ours = base + "tapdeck-" + std::to_string(getpid());
  std::error_code refused;
  std::filesystem::create_directories(dead, refused);
  std::filesystem::create_directories(ours, refused);
  if (refused) GTEST_SKIP() << base << " cannot be written: " << refused.message();
  std::ofstream(dead + "/config") << "left behind";
  EXPECT_EXIT(
      {
        auto eal = Eal::start({.hugepages = HugepageUse::kNo, .memory_mib = 16});
        std::exit(eal ? 0 : 1);
      },
      ::testing::ExitedWithCode(0),
      "");
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(ours));  // its process lives
  std::filesystem::remove_all(ours);
}

TEST(EalDeathTest, ABadLcoreListIsAnErrorAndStdoutStaysClean) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        ::testing::internal::CaptureStdout();
        auto eal = Eal::start({.hugepages = HugepageUse::kNo, .memory_mib = 16, .lcores = "x"});
        const bool silent = ::testing::internal::GetCapturedStdout().empty();
        std::exit(!eal && !eal.error().message.empty() && silent ? 0 : 1);
      },
      ::testing::ExitedWithCode(0),
      "");
}

}  // namespace
}  // namespace tapdeck::engine
