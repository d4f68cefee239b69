#include "control/text.h"

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

const std::string kReplacement = "\xef\xbf\xbd";

TEST(Text, ReplacesEachByteThatIsNoUtf8) {
  EXPECT_EQ(to_valid_utf8("J\xc3\xbcrgen \xe6\x97\xa5 \xf0\x9f\x98\x80"),
            "J\xc3\xbcrgen \xe6\x97\xa5 \xf0\x9f\x98\x80");
  EXPECT_EQ(to_valid_utf8("a\xff"), "a" + kReplacement);
  EXPECT_EQ(to_valid_utf8("\xc3"), kReplacement);                                // cut off
  EXPECT_EQ(to_valid_utf8("\xc0\xaf"), kReplacement + kReplacement);             // overlong
  EXPECT_EQ(to_valid_utf8("\xed\xa0\x80").size(), 3 * kReplacement.size());      // surrogate
  EXPECT_EQ(to_valid_utf8("\xf4\x90\x80\x80").size(), 4 * kReplacement.size());  // > U+10FFFF
}

TEST(Text, ShowsNoControlCharacterOnATerminal) {
  EXPECT_EQ(to_printable("a\x1b[31mb\r\nc\x7f"), "a?[31mb??c?");
  EXPECT_EQ(to_printable("\xc2\x9b"
                         "x\xe2\x80\xae"),
            "?x?");  // C1 CSI; right-to-left override
}

TEST(Text, CountsTerminalColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("J\xc3\xbcrgen"), 6U);
  EXPECT_EQ(display_width("u\xcc\x88"), 1U);     // combining mark
  EXPECT_EQ(display_width("\xe6\x97\xa5"), 2U);  // East Asian
}

TEST(Text, QuotesCsvAsRfc4180) {
  EXPECT_EQ(csv_cell("plain"), "plain");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_line({"a", "", "b,c"}), "a,,\"b,c\"\r\n");
}

TEST(Text, DisarmsFormulasButKeepsNumbers) {
  EXPECT_EQ(csv_cell("=1+1"), "'=1+1");
  EXPECT_EQ(csv_cell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(csv_cell("+49 (89) 1234-5"), "+49 (89) 1234-5");
  EXPECT_EQ(csv_cell("-2"), "-2");
  EXPECT_EQ(csv_cell("+cmd|' /C calc'!A0"), "'+cmd|' /C calc'!A0");
  EXPECT_EQ(csv_cell("-"), "'-");
  EXPECT_EQ(csv_cell("+1+cmd"), "'+1+cmd");
  EXPECT_EQ(csv_cell("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
}

TEST(Text, AlignsTableCells) {
  Table table({{"NAME", Align::kLeft}, {"N", Align::kRight}, {"LAST", Align::kLeft}});
  EXPECT_EQ(table.render({{"J\xc3\xbcrgen", "7", "x"}, {"Bo", "123", ""}}),
            "NAME      N  LAST\n"
            "J\xc3\xbcrgen    7  x\n"
            "Bo      123\n");
  // A later page keeps the widths and has no titles.
  EXPECT_EQ(table.render({{"A", "1", "y"}}), "A         1  y\n");
}

}  // namespace
}  // namespace tapdeck::control
