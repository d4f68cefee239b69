#include "bench/report/host_facts.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace tapdeck::report {
namespace {

class HostFacts : public testing::Test {
 protected:
  HostFacts() : root_(testing::TempDir() + "host_facts_test") {
    std::filesystem::remove_all(root_);
    write("/proc/cpuinfo",
          "processor\t: 0\nmodel name\t: Test CPU\n"
          "flags\t\t: fpu avx2 bmi1 bmi2 f16c fma abm movbe xsave sha_ni vaes hypervisor\n");
    write("/proc/loadavg", "1.25 0.50 0.10 2/300 1234\n");
    write("/sys/devices/system/cpu/online", "0-7\n");
  }

  ~HostFacts() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  [[nodiscard]] Value fact(const std::string& key) const {
    for (const Figure& figure : host_facts(control::HostFiles(root_))) {
      if (figure.name.key == key) return figure.value;
    }
    return {};
  }

  std::string root_;
};

TEST_F(HostFacts, NameTheHostAndTheBuild) {
  EXPECT_EQ(fact("processor"), Value(std::string("Test CPU")));
  EXPECT_EQ(fact("load_average"), Value(std::string("1.25")));
  EXPECT_EQ(fact("commit"), Value(std::string(build_commit())));
  EXPECT_FALSE(build_commit().empty());
  write("/proc/cpuinfo", "");
  EXPECT_EQ(fact("processor"), Value(std::string("unknown")));
}

TEST_F(HostFacts, OnlyWhatCouldBeMendedHoldsBack) {
  config::Config config;
  config.capture.idle_sleep_us = 0;
  bool virtual_machine = false;
  for (const control::Finding& finding : held_back(control::HostFiles(root_), config, {})) {
    EXPECT_FALSE(finding.remedy.empty()) << finding.check;
    EXPECT_NE(finding.check, "processor");
    EXPECT_NE(finding.check, "time_sync");  // says nothing about speed
    virtual_machine = virtual_machine || finding.check == "virtual_machine";
  }
  EXPECT_TRUE(virtual_machine);
}

}  // namespace
}  // namespace tapdeck::report
