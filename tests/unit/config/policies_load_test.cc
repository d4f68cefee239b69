#include "config/policies_load.h"

#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "config/number_patterns.h"

namespace tapdeck::config {
namespace {

std::string told(const std::string& text, const PolicyLoadOptions& options = {}) {
  return to_string(load_policies_text(text, "p", options).problems);
}

// What is told of one rule with these lines.
std::string told_of_rule(const std::string& lines) {
  return told("rules:\n- name: r\n  " + lines + "\n");
}

TEST(PoliciesLoad, AnEmptyFileHasTheDefaultAlone) {
  for (const char* text : {"", "rules:\n", "rules: []\nlists: {}\n", "default:\n"}) {
    const LoadedPolicies loaded = load_policies_text(text, "p");
    EXPECT_EQ(to_string(loaded.problems), "");
    EXPECT_TRUE(loaded.policies.rules.empty());
    EXPECT_EQ(loaded.policies.fallback, PolicyActions{});
  }
}

constexpr const char* kWhole = R"(sample_key: between us
lists:
  vip: [+4971155501, "+49 30*"]
rules:
  - name: doctors
    match:
      number: "@vip"
      caller: [+4971155502, "+49711*", +4971100..+4971199, '/^\+4989[0-9]{3}$/']
      diverted: "*"
      trunk: carrier
      direction: [inbound, transit]
      agent: anna
      header: {X-Account: ["gold*", /silver/i], Subject: order}
      time: {days: [mon-fri, SUN], from: "22:00", to: "6:30", zone: Europe/Berlin}
      not:
        - callee: "112"
        - {team: night, client: [acme, other]}
    record: audio
    log: masked
    class: imported
    keep: raw
    early_media: discard
    unbound: discard
    sample: 12.5%
    mask_dtmf: false
    priority: 200
    pause:
      header: {name: X-Pause, pause: "on", resume: "off"}
      limit_s: 300
default:
  record: none
)";

TEST(PoliciesLoad, TakesAllThatARuleMatches) {
  const LoadedPolicies loaded = load_policies_text(kWhole, "p");
  ASSERT_EQ(to_string(loaded.problems), "");
  EXPECT_EQ(loaded.policies.sample_key, "between us");
  ASSERT_EQ(loaded.policies.lists.size(), 1U);
  EXPECT_EQ(to_string(loaded.policies.lists[0].numbers[1]), "+4930*");
  ASSERT_EQ(loaded.policies.rules.size(), 1U);
  const PolicyRule& rule = loaded.policies.rules[0];
  EXPECT_EQ(rule.name, "doctors");
  EXPECT_EQ(rule.line, 5U);
  EXPECT_EQ(to_string(rule.match.numbers[0][0]), "@vip");
  ASSERT_EQ(rule.match.numbers[1].size(), 4U);
  EXPECT_EQ(to_string(rule.match.numbers[1][2]), "+4971100..+4971199");
  EXPECT_EQ(rule.match.numbers[1][3].form, NumberForm::kRegex);
  EXPECT_EQ(rule.match.numbers[1][3].line, 8U);
  EXPECT_EQ(rule.match.numbers[4][0].form, NumberForm::kPrefix);
  EXPECT_EQ(rule.match.texts[1], (std::vector<std::string>{"inbound", "transit"}));
  ASSERT_EQ(rule.match.headers.size(), 2U);
  EXPECT_EQ(rule.match.headers[0].values.size(), 2U);
  ASSERT_EQ(rule.match.times.size(), 1U);
  EXPECT_EQ(rule.match.times[0], (TimeWindow{0b1011111, 1'320, 390, "Europe/Berlin"}));
  ASSERT_EQ(rule.none_of.size(), 2U);
  EXPECT_EQ(rule.none_of[1].texts[4].size(), 2U);
}

TEST(PoliciesLoad, TakesAllThatARuleDoes) {
  const Policies policies = load_policies_text(kWhole, "p").policies;
  const PolicyActions& actions = policies.rules.at(0).actions;
  EXPECT_EQ(actions.record, RecordChoice::kAudio);
  EXPECT_EQ(actions.log, LogDetail::kMasked);
  EXPECT_EQ(actions.retention_class, 1);
  EXPECT_EQ(actions.early_media, DiscardKeep::kDiscard);
  EXPECT_EQ(actions.unbound, DiscardKeep::kDiscard);
  EXPECT_EQ(actions.sample_ppm, 125'000U);
  EXPECT_FALSE(actions.mask_dtmf);
  EXPECT_EQ(actions.priority, 200);
  EXPECT_EQ(actions.pause, (PauseTriggers{"", "", "X-Pause", "on", "off", 300}));
  EXPECT_EQ(policies.fallback.record, RecordChoice::kNone);
  EXPECT_EQ(policies.fallback_line, 30U);
}

TEST(PoliciesLoad, TellsEveryMistakeAtOnce) {
  EXPECT_EQ(told("rule: []\n"
                 "lists: {a: [x]}\n"
                 "rules:\n"
                 "- name: one\n"
                 "  match: {caler: 1, caller: \"@b\", time: {zone: Nowhere}}\n"
                 "  recrd: none\n"
                 "- name: one\n"
                 "  class: defualt\n"
                 "- record: nothing\n"
                 "default: {log: none}\n"),
            "p:1: rule: unknown option; did you mean rules?\n"
            "p:2: lists.a: 'x' is no number: `+4971155501`, `+49711*` or `+4971100..+4971199` is "
            "wanted\n"
            "p:2: warning: lists.a: has no number\n"
            "p:5: rules[0].match.caler: unknown key; did you mean caller?\n"
            "p:5: rules[0].match.caller: there is no list 'b'\n"
            "p:5: rules[0].match.time.zone: there is no time zone 'Nowhere'\n"
            "p:6: rules[0].recrd: unknown key; did you mean record?\n"
            "p:7: rule 'one': the name is given twice, first in line 4\n"
            "p:8: rules[1].class: there is no retention class 'defualt'; did you mean default?\n"
            "p:9: rules[2].name: missing\n"
            "p:9: rules[2].record: 'nothing'; one of none audio audio+video is wanted\n"
            "p:9: warning: rule '': never decides, because 'one' in line 7 fits every call\n"
            "p:10: default.log: none goes with `record: none` only: nothing would lead to the "
            "recording");
}

TEST(PoliciesLoad, RefusesEncodingUntilThereIsSome) {
  for (const char* word : {"opus", "both"}) {
    EXPECT_EQ(told_of_rule(std::string("keep: ") + word),
              std::string("p:3: rules[0].keep: '") + word +
                  "' is not possible yet: recordings are kept as they were received, which is "
                  "`raw`");
  }
  EXPECT_EQ(told_of_rule("keep: mp3"), "p:3: rules[0].keep: 'mp3'; raw is wanted");
}

TEST(PoliciesLoad, ChecksValuesOfKeys) {
  const auto expect_told = [](const std::string& lines, const std::string& what) {
    EXPECT_NE(told_of_rule(lines).find(what), std::string::npos) << lines << told_of_rule(lines);
  };
  expect_told("match:", "rules[0].match: no value");
  expect_told("match: {direction: sideways}", "one of inbound outbound internal transit");
  expect_told("match: {caller: []}", "an empty list fits nothing");
  expect_told("match: {header: {\"X Y\": 1}}", "no name of a header field");
  expect_told("match: {header: {Authorization: '*'}}", "credentials");
  expect_told("match: {header: x}", "a map of options is wanted");
  expect_told("match: {header: }", "a map of header fields is wanted");
  expect_told("match: {time: {days: monday}}", "days are mon");
  expect_told("match: {time: {from: '25:00'}}", "a time like 08:30 is wanted");
  expect_told("match: {time: {from: '8:00', to: '08:00'}}", "from and to are the same");
  expect_told("match: {time: {}}", "days, from or to are wanted");
  expect_told("match: {not: {}}", "an empty block fits every call");
  expect_told("match: {not: {not: {caller: 1}}}", "rules[0].match.not.not: unknown key");
  expect_told("sample: 101", "no percentage");
  expect_told("sample: 1.23456", "no percentage");
  expect_told("pause: {dtmf: {resume: '*8'}}", "pause.dtmf.pause: missing");
  expect_told("pause: {dtmf: {pause: '*7', resume: '7'}}", "one code ends in the other");
  expect_told("pause: {dtmf: {pause: 'x'}}", "no DTMF code");
  expect_told("pause: {header: {pause: a}}", "header.name: missing");
  expect_told("pause: {limit_s: 0}", "out of bounds");
  expect_told("priority: 256", "priority");
  expect_told("unbound: hold", "keep");
  expect_told("pause: {}", "dtmf, header or limit_s is wanted");
  EXPECT_EQ(told_of_rule("sample: 0.0001"), "");
  EXPECT_EQ(told_of_rule("unbound: keep"), "");
}

TEST(PoliciesLoad, MidnightMayEndATime) {
  for (const char* to : {"24:00", "0:00"}) {
    const auto loaded = load_policies_text(std::string("rules:\n- name: r\n  match: {time: {from: "
                                                       "'18:00', to: '") +
                                               to + "'}}\n",
                                           "p",
                                           {.zone = "Asia/Tokyo"});
    EXPECT_EQ(to_string(loaded.problems), "");
    EXPECT_EQ(loaded.policies.rules[0].match.times[0],
              (TimeWindow{0x7f, 1'080, 1'440, "Asia/Tokyo"}));
  }
}

TEST(PoliciesLoad, TheNameOfTheDefaultIsTaken) {
  EXPECT_NE(told("rules: [{name: default}]\n").find("is called so"), std::string::npos);
}

TEST(PoliciesLoad, TrunksAreThoseOfTheConfiguration) {
  Config config;
  config.general.timezone = "Europe/Paris";
  config.trunks.resize(1);
  config.trunks[0].name = "carrier";
  const PolicyLoadOptions options = policy_load_options(config);
  EXPECT_EQ(options.zone, "Europe/Paris");
  const LoadedPolicies loaded =
      load_policies_text("rules: [{name: r, match: {trunk: [carrier, carier]}}]\n", "p", options);
  EXPECT_EQ(to_string(loaded.problems),
            "p:1: warning: rules[0].match.trunk: the configuration has no trunk 'carier'; did you "
            "mean carrier?");
}

TEST(PoliciesLoad, TheExampleHasNoMistake) {
  const auto loaded = load_policies_file(TD_SOURCE_ROOT "/config/policies.example.yaml");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(to_string(loaded->problems), "");
  EXPECT_EQ(loaded->policies.lists.size(), 2U);
  EXPECT_EQ(loaded->policies.rules.size(), 8U);
  EXPECT_EQ(loaded->policies.fallback.record, RecordChoice::kNone);
}

TEST(PoliciesLoad, AFileOfNothingIsAMistake) {
  const std::string file = ::testing::TempDir() + "/policies_" + std::to_string(::getpid());
  std::ofstream(file) << "\n \n";
  const auto loaded = load_policies_file(file);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(to_string(loaded->problems),
            file + ":1: the file is empty: write `rules: []` where no rule is wanted");
  ::unlink(file.c_str());
}

TEST(PoliciesLoad, ListsMayBeInFilesBesideIt) {
  const std::string directory =
      ::testing::TempDir() + "/policies_" + std::to_string(::getpid()) + "/";
  ASSERT_EQ(::system(("mkdir -p " + directory).c_str()), 0);
  std::ofstream(directory + "vip.txt") << "# numbers\n+491\n@x\n";
  const std::string file = directory + "policies.yaml";
  std::ofstream(file)
      << "lists:\n  vip: {file: vip.txt, numbers: [+492]}\n  gone: {file: gone.txt}\n";
  const auto loaded = load_policies_file(file);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->policies.lists[0].numbers.size(), 2U);
  EXPECT_EQ(
      to_string(loaded->problems),
      file + ":3: lists.gone.file: cannot read the list " + directory +
          "gone.txt: No such file or directory\n" + file +
          ":3: warning: lists.gone: has no number\n" + directory +
          "vip.txt:3: lists.vip.file: '@x': only numbers, prefixes and ranges stand in a list");
  ASSERT_EQ(::system(("rm -r " + directory).c_str()), 0);
  EXPECT_EQ(load_policies_file(file).error().code, ErrorCode::kNotFound);
}

TEST(PoliciesLoad, AListIsNoPipe) {
  const std::string directory = ::testing::TempDir() + "/pipe_" + std::to_string(::getpid()) + "/";
  const std::string file = directory + "policies.yaml";
  ASSERT_EQ(::system(("mkdir -p " + directory + " && mkfifo " + directory + "vip.txt").c_str()), 0);
  std::ofstream(file) << "lists:\n  vip: {file: vip.txt}\n";
  const auto loaded = load_policies_file(file);
  ASSERT_TRUE(loaded);
  EXPECT_NE(to_string(loaded->problems).find("vip.txt is no regular file"), std::string::npos);
  ASSERT_EQ(::system(("rm -r " + directory).c_str()), 0);
}

}  // namespace
}  // namespace tapdeck::config
