#include "config/yaml.h"

#include <gtest/gtest.h>

#include "config/limits.h"

namespace tapdeck::config {
namespace {

// The tree on one line: [list] {key: value} ~ null, each with its line.
std::string shown(const YamlNode& node) {
  const std::string at = "@" + std::to_string(node.line);
  if (node.is_null()) return "~" + at;
  if (node.is_scalar()) return node.text + at;
  std::string text;
  for (const YamlNode& item : node.items) text += (text.empty() ? "" : " ") + shown(item);
  if (node.is_list()) return "[" + text + "]";
  for (const YamlEntry& entry : node.entries) {
    text += (text.empty() ? "" : " ") + shown(entry.key) + "=" + shown(entry.value);
  }
  return "{" + text + "}";
}

std::string parsed_yaml(const std::string& text) {
  const YamlDocument document = parse_yaml(text);
  if (document.mistake.empty()) return shown(document.root);
  return std::to_string(document.mistake_line) + ": " + document.mistake;
}

TEST(Yaml, MakesATreeWithLines) {
  EXPECT_EQ(parsed_yaml(""), "~@0");
  EXPECT_EQ(parsed_yaml("# nothing\n"), "~@0");
  EXPECT_EQ(parsed_yaml("a: 1\nb: [x, 'y z']\nc:\n  - d: e\n"),
            "{a@1=1@1 b@2=[x@2 y z@2] c@3=[{d@4=e@4}]}");
  EXPECT_EQ(parsed_yaml("a: 1\na: 2\n"), "{a@1=1@1 a@2=2@2}");
  EXPECT_EQ(parsed_yaml("a: '~'\nb: ~\n"), "{a@1=~@1 b@2=~@2}");
}

TEST(Yaml, AnAbsentValueHasTheLineOfItsKey) {
  EXPECT_EQ(parsed_yaml("a:\n\n\nb: 1\n"), "{a@1=~@1 b@4=1@4}");
}

TEST(Yaml, CopiesWhatAnAliasNames) {
  EXPECT_EQ(parsed_yaml("a: &x [1, 2]\nb: *x\n"), "{a@1=[1@1 2@1] b@2=[1@1 2@1]}");
  EXPECT_EQ(parsed_yaml("a: &x [1, *x]\n"), "1: no YAML: an alias stands inside of what it names");
}

TEST(Yaml, TellsWhereItIsNoYaml) {
  EXPECT_EQ(parsed_yaml("a: [1\nb: 2\n").substr(0, 11), "2: no YAML:");
  EXPECT_NE(
      parsed_yaml("a: 1\nb: @vip\n").find("2: no YAML: unknown token (a text that begins with @"),
      std::string::npos);
  EXPECT_NE(parsed_yaml("a: *7\n").find("needs quotes"), std::string::npos);
}

// What stands behind would be left out without a word.
TEST(Yaml, RefusesASecondDocument) {
  const std::string expected = "no YAML: there is a second document, of which nothing would count";
  EXPECT_EQ(parsed_yaml("a: 1\n---\nb: 2\n"), "2: " + expected);
  EXPECT_EQ(parsed_yaml("a: 1\n...\nb: 2\n").substr(3), expected);
  EXPECT_EQ(parsed_yaml("---\na: 1\n...\n"), "{a@2=1@2}");
}

TEST(Yaml, RefusesWhatGrowsWithoutBound) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) text += (k == 0 ? "" : ", ") + before;
    text += "]\n";
  }
  EXPECT_NE(parsed_yaml(text).find("too many values"), std::string::npos);
  EXPECT_NE(parsed_yaml(std::string(kYamlDepthMax + 1, '[')).find("too many"), std::string::npos);
  EXPECT_EQ(parsed_yaml(std::string(kYamlDepthMax, '[') + std::string(kYamlDepthMax, ']')),
            std::string(kYamlDepthMax, '[') + std::string(kYamlDepthMax, ']'));
}

}  // namespace
}  // namespace tapdeck::config
