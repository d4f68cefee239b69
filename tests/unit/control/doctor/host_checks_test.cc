#include "control/doctor/host_checks.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

constexpr const char* kFlags =
    "flags\t\t: fpu avx2 bmi1 bmi2 f16c fma abm movbe xsave sha_ni vaes\n";

class HostChecks : public ::testing::Test {
 protected:
  HostChecks() : root_(::testing::TempDir() + "host_checks_test") {
    std::filesystem::remove_all(root_);
    write("/proc/cpuinfo", std::string("model name\t: Test CPU\n") + kFlags);
    write("/sys/devices/system/cpu/online", "0-7\n");
    write("/sys/devices/system/node/online", "0\n");
    config_.eal.memory_mib = 465;
    write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "1024\n");
    write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "1024\n");
  }

  ~HostChecks() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  void add_card(const std::string& address, const std::string& driver) const {
    const std::string path = "/sys/bus/pci/devices/" + address;
    write(path + "/class", "0x020000\n");
    write(path + "/numa_node", "1\n");
    std::filesystem::create_symlink("../../drivers/" + driver, root_ + path + "/driver");
  }

  [[nodiscard]] Finding find(const std::string& check) const {
    for (const Finding& finding : check_host(HostFiles(root_), config_, allowed_)) {
      if (finding.check == check) return finding;
    }
    return {check, Health::kBlocked, "no such check", ""};
  }

  std::string root_;
  config::Config config_;
  std::vector<unsigned> allowed_{};
};

TEST_F(HostChecks, AProcessorWithoutTheCompiledInstructionsBlocks) {
  EXPECT_EQ(find("processor").health, Health::kGood);
  EXPECT_EQ(find("processor").found, "Test CPU");
  write("/proc/cpuinfo",
        "model name\t: Old CPU\nflags\t\t: fpu bmi1 bmi2 f16c fma abm movbe xsave\n");
  EXPECT_EQ(find("processor").health, Health::kBlocked);
  EXPECT_EQ(find("processor").found, "Old CPU, without avx2");
}

TEST_F(HostChecks, WithoutTheWritersInstructionsItIsSlow) {
  write("/proc/cpuinfo",
        "model name\t: X\nflags\t\t: avx2 bmi1 bmi2 f16c fma abm movbe xsave sha_ni\n");
  EXPECT_EQ(find("processor").health, Health::kSlow);
  EXPECT_EQ(find("processor").found, "X, without vaes for the writer");
  write("/proc/cpuinfo",
        "model name\t: X\nflags\t\t: avx2 bmi1 bmi2 f16c fma abm movbe xsave vaes\n");
  EXPECT_EQ(find("processor").found, "X, without sha_ni for the writer");
}

TEST_F(HostChecks, MoreThreadsThanCpusOrStolenTimeAreSlow) {
  write("/proc/loadavg", "8.00 9.50 17.10 2/300 1234\n");
  write("/proc/stat", "cpu  600 0 200 180 0 0 10 10 0 0\ncpu0 1 1 1 1 1 1 1 999 1 1\n");
  EXPECT_EQ(find("load").health, Health::kGood);
  EXPECT_EQ(find("load").found, "load average 8.0 on 8 CPUs, 1.0 % of their time stolen");
  write("/proc/loadavg", "8.10 1.0 1.0 2/300 1234\n");
  EXPECT_EQ(find("load").health, Health::kSlow);
  write("/proc/loadavg", "0.10 1.0 1.0 2/300 1234\n");
  write("/proc/stat", "cpu  600 0 200 169 0 0 10 21 0 0\n");
  EXPECT_EQ(find("load").health, Health::kSlow);
  EXPECT_NE(find("load").remedy.find("hypervisor"), std::string::npos);
  write("/proc/stat", "cpu  600 0\n");
  EXPECT_EQ(find("load").health, Health::kGood) << "a kernel that does not tell it";
}

TEST_F(HostChecks, OnlyCpusThatTheProcessMayUseCount) {
  config_.capture.workers = 1;
  allowed_ = {0, 1, 2};
  EXPECT_EQ(find("cpus").health, Health::kGood);
  EXPECT_NE(find("cpus").found.find("8 online, 3 allowed"), std::string::npos);
  allowed_ = {5};
  EXPECT_EQ(find("cpus").health, Health::kSlow);
  EXPECT_NE(find("cpus").remedy.find("allow more"), std::string::npos) << find("cpus").remedy;
}

