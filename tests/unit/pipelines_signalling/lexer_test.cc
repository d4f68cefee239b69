#include "pipelines/signalling/lexer.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

TEST(Lexer, NumbersTakeTheWholeTextOrNothing) {
  EXPECT_EQ(parse_u32("0009"), 9u);
  EXPECT_EQ(parse_u32("4294967295"), 4294967295u);
  EXPECT_FALSE(parse_u32("4294967296"));
  EXPECT_FALSE(parse_u32("-1"));
  EXPECT_FALSE(parse_u32("12a"));
  EXPECT_FALSE(parse_u32(""));
  EXPECT_FALSE(parse_u16("65536"));
}

TEST(Lexer, ListSplitsOnlyOutsideQuotesAndAngles) {
  std::string_view rest = R"(a, <sip:b,c@d>, "e,\",f" <sip:g>,, h)";
  std::string_view element;
  ASSERT_TRUE(take_list_element(rest, element));
  EXPECT_EQ(element, "a");
  ASSERT_TRUE(take_list_element(rest, element));
  EXPECT_EQ(element, "<sip:b,c@d>");
  ASSERT_TRUE(take_list_element(rest, element));
  EXPECT_EQ(element, R"("e,\",f" <sip:g>)");
  ASSERT_TRUE(take_list_element(rest, element));
  EXPECT_EQ(element, "h");
  EXPECT_FALSE(take_list_element(rest, element));
}

TEST(Lexer, ParamsAreFoundInAnyCaseWithBlanksAndQuotes) {
  const std::string_view params = ";Tag = abc ; lr;text=\"a;b=c\"";
  EXPECT_EQ(find_param(params, "tag"), "abc");
  EXPECT_EQ(find_param(params, "LR"), "");
  EXPECT_EQ(find_param(params, "text"), "a;b=c");
  EXPECT_FALSE(find_param(params, "b"));
}

TEST(Lexer, UnterminatedQuoteAndAngleEndAtTheText) {
  EXPECT_EQ(find_outside("\"abc,def", ","), 8u);
  EXPECT_EQ(find_outside("<abc,def", ","), 8u);
  EXPECT_EQ(find_outside("\"abc\\", ","), 5u);
}

TEST(Lexer, LinesEndInCrLfOrLf) {
  std::string_view rest = "a\r\nb\n\nc";
  std::string_view line;
  std::string lines;
  while (take_line(rest, line)) lines += std::string(line) + "|";
  EXPECT_EQ(lines, "a|b||c|");
}

TEST(Lexer, UnfoldingJoinsWithOneBlankAndKeepsTheBound) {
  char out[64];
  EXPECT_EQ(std::string_view(out, copy_unfolded("a \r\n\t b\r\n c", out, sizeof out)), "a b c");
  EXPECT_EQ(copy_unfolded("abcdef", out, 3), 3u);
  EXPECT_EQ(std::string_view(out, copy_unescaped(R"(a\"b\\)", out, sizeof out)), "a\"b\\");
}

TEST(Lexer, TokensHaveNoSeparators) {
  EXPECT_TRUE(is_token("!interesting-Method0123456789_*+`.%indeed'~"));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
  EXPECT_FALSE(is_token("a:b"));
  EXPECT_FALSE(is_token(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace tapdeck::sip
