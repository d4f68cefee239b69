#include "pipelines/policy/policy_file.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::policy {
namespace {

class PolicyFileTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  void write(const std::string& text) const { std::ofstream(path_) << text; }

  const std::string path_ =
      ::testing::TempDir() + "/policies_" + std::to_string(::getpid()) + ".yaml";
};

TEST_F(PolicyFileTest, TellsMistakesOfAllKindsInOrder) {
  write(
      "rules:\n- name: a\n  match: {caller: /(/}\n  recrd: none\n- {name: b, match: {callee: "
      "'/[/'}}\n");
  const auto set = load_policy_set(path_, {});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(set.error().message,
            path_ + ":3: /(/: Missing close parenthesis for group started at index 0\n" + path_ +
                ":4: rules[0].recrd: unknown key; did you mean record?\n" + path_ +
                ":5: /[/: Unterminated character class starting at index 0");
}

TEST_F(PolicyFileTest, WarningsStopNothing) {
  write("rules: [{name: a}, {name: b}]\n");
  const auto set = load_policy_set(path_, {});
  ASSERT_TRUE(set);
  EXPECT_EQ((*set)->policies().rules.size(), 2U);
}

TEST_F(PolicyFileTest, AFileThatIsNotThereIsAnError) {
  EXPECT_EQ(load_policy_set(path_, {}).error().code, ErrorCode::kNotFound);
}

TEST_F(PolicyFileTest, ADirectoryIsReadLikewise) {
  write("agents: [{name: anna, numbers: 101}]\n");
  const auto lookup = load_directory(path_, "UTC");
  ASSERT_TRUE(lookup);
  EXPECT_EQ((*lookup)->find_of_call({"101", {}}, {}, CallDirection::kUnknown, 0).agent, "anna");
  write("agents: [{name: anna, numbers: x}]\n");
  EXPECT_EQ(load_directory(path_, "UTC").error().code, ErrorCode::kCorrupt);
}

TEST_F(PolicyFileTest, WhateverDecidesIsInTheDigest) {
  CompileReport report;
  write("rules: [{name: quiet, match: {agent: anna}, record: none}]\n");
  ASSERT_TRUE(load_policy_set(path_, {}, {}, &report));
  storage::Hash anna{};
  storage::Hash berta{};
  write("agents: [{name: anna, numbers: 101}]\n");
  ASSERT_TRUE(load_directory(path_, "UTC", 0, &anna));
  write("agents: [{name: anna, numbers: 102}]\n");
  ASSERT_TRUE(load_directory(path_, "UTC", 0, &berta));
  const std::set<storage::Hash> all = {
      digest_of_all(report.digest, {}, "UTC"),
      digest_of_all(report.digest, {}, "Europe/Berlin"),
      digest_of_all(report.digest, anna, "UTC"),
      digest_of_all(report.digest, berta, "UTC"),
      digest_of_all({}, anna, "UTC"),
  };
  EXPECT_EQ(all.size(), 5U);
  EXPECT_EQ(all.count(digest_of_all(report.digest, anna, "UTC")), 1U) << "the same again";
}

TEST(PolicyPath, IsBesideTheConfiguration) {
  EXPECT_EQ(policy_path("/etc/tapdeck/tapdeck.yaml", "policies.yaml"),
            "/etc/tapdeck/policies.yaml");
  EXPECT_EQ(policy_path("/etc/tapdeck/tapdeck.yaml", "/srv/p.yaml"), "/srv/p.yaml");
  EXPECT_EQ(policy_path("/etc/tapdeck/tapdeck.yaml", ""), "");
}

}  // namespace
}  // namespace tapdeck::policy
