#include "config/number_patterns.h"

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

std::string parsed_number(std::string_view text, NumberPlace place = NumberPlace::kRule) {
  const ParsedNumber result = parse_number_pattern(text, place);
  return result.mistake.empty() ? to_string(result.pattern) : "! " + result.mistake;
}

TEST(NumberPatterns, ReadsEveryForm) {
  for (const char* text : {"+4971155501",
                           "101",
                           "*21#",
                           "*21*4971155501#",
                           "*21**",
                           "+49711*",
                           "*",
                           "+4971100..+4971199",
                           "00..99",
                           "/^\\+49[0-9]{3}$/",
                           "/alice/i",
                           "@vip"}) {
    EXPECT_EQ(parsed_number(text), text);
  }
  EXPECT_EQ(parsed_number(" +49 (711) 555-01 "), "+4971155501");
  EXPECT_EQ(parsed_number("+49 711 00 .. +49 711 99"), "+4971100..+4971199");
  EXPECT_EQ(parse_number_pattern("*", NumberPlace::kNumbers).pattern.form, NumberForm::kPrefix);
}

TEST(NumberPatterns, SaysWhatIsWrong) {
  for (const char* text : {"",     "+",       "alice",
                           "+49a", "4+9",     "+49..+4",
                           "5..4", "+10..20", "1..",
                           "..",   "*1..*2",  "1..2..3",
                           "//",   "/a",      "/a/x",
                           "@",    "+#",      "+49*1820",
                           "+49#", "+49**",   "1234567890123456789012345678901234567"}) {
    EXPECT_EQ(parsed_number(text).front(), '!') << text;
  }
  EXPECT_EQ(parsed_number(std::string(600, '1')), "! a text of more than 512 bytes");
  EXPECT_EQ(parsed_number(std::string("/a\0b/", 5)).front(), '!');
}

TEST(NumberPatterns, AListHasNumbersOnly) {
  EXPECT_EQ(parsed_number("+49*", NumberPlace::kNumbers), "+49*");
  EXPECT_EQ(parsed_number("@other", NumberPlace::kNumbers).front(), '!');
  EXPECT_EQ(parsed_number("/1/", NumberPlace::kNumbers).front(), '!');
}

TEST(NumberPatterns, ReadsTextsOfHeaders) {
  const auto form = [](std::string_view text) { return parse_text_pattern(text).pattern.form; };
  EXPECT_EQ(form("gold"), TextForm::kExact);
  EXPECT_EQ(form("gold*"), TextForm::kPrefix);
  EXPECT_EQ(form("/gold|silver/"), TextForm::kRegex);
  EXPECT_FALSE(parse_text_pattern("/gold/").pattern.caseless);
  EXPECT_TRUE(parse_text_pattern("/gold/i").pattern.caseless);
  EXPECT_EQ(parse_text_pattern(" a b ").pattern.text, "a b");
  EXPECT_EQ(parse_text_pattern("*").pattern.text, "");
  for (const char* text : {"", "  ", "/a"}) EXPECT_NE(parse_text_pattern(text).mistake, "") << text;
}

TEST(NumberPatterns, LinesOfAListHaveComments) {
  std::string seen;
  for_each_list_line("# head\r\n+491 # one\n\n  *21#\n\t#\n+492", [&](auto line, auto text) {
    seen += std::to_string(line) + "=" + std::string(text) + ";";
  });
  EXPECT_EQ(seen, "2=+491;4=*21#;6=+492;");
  seen.clear();
  for_each_list_line("\xEF\xBB\xBF+491\n",
                     [&](auto, auto text) { seen += std::string(text) + ";"; });
  EXPECT_EQ(seen, "+491;") << "as some editors save it";
}

}  // namespace
}  // namespace tapdeck::config
