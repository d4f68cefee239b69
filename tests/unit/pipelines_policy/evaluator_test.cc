#include "pipelines/policy/evaluator.h"

#include <algorithm>
#include <map>
#include <random>
#include <regex>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "config/policies_load.h"

namespace tapdeck::policy {
namespace {

Evaluator evaluator_of(const std::string& text) {
  auto loaded = config::load_policies_text(text, "p");
  EXPECT_EQ(config::to_string(loaded.problems), "");
  auto set = PolicySet::create(std::move(loaded.policies));
  EXPECT_TRUE(set);
  auto evaluator = Evaluator::create(std::move(*set));
  EXPECT_TRUE(evaluator);
  return std::move(*evaluator);
}

// The rule that decides where the one rule "r" has this match.
bool fits(const std::string& match, const CallFacts& facts) {
  return evaluator_of("lists: {vip: [+491, 5*]}\nrules:\n- name: r\n  match: " + match + "\n")
             .evaluate(facts)
             .name == "r";
}

CallFacts some_call() {
  static const HeaderFact kHeaders[] = {
      {"s", "Order 7"}, {"X-ACCOUNT", "Gold"}, {"x-account", "b"}};
  CallFacts facts;
  facts.caller = {"0711555", "+49711555"};
  facts.callee = {"101", ""};
  facts.asserted = {"+491", "+491"};
  facts.trunk = "carrier";
  facts.direction = CallDirection::kInbound;
  facts.agent = "anna";
  facts.headers = kHeaders;
  facts.time_us = *parse_rfc3339_us("2026-11-26T10:00:00Z");
  facts.call_id = "a@b";
  return facts;
}

TEST(Evaluator, EachKeyMeansItsFact) {
  const CallFacts call = some_call();
  for (const char* match : {"{caller: +49711555}",
                            "{caller: 0711555}",
                            "{caller: '0711*'}",
                            "{number: 101}",
                            "{caller: +49711000..+49711999}",
                            "{number: [1, '+49*']}",
                            "{caller: '/^\\+4971/'}",
                            "{caller: /7115/}",
                            "{asserted: '@vip'}",
                            "{trunk: [a, carrier]}",
                            "{direction: inbound}",
                            "{agent: anna}",
                            "{header: {Subject: order 7}}",
                            "{header: {X-Account: 'GO*'}}",
                            "{header: {x-account: [/^b$/]}}",
                            "{header: {S: '*'}}",
                            "{time: {days: thu}}",
                            "{time: {from: '11:00', to: '11:01', zone: Europe/Berlin}}",
                            "{not: {caller: 1}}",
                            "{not: [{team: x}, {client: y}, {diverted: '*'}]}",
                            "{agent: anna, callee: 101}",
                            "{}",
                            "{not: {agent: anna, callee: 102}}",
                            "{not: {header: {X-Other: '*'}}}"}) {
    EXPECT_TRUE(fits(match, call)) << match;
  }
  for (const char* match : {"{callee: +49711555}",
                            "{caller: 101}",
                            "{diverted: '*'}",
                            "{asserted: '0711*'}",
                            "{caller: '/^7115/'}",
                            "{callee: '@vip'}",
                            "{trunk: CARRIER}",
                            "{direction: outbound}",
                            "{team: anna}",
                            "{client: '*'}",
                            "{header: {Subject: order}}",
                            "{header: {X-Other: '*'}}",
                            "{header: {X-Account: /gold/}}",
                            "{header: {S: 'rder*'}}",
                            "{time: {days: wed}}",
                            "{time: {to: '10:00'}}",
                            "{agent: anna, callee: 102}",
                            "{not: {agent: anna}}",
                            "{agent: anna, not: [{team: x}, {callee: 101}]}",
                            "{header: {Subject: '*', X-Other: '*'}}",
                            "{caller: +49711555, number: 102}"}) {
    EXPECT_FALSE(fits(match, call)) << match;
  }
}

TEST(Evaluator, EachOfSeveralAssertedOrDivertingNumbersIsAskedFor) {
  const NumberFacts asserted[] = {{"anna", ""}, {"0711556", "+49711556"}};
  const NumberFacts diverted[] = {{"102", ""}};
  CallFacts call = some_call();
  call.more_asserted = asserted;
  call.more_diverted = diverted;
  for (const char* match : {"{asserted: +49711556}",
                            "{asserted: '0711*'}",
                            "{asserted: /^anna$/}",
                            "{asserted: /^\\+491$/}",
                            "{diverted: 102}"}) {
    EXPECT_TRUE(fits(match, call)) << match;
  }
  for (const char* match :
       {"{asserted: 102}", "{diverted: /^anna$/}", "{not: {asserted: '0711*'}}"}) {
    EXPECT_FALSE(fits(match, call)) << match;
  }
  const auto explained =
      evaluator_of("rules: [{name: a, match: {asserted: 7}}]\n").explain(call).rules[0];
  EXPECT_EQ(explained.reason, "neither +491 nor anna nor +49711556 (0711556) is 7");
}

TEST(Evaluator, AnExpressionIsOfItsFieldAlone) {
  CallFacts call = some_call();
  const HeaderFact header{"X-A", "555"};
  call.headers = {&header, 1};
  EXPECT_FALSE(fits("{header: {X-A: /711/}}", call));
  EXPECT_FALSE(fits("{header: {X-B: /555/}, caller: /711/}", call));
  EXPECT_TRUE(fits("{header: {X-A: /555/}, caller: /711/}", call));
  EXPECT_FALSE(fits("{callee: /711/}", call));
  EXPECT_FALSE(fits("{caller: /^gold$/i}", some_call()));
}

TEST(Evaluator, WhatIsNotKnownFitsNothing) {
  const CallFacts nothing;
  for (const char* match :
       {"{number: '*'}", "{caller: /x*/}", "{trunk: a}", "{direction: inbound}"}) {
    EXPECT_FALSE(fits(match, nothing)) << match;
  }
  EXPECT_TRUE(fits("{not: {number: '*'}}", nothing));
}

TEST(Evaluator, TheFirstRuleThatFitsDecides) {
  Evaluator evaluator = evaluator_of(
      "rules:\n"
      "- {name: none, match: {caller: 9}, record: none}\n"
      "- {name: prefix, match: {caller: '07*', agent: berta}, record: audio}\n"
      "- {name: agent, match: {agent: anna}, class: imported}\n"
      "- {name: exact, match: {caller: 0711555}}\n"
      "default: {record: none, log: masked}\n");
  const Decision decision = evaluator.evaluate(some_call());
  EXPECT_EQ(decision.rule, 2U);
  EXPECT_EQ(decision.name, "agent");
  EXPECT_EQ(decision.actions->retention_class, 1);
  EXPECT_EQ(decision.record, config::RecordChoice::kAudioVideo);
  CallFacts other = some_call();
  other.agent = "berta";
  EXPECT_EQ(evaluator.evaluate(other).name, "prefix");
  other.agent = {};
  EXPECT_EQ(evaluator.evaluate(other).name, "exact");
  other.caller = {};
  const Decision last = evaluator.evaluate(other);  // nothing of earlier calls is left
  EXPECT_EQ(last.rule, 4U);
  EXPECT_EQ(last.name, "default");
  EXPECT_EQ(last.record, config::RecordChoice::kNone);
  EXPECT_EQ(last.actions->log, config::LogDetail::kMasked);
}

TEST(Evaluator, RecordsAShareOfTheCalls) {
  Evaluator evaluator = evaluator_of("rules: [{name: s, sample: 25}]\n");
  int sampled = 0;
  for (int i = 0; i < 4'000; ++i) {
    const std::string id = std::to_string(i);
    CallFacts facts;
    facts.call_id = id;
    const Decision decision = evaluator.evaluate(facts);
    EXPECT_EQ(decision.name, "s");
    EXPECT_EQ(decision.sampled_out, decision.record == config::RecordChoice::kNone);
    EXPECT_EQ(evaluator.evaluate(facts).record, decision.record);
    sampled += decision.sampled_out ? 0 : 1;
  }
  EXPECT_NEAR(sampled, 1'000, 120);
}

TEST(Evaluator, SaysWhyARuleFitsOrNot) {
  Evaluator evaluator = evaluator_of(
      "rules:\n"
      "- {name: a, match: {caller: [1, '2*', 3..4, /5/]}}\n"
      "- {name: b, match: {agent: berta, caller: 1}}\n"
      "- {name: c, match: {team: x}}\n"
      "- {name: d, match: {header: {subject: '*', X-Account: [silver, /s/]}}}\n"
      "- {name: e, match: {header: {X-Other: '*'}}}\n"
      "- {name: f, match: {time: {days: sun}}}\n"
      "- {name: g, match: {number: 7, agent: anna}}\n"
      "- {name: h, match: {diverted: '*'}}\n"
      "- {name: i, match: {agent: anna, not: [{team: x}, {callee: 101}]}}\n"
      "- {name: j, match: {agent: anna, not: {callee: 102}}}\n");
  const Explanation explanation = evaluator.explain(some_call());
  EXPECT_EQ(explanation.decision.name, "a");
  std::string told;
  for (const RuleVerdict& verdict : explanation.rules) {
    told += verdict.fits ? "fits\n" : verdict.key + ": " + verdict.reason + "\n";
  }
  EXPECT_EQ(told,
            "fits\n"
            "agent: 'anna' is not 'berta'\n"
            "team: it is not known\n"
            "header.X-Account: 'Gold', 'b' is not 'silver', /s/\n"
            "header.X-Other: the call does not have it\n"
            "time: 2026-11-26T10:00:00.000000Z lies outside\n"
            "number: neither +49711555 (0711555) nor 101 is 7\n"
            "diverted: it is not known\n"
            "not[1]: all of its keys hold\n"
            "fits\n");
}

// The rules read one by one, as a person would.
class PlainReader {
 public:
  PlainReader(const config::Policies& policies, const CallFacts& facts)
      : policies_(policies), facts_(facts) {}

  [[nodiscard]] bool fits(const config::PolicyRule& rule) const {
    return holds(rule.match) &&
           std::ranges::none_of(rule.none_of, [&](const auto& block) { return holds(block); });
  }

 private:
  static const std::regex& expression(const std::string& text) {
    static std::map<std::string, std::regex> made;
    return made.try_emplace(text, text).first->second;
  }

  [[nodiscard]] bool one_fits(const config::NumberPattern& pattern, std::string_view text) const {
    if (text.empty()) return false;
    switch (pattern.form) {
      case config::NumberForm::kExact: return text == pattern.text;
      case config::NumberForm::kPrefix: return text.starts_with(pattern.text);
      case config::NumberForm::kRange:
        return text.size() == pattern.text.size() && text >= pattern.text && text <= pattern.last;
      case config::NumberForm::kRegex:
        return std::regex_search(std::string(text), expression(pattern.text));
      case config::NumberForm::kList: break;
    }
    const auto list = std::ranges::find(policies_.lists, pattern.text, &config::NumberList::name);
    return std::ranges::any_of(list->numbers,
                               [&](const auto& number) { return one_fits(number, text); });
  }

  [[nodiscard]] bool holds(const config::MatchBlock& block) const {
    const std::array<std::vector<NumberFacts>, 5> numbers{{{facts_.caller, facts_.callee},
                                                           {facts_.caller},
                                                           {facts_.callee},
                                                           {facts_.asserted},
                                                           {facts_.diverted}}};
    for (std::size_t key = 0; key < 5; ++key) {
      if (block.numbers[key].empty()) continue;
      const bool any = std::ranges::any_of(block.numbers[key], [&](const auto& pattern) {
        return std::ranges::any_of(numbers[key], [&](const NumberFacts& number) {
          return one_fits(pattern, number.raw) || one_fits(pattern, number.e164);
        });
      });
      if (!any) return false;
    }
    const std::array<std::string_view, 5> texts{facts_.trunk,
                                                call_direction_name(facts_.direction),
                                                facts_.agent,
                                                facts_.team,
                                                facts_.client};
    for (std::size_t key = 0; key < 5; ++key) {
      const auto& values = block.texts[key];
      if (!values.empty() && std::ranges::find(values, texts[key]) == values.end()) return false;
    }
    return true;
  }

  const config::Policies& policies_;
  const CallFacts& facts_;
};

class RandomPolicies {
 public:
  explicit RandomPolicies(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t count) { return random_() % count; }

  std::string digits(std::size_t count) {
    std::string text = below(2) == 0 ? "+" : "";
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('1' + below(3));
    return text;
  }

  std::string word() { return std::string(1, static_cast<char>('a' + below(3))); }

  config::MatchBlock block() {
    config::MatchBlock made;
    for (std::size_t i = 0; i < 1 + below(2); ++i) {
      if (below(2) == 0) {
        made.texts[2 + below(3)].push_back(word());
        continue;
      }
      auto& values = made.numbers[below(5)];
      for (std::size_t k = 0; k < 1 + below(2); ++k) values.push_back(number());
    }
    return made;
  }

  config::Policies policies(std::size_t rules) {
    config::Policies made;
    made.lists.resize(2);
    for (std::size_t i = 0; i < 2; ++i) {
      made.lists[i].name = std::to_string(i);
      for (int k = 0; k < 4; ++k) {
        config::NumberPattern pattern = number();
        if (pattern.form <= config::NumberForm::kRange) made.lists[i].numbers.push_back(pattern);
      }
    }
    for (std::size_t i = 0; i < rules; ++i) {
      config::PolicyRule& rule = made.rules.emplace_back();
      rule.name = "rule " + std::to_string(i);
      rule.match = block();
      if (below(4) == 0) rule.none_of.push_back(block());
      if (below(8) == 0) rule.none_of.push_back(block());
      if (below(20) == 0) rule.match = {};
    }
    return made;
  }

 private:
  config::NumberPattern number() {
    config::NumberPattern made;
    made.form = static_cast<config::NumberForm>(below(5));
    made.text = digits(1 + below(3));
    if (made.form == config::NumberForm::kList) made.text = std::to_string(below(2));
    if (made.form == config::NumberForm::kRegex) made.text = "^.?[12]" + word_digit() + "$|23";
    if (made.form == config::NumberForm::kRange) {
      made.last = made.text;
      for (char& c : made.last) c = c == '+' ? c : std::max(c, static_cast<char>('1' + below(3)));
    }
    return made;
  }

  std::string word_digit() { return std::string(1, static_cast<char>('1' + below(3))); }

  std::mt19937 random_;
};

TEST(Evaluator, DecidesAsAPersonWouldWhoReadsTheRules) {
  RandomPolicies random(11);
  int decided = 0;
  for (int round = 0; round < 40; ++round) {
    const std::size_t rules = round < 39 ? 1 + random.below(100) : 1'000;
    auto set = PolicySet::create(random.policies(rules));
    ASSERT_TRUE(set);
    auto evaluator = Evaluator::create(*set);
    ASSERT_TRUE(evaluator);
    for (int i = 0; i < 20; ++i) {
      std::array<std::string, 6> texts;
      for (std::string& text : texts) text = random.digits(random.below(4));
      const std::string agent = random.word();
      const std::string team = random.word();
      CallFacts facts;
      facts.caller = {texts[0], texts[1]};
      facts.callee = {texts[2], texts[3]};
      facts.asserted.raw = texts[4];
      facts.diverted.e164 = texts[5];
      facts.agent = agent;
      facts.team = team;
      const PlainReader reader((*set)->policies(), facts);
      const Explanation explanation = evaluator->explain(facts);
      std::size_t first = rules;
      for (std::size_t rule = rules; rule-- > 0;) {
        const bool wanted = reader.fits((*set)->policies().rules[rule]);
        ASSERT_EQ(explanation.rules[rule].fits, wanted);
        if (wanted) first = rule;
      }
      ASSERT_EQ(explanation.decision.rule, first);
      ASSERT_EQ(evaluator->evaluate(facts).rule, first);
      decided += first < rules ? 1 : 0;
    }
  }
  EXPECT_GT(decided, 200);
}

}  // namespace
}  // namespace tapdeck::policy
