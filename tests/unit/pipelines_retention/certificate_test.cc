#include "pipelines/retention/certificate.h"

#include <gtest/gtest.h>

#include "tests/support/sample_ledger.h"

namespace tapdeck::retention {
namespace {

TEST(CertificateTest, says_what_when_who_and_why) {
  Certificate certificate{testing::kLedgerTimeUs, {7, 8, 9, "clerk"}, "request 17", false};
  certificate.calls.push_back(
      {testing::ledger_uid(1), kPartMedia | kPartSip, 42, std::string(64, 'a'), true, 3});
  const std::string json = to_json(certificate);
  EXPECT_NE(json.find("\"uid\":\"" + to_string(testing::ledger_uid(1)) +
                      "\",\"parts\":[\"media\",\"sip\"],\"in_log\":true,\"sequence\":42"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find("\"leaf_hash\":\"" + std::string(64, 'a')), std::string::npos);
  EXPECT_NE(json.find("\"by\":{\"name\":\"clerk\",\"user_id\":7,\"group_id\":8,\"process_id\":9}"),
            std::string::npos);
  EXPECT_NE(json.find("\"reason\":\"request 17\""), std::string::npos);
  EXPECT_NE(json.find("3 exports of 1 of these calls"), std::string::npos);
  EXPECT_NE(json.find("none is known"), std::string::npos);
  EXPECT_EQ(json.find("one party alone"), std::string::npos);
}

TEST(CertificateTest, tells_of_backups_and_of_the_other_party) {
  Certificate certificate{testing::kLedgerTimeUs, {}, "x", true};
  certificate.last_backup_us = 0;
  const std::string json = to_json(certificate);
  EXPECT_NE(json.find("the last known at 1970-01-01T00:00:00.000000Z"), std::string::npos);
  EXPECT_NE(json.find("one party alone"), std::string::npos);
}

TEST(CertificateTest, texts_are_escaped) {
  Certificate certificate{0,
                          {},
                          "a\"b\\c\nd\xff"
                          "\xc3\xa4",
                          false};
  EXPECT_NE(to_json(certificate).find("\"reason\":\"a\\\"b\\\\c\\u000ad\xef\xbf\xbd\xc3\xa4\""),
            std::string::npos)
      << to_json(certificate);
}

}  // namespace
}  // namespace tapdeck::retention
