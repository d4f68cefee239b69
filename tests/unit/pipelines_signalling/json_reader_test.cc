#include "pipelines/signalling/json_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

// "name=text" of each member, texts only.
std::vector<std::string> members(std::string text) {
  std::vector<std::string> found;
  JsonReader json(text.data(), text.size());
  json.for_each_member([&](std::string_view name) {
    const std::string key(name);
    found.push_back(key + "=" + std::string(json.take_string()));
  });
  return found;
}

TEST(JsonReader, TakesWhatIsAskedForAndSkipsTheRest) {
  EXPECT_EQ(members(R"( {"a" : "1", "b":{"c":["x",{}]},"d":[1,2],"e":true,"f":"2"} )"),
            (std::vector<std::string>{"a=1", "b=", "d=", "e=", "f=2"}));
}

TEST(JsonReader, Unescapes) {
  EXPECT_EQ(members(R"({"a\u0062":"sip:\/\/\"x\"\u00e9\n"})"),
            (std::vector<std::string>{"ab=sip://\"x\"?\n"}));
}

TEST(JsonReader, Numbers) {
  std::string text = R"({"a":1443208345,"b":"7","c":-1,"d":99999999999999999999,"e":5})";
  JsonReader json(text.data(), text.size());
  std::vector<std::optional<std::int64_t>> found;
  json.for_each_member([&](std::string_view) { found.push_back(json.take_integer()); });
  ASSERT_EQ(found.size(), 5U);
  EXPECT_EQ(found[0], 1'443'208'345);
  EXPECT_FALSE(found[1]);
  EXPECT_FALSE(found[2]);
  EXPECT_FALSE(found[3]) << "too large";
  EXPECT_EQ(found[4], 5);
}

TEST(JsonReader, BadTextEndsThere) {
  EXPECT_EQ(members(R"({"a":"1","b")"), (std::vector<std::string>{"a=1"}));
  EXPECT_EQ(members(R"({"a":"1" "b":"2"})"), (std::vector<std::string>{"a=1"}));
  EXPECT_EQ(members(R"({"a":"unfinished)"), (std::vector<std::string>{"a="}));
  EXPECT_EQ(members(R"({"a":"\u00)"), (std::vector<std::string>{"a="}));
  EXPECT_TRUE(members("[]").empty());
  EXPECT_TRUE(members("").empty());
  EXPECT_EQ(members(R"({"a":,"b":"2"})"), (std::vector<std::string>{"a="}));
}

TEST(JsonReader, NestingIsBounded) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(members(R"({"a":)" + deep), (std::vector<std::string>{"a="}));
}

}  // namespace
}  // namespace tapdeck::sip
