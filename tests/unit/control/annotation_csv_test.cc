#include "control/annotation_csv.h"

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

const std::string kFirst = "01KASJ4Q3R8ZC5W1T9M2XVB7NE";
const std::string kSecond = "01KASJ4Q3R8ZC5W1T9M2XVB7NF";

TEST(AnnotationCsv, ReadsCallsWithWhatTheirCellsSay) {
  const AnnotationFile file = read_annotations(
      "\xef\xbb\xbfuid,tag,csat,note\r\n" + kFirst +
      ",\"vip, late\",4.5,\"said \"\"no\"\"\nand left\"\r\n\r\n" + kSecond + ",,5,");
  EXPECT_TRUE(file.faults.empty());
  ASSERT_EQ(file.lines.size(), 2U);
  EXPECT_EQ(to_string(file.lines[0].uid), kFirst);
  EXPECT_EQ(file.lines[0].line, 2U);
  EXPECT_EQ(file.lines[0].values,
            (std::vector<std::pair<std::string, std::string>>{
                {"csat", "4.5"}, {"note", "said \"no\"\nand left"}, {"tag", "vip, late"}}));
  EXPECT_EQ(file.lines[1].line, 5U) << "a quoted line break and an empty line count";
  EXPECT_EQ(file.lines[1].values.size(), 1U) << "an empty cell says nothing";
}

TEST(AnnotationCsv, TellsEveryBadLineWithItsNumber) {
  const AnnotationFile file = read_annotations("uid,csat\n" + kFirst + ",4\nnobody,4\n" + kFirst +
                                               ",5\n" + kSecond + ",many\n" + kSecond + ",1,2\n");
  EXPECT_EQ(file.lines.size(), 1U);
  ASSERT_EQ(file.faults.size(), 4U);
  EXPECT_EQ(file.faults[0], "line 3: 'nobody' is not a uid (26 letters and digits).");
  EXPECT_EQ(file.faults[1], "line 4: the uid of line 2 again.");
  EXPECT_EQ(file.faults[2], "line 5: csat: 'many' is not a number from 0 to 100.");
  EXPECT_EQ(file.faults[3], "line 6: 3 cells, where the header has 2.");
}

TEST(AnnotationCsv, NeedsAHeader) {
  for (const std::string& text : {std::string(),
                                  std::string("\n\n"),
                                  kFirst + ",4\n",
                                  std::string("uid\n"),
                                  std::string("uid,colour\n"),
                                  std::string("uid,csat,csat\n"),
                                  std::string("csat,uid\n")}) {
    const AnnotationFile file = read_annotations(text);
    EXPECT_EQ(file.faults.size(), 1U) << text;
    EXPECT_TRUE(file.lines.empty());
  }
}

TEST(AnnotationCsv, ALostQuoteEndsIt) {
  for (const std::string cell : {"\"open", "\"a\"b"}) {
    const AnnotationFile file =
        read_annotations("uid,note\n" + kFirst + "," + cell + "\n" + kSecond + ",x\n");
    ASSERT_EQ(file.faults.size(), 1U) << cell;
    EXPECT_EQ(file.faults[0], "line 2: a quotation mark that does not fit.");
  }
}

}  // namespace
}  // namespace tapdeck::control