TEST_F(HostChecks, FewMediaBuffersAreSlowAndSayHowManyItTakes) {
  EXPECT_EQ(find("media_buffers").health, Health::kGood);
  config_.streams.chunk_count = config_.streams.stream_count_max + 64;
  EXPECT_EQ(find("media_buffers").health, Health::kSlow);
  EXPECT_NE(find("media_buffers").remedy.find("chunk_count to 13394"), std::string::npos)
      << find("media_buffers").remedy;
}

TEST_F(HostChecks, AVirtualMachineSaysSo) {
  EXPECT_EQ(find("virtual_machine").health, Health::kGood);
  write("/proc/cpuinfo",
        "model name\t: X\nflags\t\t: avx2 bmi1 bmi2 f16c fma abm movbe xsave hypervisor lm\n");
  write("/sys/class/dmi/id/sys_vendor", "QEMU\n");
  EXPECT_EQ(find("virtual_machine").health, Health::kNote);
  EXPECT_EQ(find("virtual_machine").found, "yes: QEMU");
  EXPECT_FALSE(find("virtual_machine").remedy.empty());
}

TEST_F(HostChecks, AWordIsNotFoundInsideAnother) {
  write("/proc/cpuinfo", "model name\t: X\nflags\t\t: avx2 bmi1 bmi2 f16c fma4 abm movbe xsave\n");
  EXPECT_EQ(find("processor").found, "X, without fma");
}

TEST_F(HostChecks, HugepagesThatAreTakenDoNotCount) {
  EXPECT_EQ(find("hugepages").health, Health::kGood);
  write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "10\n");
  EXPECT_EQ(find("hugepages").health, Health::kSlow);
  EXPECT_NE(find("hugepages").found.find("465 MiB are needed"), std::string::npos);
  EXPECT_NE(find("hugepages").remedy.find("nr_hugepages=233 "), std::string::npos) << "not too few";
  config_.eal.hugepages = config::AutoYesNo::kYes;
  EXPECT_EQ(find("hugepages").health, Health::kBlocked) << "run refuses to start without them";
  config_.eal.hugepages = config::AutoYesNo::kNo;
  EXPECT_EQ(find("hugepages").health, Health::kNote);
}

TEST_F(HostChecks, ACardOfTheKernelIsSlowUntilItIsBound) {
  EXPECT_EQ(find("cards").health, Health::kNote);
  add_card("0000:3b:00.0", "ixgbe");
  EXPECT_EQ(find("cards").health, Health::kSlow);
  add_card("0000:3b:00.1", "vfio-pci");
  EXPECT_EQ(find("cards").health, Health::kGood);
  EXPECT_EQ(find("cards").found,
            "0000:3b:00.0 driver ixgbe node 1; 0000:3b:00.1 driver vfio-pci node 1");
}

TEST_F(HostChecks, PollingWorkersWantIsolatedCpus) {
  EXPECT_EQ(find("isolated_cpus").health, Health::kNote);
  config_.capture.idle_sleep_us = 0;
  EXPECT_EQ(find("isolated_cpus").health, Health::kSlow);
  write("/sys/devices/system/cpu/isolated", "2-3\n");
  EXPECT_EQ(find("isolated_cpus").health, Health::kSlow) << "isolated, but not used";
  config_.eal.lcores = "0@0,1@2";
  EXPECT_EQ(find("isolated_cpus").health, Health::kGood);
}

TEST_F(HostChecks, AKernelThatForbidsIoUringIsTold) {
  EXPECT_EQ(find("io_uring").health, Health::kGood);
  write("/proc/sys/kernel/io_uring_disabled", "2\n");
  EXPECT_EQ(find("io_uring").health, Health::kSlow);
}

TEST_F(HostChecks, TooFewCpusAreTold) {
  config_.capture.workers = 6;
  EXPECT_EQ(find("cpus").health, Health::kGood);
  config_.capture.workers = 7;
  EXPECT_EQ(find("cpus").health, Health::kSlow);
}

}  // namespace
}  // namespace tapdeck::control
