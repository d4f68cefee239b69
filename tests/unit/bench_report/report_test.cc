#include "bench/report/report.h"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tapdeck::report {
namespace {

Report sample() {
  Report report;
  report.bench = "sample";
  report.host = {{{"processor", "processor"}, std::string("A \"B\"\n\xff")}};
  report.simulated = {"No card."};
  report.columns = {{"what", "what"},
                    {"packets", "packets"},
                    {"worker_ns", "worker ns", 1},
                    {"intact", "intact"}};
  report.rows = {
      {std::string("one, \"two\""), std::uint64_t{1} << 63, 12.3456, true},
      {std::string("=1+1"), std::uint64_t{7}, std::monostate{}, false},
      {std::string("three"), std::uint64_t{0}, std::numeric_limits<double>::infinity(), true}};
  report.results = {{{"best_mpps", "best Mpps", 2}, 3.14159}};
  report.held_back = {{"hugepages", control::Health::kSlow, "none", "Reserve some."}};
  return report;
}

TEST(Report, TheTableRoundsAndMarksWhatIsNotKnown) {
  const std::string text = to_text(sample());
  EXPECT_NE(text.find("what        "), std::string::npos) << text;
  EXPECT_NE(text.find("  9223372036854775808       12.3     yes\n"), std::string::npos) << text;
  EXPECT_NE(text.find("          -      no\n"), std::string::npos) << text;
  EXPECT_NE(text.find("simulated: No card.\n"), std::string::npos);
  EXPECT_NE(text.find("best Mpps  3.14\n"), std::string::npos);
  EXPECT_NE(text.find("hugepages: none\n      -> Reserve some.\n"), std::string::npos);
  EXPECT_EQ(text.find("WRONG"), std::string::npos);
}

TEST(Report, WhatIsWrongIsInTheTable) {
  Report report = sample();
  report.wrong = {"Two streams differ."};
  EXPECT_NE(to_text(report).find("WRONG: Two streams differ.\n"), std::string::npos);
}

TEST(Report, CsvQuotesAndKeepsAllDigits) {
  EXPECT_EQ(to_csv(sample()),
            "# tapdeck bench sample\r\n"
            "# processor: A \"B\"?\xef\xbf\xbd\r\n"
            "# simulated: No card.\r\n"
            "what,packets,worker_ns,intact\r\n"
            "\"one, \"\"two\"\"\",9223372036854775808,12.3456,yes\r\n"
            "'=1+1,7,,no\r\n"
            "three,0,,yes\r\n");
}

TEST(Report, WhatIsSeenAloneSaysWhereItIsFromAndThatItIsWrong) {
  Report report = sample();
  report.wrong = {"Two streams differ."};
  const std::vector<std::string> lines = provenance(report);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "tapdeck bench sample");
  EXPECT_EQ(lines[2], "simulated: No card.");
  EXPECT_EQ(lines[3], "WRONG: Two streams differ.");
}

TEST(Report, JsonIsOneValidLine) {
  const std::string line = to_json(sample());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const nlohmann::json json = nlohmann::json::parse(line);
  EXPECT_EQ(json["bench"], "sample");
  EXPECT_EQ(json["host"]["processor"], "A \"B\"\n\xef\xbf\xbd");
  ASSERT_EQ(json["rows"].size(), 3U);
  EXPECT_EQ(json["rows"][0]["packets"], std::uint64_t{1} << 63);
  EXPECT_EQ(json["rows"][0]["worker_ns"], 12.3456);
  EXPECT_EQ(json["rows"][0]["intact"], true);
  EXPECT_TRUE(json["rows"][1]["worker_ns"].is_null());
  EXPECT_TRUE(json["rows"][2]["worker_ns"].is_null());
  EXPECT_EQ(json["results"]["best_mpps"], 3.14159);
  EXPECT_EQ(json["held_back"][0]["health"], "slow");
  EXPECT_TRUE(json["wrong"].empty());
}

TEST(Report, WithoutRowsThereIsNoTableAndTheRestIsWhole) {
  Report report;
  report.bench = "empty";
  EXPECT_EQ(to_csv(report), "# tapdeck bench empty\r\n\r\n");
  EXPECT_TRUE(nlohmann::json::parse(to_json(report))["rows"].is_array());
  EXPECT_EQ(to_text(report).find("WRONG"), std::string::npos);
}

}  // namespace
}  // namespace tapdeck::report
