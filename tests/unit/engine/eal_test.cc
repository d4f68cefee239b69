#include "engine/eal.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
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

std::vector<std::filesystem::path> directories_of_dead_processes() {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/var/run/dpdk", error)) {
    const int pid = std::atoi(entry.path().filename().c_str() + std::string("tapdeck-").size());
    const bool has_config = std::filesystem::exists(entry.path() / "config");
    if (has_config && pid > 0 && kill(pid, 0) != 0) found.push_back(entry.path());
  }
  return found;
}

TEST(EalDeathTest, TheNextStartRemovesWhatAKilledProcessLeft) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const EalOptions options{.hugepages = HugepageUse::kNo, .memory_mib = 16};
  EXPECT_EXIT(
      {
        auto eal = Eal::start(options);
        raise(eal ? SIGKILL : SIGTERM);
      },
      ::testing::KilledBySignal(SIGKILL),
      "");
  const auto left = directories_of_dead_processes();
  ASSERT_FALSE(left.empty()) << "DPDK cleans up itself: the sweep can go";
  EXPECT_EXIT(
      {
        auto eal = Eal::start(options);
        eal->stop();
        std::exit(eal ? 0 : 1);
      },
      ::testing::ExitedWithCode(0),
      "");
  for (const auto& path : left) EXPECT_FALSE(std::filesystem::exists(path)) << path;
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
