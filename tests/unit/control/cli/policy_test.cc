#include <fstream>

#include <gtest/gtest.h>

#include "control/cli/command_line.h"
#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

class PolicyCommandTest : public testing::ServedStore {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.path() + "/" + name) << text;
    return directory_.path() + "/" + name;
  }

  bool said(const std::string& text) { return out_.find(text) != std::string::npos; }
};

constexpr const char* kPolicies =
    "rules:\n"
    "- {name: a, match: {caller: '+49711*', trunk: carrier}, record: none}\n"
    "- {name: b, match: {agent: anna, header: {X-A: gold}}}\n"
    "- {name: c, match: {time: {days: sat, from: '23:00', zone: Europe/Berlin}}}\n";

TEST_F(PolicyCommandTest, ExplainsWithoutAServiceOrAStore) {
  const std::string file = write("p.yaml", kPolicies);
  EXPECT_EQ(run({"policy", "explain", "--policies", file, "--caller", "+4971155501"}), kExitDone);
  EXPECT_TRUE(said("No rule fits; the default decides:"));
  EXPECT_TRUE(said("trunk: it is not known"));
  EXPECT_EQ(run({"policy",
                 "explain",
                 "--policies",
                 file,
                 "--caller",
                 "+4971155501",
                 "--trunk",
                 "carrier",
                 "--json"}),
            kExitDone);
  EXPECT_TRUE(said("\"rule\":{\"index\":0,\"name\":\"a\",\"line\":2}"));
  EXPECT_EQ(run({"policy", "explain", "--policies", file, "--at", "2026-11-28T22:30:00Z"}),
            kExitDone);
  EXPECT_TRUE(said("Rule 'c'"));
}

TEST_F(PolicyCommandTest, TakesFilesAndNumbersAsTheConfigurationSays) {
  write("p.yaml", kPolicies);
  write("d.yaml", "agents: [{name: anna, numbers: +497115550123}]\n");
  const std::string config = write("t.yaml",
                                   "numbers: {default_region: DE}\n"
                                   "policy: {file: p.yaml, directory_file: d.yaml}\n");
  EXPECT_EQ(run({"--config",
                 config,
                 "policy",
                 "explain",
                 "--caller",
                 "07115550123",
                 "--header",
                 "X-A: gold"}),
            kExitDone)
      << err_;
  EXPECT_TRUE(said("caller 07115550123 (+497115550123), agent anna, header X-A: gold"));
  EXPECT_TRUE(said("Rule 'b'"));
  EXPECT_EQ(run({"--config",
                 config,
                 "policy",
                 "explain",
                 "--caller",
                 "07115550123",
                 "--agent",
                 "berta",
                 "--header",
                 "X-A: gold"}),
            kExitDone);
  EXPECT_TRUE(said("No rule fits"));
}

TEST_F(PolicyCommandTest, NumbersAreReadAsTheyAreInCalls) {
  const std::string file = write("p.yaml", "rules: [{name: a, match: {number: '071155521'}}]\n");
  for (const char* number :
       {"071155521", "0711-55521", "0711 555.21", "(0711)55521", "0711%355521"}) {
    run({"policy", "explain", "--policies", file, "--caller", number});
    EXPECT_TRUE(said("Rule 'a'")) << number;
  }
  run({"policy", "explain", "--policies", file, "--caller", "john.doe-smith"});
  EXPECT_TRUE(said("caller john.doe-smith")) << "a name has no separators";
}

TEST_F(PolicyCommandTest, WrongWordsAreTwoAndWrongFilesOne) {
  const std::string file = write("p.yaml", kPolicies);
  EXPECT_EQ(run({"policy"}), kExitUsage);
  EXPECT_EQ(run({"policy", "explain"}), kExitUsage);  // which policies?
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--header", "gold"}, {"--direction", "up"}, {"--at", "noon"}}) {
    std::vector<std::string> all{"policy", "explain", "--policies", file};
    all.insert(all.end(), words.begin(), words.end());
    EXPECT_EQ(run(all), kExitUsage) << words[0];
    EXPECT_TRUE(out_.empty());
  }
  const std::string bad = write("bad.yaml", "rules:\n- {name: a, keep: opus, record: all}\n");
  EXPECT_EQ(run({"policy", "explain", "--policies", bad}), kExitFailed);
  EXPECT_NE(err_.find(bad + ":2: rules[0].keep: 'opus' is not possible yet"), std::string::npos);
  EXPECT_NE(err_.find(bad + ":2: rules[0].record: 'all'"), std::string::npos);
  EXPECT_EQ(run({"policy", "explain", "--policies", bad + "x"}), kExitFailed);
}

TEST_F(PolicyCommandTest, ConfigCheckReadsWhatTheConfigurationNames) {
  const std::string policies = write("p.yaml", "rules: [{name: a, match: {caller: /(/}}]\n");
  const std::string directory = write("d.yaml", "agents: [{name: a, numbers: [1, 1]}]\n");
  const std::string config = write("t.yaml", "policy: {file: p.yaml, directory_file: d.yaml}\n");
  EXPECT_EQ(run({"--config", config, "config", "check"}), kExitFailed);
  EXPECT_TRUE(said(policies + ":1: /(/: Missing close parenthesis"));
  EXPECT_TRUE(said(directory + ":1: agents: 1 of 'a' is at the same time"));
  write("p.yaml", kPolicies);
  write("d.yaml", "agents: [{name: a, numbers: [1, 2]}]\n");
  run({"--config", config, "config", "check"});
  EXPECT_TRUE(said(policies + ":2: warning: rules[0].match.trunk: the configuration has no trunk"));
  EXPECT_FALSE(said("error"));
  write("t.yaml", "policy:\n  file: none.yaml\n");
  EXPECT_EQ(run({"--config", config, "config", "check"}), kExitFailed);
  EXPECT_TRUE(said(config + ":2: policy.file: cannot read the policies"));
}

}  // namespace
}  // namespace tapdeck::control
