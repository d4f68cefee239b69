#include "config/yaml_reader.h"

#include <array>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

class YamlReaderTest : public ::testing::Test {
 protected:
  const YamlNode& parse(const std::string& text) {
    document_ = parse_yaml(text);
    problems_.clear();
    return document_.root;
  }

  [[nodiscard]] std::string told() const { return to_string(problems_); }

  YamlDocument document_;
  std::vector<Problem> problems_;
  YamlReader reader_{"f", problems_};
};

constexpr std::array<std::string_view, 2> kKnownKeys{"caller", "callee"};

TEST_F(YamlReaderTest, KeysAreKnownAndComeOnce) {
  const YamlNode& map = parse("caller: 1\ncallr: 2\ncaller: 3\nwhatever: 4\n[x]: 5\n");
  const auto entries = reader_.entries_of(map, "match", kKnownKeys, "key");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].key, "caller");
  EXPECT_EQ(entries[0].value->text, "1");
  EXPECT_EQ(told(),
            "f:3: match.caller: given twice, first in line 1\n"
            "f:5: match.?: a key must be a word\n"
            "f:2: match.callr: unknown key; did you mean caller?\n"
            "f:4: match.whatever: unknown key");
  EXPECT_TRUE(reader_.entries_of(parse(""), "", kKnownKeys).empty());
  EXPECT_EQ(told(), "");
  EXPECT_TRUE(reader_.entries_of(parse("- 1\n"), "", kKnownKeys).empty());
  EXPECT_EQ(told(), "f:1: the file: a map of options is wanted");
}

TEST_F(YamlReaderTest, ValuesHaveTheirKind) {
  const YamlNode& list = parse("- x\n- true\n- 12\n- [1]\n- 13\n");
  EXPECT_EQ(*reader_.text_of(list.items[0], "p", "a text"), "x");
  EXPECT_EQ(reader_.text_of(list.items[3], "p", "a text"), nullptr);
  EXPECT_EQ(reader_.truth_of(list.items[1], "p"), true);
  EXPECT_EQ(reader_.truth_of(list.items[0], "p"), std::nullopt);
  EXPECT_EQ(reader_.number_of(list.items[2], "p", 1, 12), 12U);
  EXPECT_EQ(reader_.number_of(list.items[4], "p", 1, 12), std::nullopt);
  EXPECT_EQ(reader_.number_of(list.items[0], "p", 1, 12), std::nullopt);
  EXPECT_EQ(reader_.word_of(list.items[0], "p", kKnownKeys), std::nullopt);
  EXPECT_EQ(reader_.name_of(list.items[0], "p", 2, 3), nullptr);
  EXPECT_EQ(told(),
            "f:4: p: a text is wanted\n"
            "f:1: p: 'x'; true or false is wanted\n"
            "f:5: p: 13 is out of bounds, 1 to 12\n"
            "f:1: p: 'x' is no number; 1 to 12 is wanted\n"
            "f:1: p: 'x'; one of caller callee is wanted\n"
            "f:1: p: a text of 1 bytes; it must have 2 to 3");
  const YamlNode& map = parse("a:\n\nb: callee\n");
  EXPECT_EQ(reader_.truth_of(map.entries[0].value, "a"), std::nullopt);
  EXPECT_EQ(told(), "f:1: a: no value; true or false is wanted");
  EXPECT_EQ(reader_.word_of(map.entries[1].value, "b", kKnownKeys), 1U);
}

TEST(YamlReader, PathsOfFilesBesideAnother) {
  EXPECT_EQ(beside("/etc/tapdeck/policies.yaml", "vip.txt"), "/etc/tapdeck/vip.txt");
  EXPECT_EQ(beside("/etc/tapdeck/policies.yaml", "/srv/vip.txt"), "/srv/vip.txt");
  EXPECT_EQ(beside("policies.yaml", "lists/vip.txt"), "lists/vip.txt");
}

TEST(YamlReader, FilesAreReadWholeOrNotAtAll) {
  const std::string path = ::testing::TempDir() + "/whole_" + std::to_string(::getpid());
  std::ofstream(path) << "12345";
  EXPECT_EQ(read_whole_file(path, "the list", 5).value_or("?"), "12345");
  EXPECT_EQ(read_whole_file(path, "the list", 4).error().message,
            "cannot read the list " + path + ": it has more than 4 bytes");
  ::unlink(path.c_str());
  EXPECT_EQ(read_whole_file(path, "the list", 4).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tapdeck::config
