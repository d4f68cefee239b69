#include "pipelines/signalling/rtcp_json.h"

#include <string>

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace tapdeck::sip {
namespace {

struct Told {
  std::size_t length = 0;
  RetoldRtcp bytes{};

  [[nodiscard]] std::uint32_t word(std::size_t at) const {
    return load_be<std::uint32_t>(bytes.data() + at);
  }
};

Told told(std::string_view json) {
  Told out;
  out.length = rtcp_of_json(json, out.bytes);
  return out;
}

TEST(RtcpJson, ASenderReportWithABlock) {
  const Told report = told(
      R"({"sender_information":{"ntp_timestamp_sec":3719322562,"ntp_timestamp_usec":3758534470,)"
      R"("rtp_timestamp":360902880,"packets":4017,"octets":642720},"ssrc":2543003035,"type":202,)"
      R"("report_count":1,"report_blocks":[{"source_ssrc":1393754395,"fraction_lost":64,)"
      R"("packets_lost":-2,"highest_seq_no":29662,"ia_jitter":159,"lsr":77,"dlsr":88}],)"
      R"("report_blocks_xr":{"fraction_lost":9,"end_system_delay":11},"sdes_ssrc":2540000035})");
  ASSERT_EQ(report.length, 52U);
  EXPECT_EQ(report.word(0), 0x81c8000cU) << "SR, one block, 13 words";
  EXPECT_EQ(report.word(4), 2543003035U);
  EXPECT_EQ(report.word(8), 3719322562U);
  EXPECT_EQ(report.word(12), 3758534470U);
  EXPECT_EQ(report.word(16), 360902880U);
  EXPECT_EQ(report.word(20), 4017U);
  EXPECT_EQ(report.word(24), 642720U);
  EXPECT_EQ(report.word(28), 1393754395U);
  EXPECT_EQ(report.word(32), 0x40fffffeU) << "of XR's fraction nothing is taken";
  EXPECT_EQ(report.word(36), 29662U);
  EXPECT_EQ(report.word(40), 159U);
  EXPECT_EQ(report.word(44), 77U);
  EXPECT_EQ(report.word(48), 88U);
}

TEST(RtcpJson, NumbersInQuotesFractionsAndNegativeOnes) {
  const Told report = told(
      R"( { "report_blocks" : [ { "source_ssrc" : "7", "ia_jitter" : 12.75, "lsr":-1097006646 } ],)"
      R"( "ssrc" : "9" } )");
  ASSERT_EQ(report.length, 32U);
  EXPECT_EQ(report.word(0), 0x81c90007U) << "RR";
  EXPECT_EQ(report.word(4), 9U);
  EXPECT_EQ(report.word(8), 7U);
  EXPECT_EQ(report.word(20), 12U);
  EXPECT_EQ(report.word(24), static_cast<std::uint32_t>(-1097006646));
}

TEST(RtcpJson, BlocksOfZeroesAreNone) {
  constexpr std::string_view kZero = R"({"source_ssrc":0,"fraction_lost":0})";
  constexpr std::string_view kOne = R"({"source_ssrc":5,"fraction_lost":3})";
  const std::string both =
      R"({"ssrc":1,"report_blocks":[)" + std::string(kZero) + "," + std::string(kOne) + "]}";
  const Told report = told(both);
  ASSERT_EQ(report.length, 32U);
  EXPECT_EQ(report.word(8), 5U);
  EXPECT_EQ(told(R"({"ssrc":1,"report_blocks":[)" + std::string(kZero) + "]}").length, 0U);
}

TEST(RtcpJson, BlocksAreBounded) {
  std::string json = R"({"ssrc":1,"report_blocks":[)";
  for (int i = 1; i <= 40; ++i) json += R"({"source_ssrc":)" + std::to_string(i) + "},";
  const Told report = told(json + "]}");
  EXPECT_EQ(report.length, 8 + kRetoldBlocksMax * 24);
  EXPECT_EQ(report.word(8 + 30 * 24), 31U);
}

TEST(RtcpJson, WhatTellsNothing) {
  for (const std::string_view json : {"",
                                      "{",
                                      "{}",
                                      "{\"",
                                      "{\"ssrc\"",
                                      "{\"ssrc\":",
                                      "{\"ssrc\":x}",
                                      "{\"ssrc\":1}",
                                      "{\"a\\",
                                      "]]]]",
                                      R"({"a":{"ssrc":1},"report_blocks":[{"source_ssrc":1}]})",
                                      R"({"ssrc":1,"other":[{"source_ssrc":1}]})"}) {
    EXPECT_EQ(told(json).length, 0U) << json;
  }
}

}  // namespace
}  // namespace tapdeck::sip
