#include "control/policy_report.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "config/policies_load.h"

namespace tapdeck::control {
namespace {

class PolicyReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loaded = config::load_policies_text(
        "rules:\n"
        "- {name: a, match: {caller: 1}}\n"
        "- {name: b, match: {agent: anna}, record: audio, sample: 12.5, log: masked,\n"
        "   pause: {limit_s: 60}}\n"
        "- {name: \"c\\e[31m\"}\n",
        "p");
    ASSERT_EQ(config::to_string(loaded.problems), "");
    auto set = policy::PolicySet::create(std::move(loaded.policies));
    ASSERT_TRUE(set);
    set_ = *set;
  }

  PolicyReport report(const policy::CallFacts& facts) {
    auto evaluator = policy::Evaluator::create(set_);
    EXPECT_TRUE(evaluator);
    return {"p.yaml", facts, evaluator->explain(facts), set_.get(), {"default"}};
  }

  static policy::CallFacts call() {
    static constexpr policy::HeaderFact kHeader{"X-A", "gold\x1b[0m"};
    policy::CallFacts facts;
    facts.caller = {"0711555", "+49711555"};
    facts.agent = "anna";
    facts.headers = {&kHeader, 1};
    facts.time_us = *parse_rfc3339_us("2026-11-26T10:00:00Z");
    facts.call_id = "1";
    return facts;
  }

  std::shared_ptr<const policy::PolicySet> set_;
};

TEST_F(PolicyReportTest, JsonHasTheDecisionTheCallAndEveryRule) {
  const Json json = policy_report_to_json(report(call()));
  EXPECT_EQ(json["file"], "p.yaml");
  EXPECT_EQ(json["rule"].dump(), R"({"index":1,"name":"b","line":3})");
  EXPECT_EQ(json["actions"].dump(),
            R"({"record":"audio","log":"masked","class":"default","keep":"raw",)"
            R"("early_media":"keep","unbound":"discard","sample":12.5,"mask_dtmf":true,)"
            R"("priority":100,"pause":null})");
  EXPECT_EQ(json["record"], json["sampled_out"] ? "none" : "audio");
  EXPECT_EQ(json["call"]["caller"].dump(), R"({"number":"0711555","e164":"+49711555"})");
  EXPECT_TRUE(json["call"]["callee"].is_null());
  EXPECT_EQ(json["call"]["time"], "2026-11-26T10:00:00.000000Z");
  ASSERT_EQ(json["rules"].size(), 3U);
  EXPECT_EQ(json["rules"][0].dump(),
            R"({"index":0,"name":"a","line":2,"fits":false,"key":"caller",)"
            R"("reason":"+49711555 (0711555) is not 1"})");
  EXPECT_EQ(json["rules"][2]["fits"], true);
}

TEST_F(PolicyReportTest, TextStopsAtTheDecisionUnlessAllIsWanted) {
  const std::string text = policy_report_to_text(report(call()), "UTC", RulesShown::kToTheDecision);
  EXPECT_NE(text.find("The call: 2026-11-26 10:00:00.000 UTC, caller 0711555 (+49711555), agent "
                      "anna, header X-A: gold?[0m.\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("Rule 'b' (p.yaml:3) decides:\n"), std::string::npos);
  EXPECT_NE(text.find("audio of 12.5% of its calls, of which this is "), std::string::npos);
  EXPECT_NE(text.find("by command only\n"), std::string::npos);
  EXPECT_NE(text.find("1 rules behind it are not asked"), std::string::npos);
  EXPECT_EQ(text.find("c?"), std::string::npos);
  const std::string all = policy_report_to_text(report(call()), "UTC", RulesShown::kAll);
  EXPECT_NE(all.find("c?[31m"), std::string::npos);
  EXPECT_EQ(all.find('\x1b'), std::string::npos);
}

TEST_F(PolicyReportTest, TheDefaultIsNoRule) {
  auto set = policy::PolicySet::create({});
  ASSERT_TRUE(set);
  set_ = *set;
  const Json json = policy_report_to_json(report(call()));
  EXPECT_EQ(json["rule"].dump(), R"({"index":null,"name":"default","line":null})");
  EXPECT_TRUE(json["actions"]["pause"].is_null());
  const std::string text = policy_report_to_text(report(call()), "UTC", RulesShown::kAll);
  EXPECT_NE(text.find("No rule fits; the default decides:\n"), std::string::npos);
  EXPECT_NE(text.find("by command only\n"), std::string::npos);
}

}  // namespace
}  // namespace tapdeck::control
