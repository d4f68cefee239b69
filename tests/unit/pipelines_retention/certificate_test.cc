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
  EXPECT_NE(
      json.find("{\"exports_known\":3,\"in_log\":true,\"leaf_hash\":\"" + std::string(64, 'a') +
                "\",\"parts\":[\"media\",\"sip\"],\"sequence\":42,\"uid\":\"" +
                to_string(testing::ledger_uid(1)) + "\"}"),
      std::string::npos)
      << json;
  EXPECT_TRUE(json.starts_with(
      "{\"by\":{\"group_id\":8,\"name\":\"clerk\",\"process_id\":9,\"user_id\":7},"))
      << json;
  EXPECT_NE(json.find("\"reason\":\"request 17\""), std::string::npos);
  EXPECT_NE(json.find("3 exports of 1 of these calls"), std::string::npos);
  EXPECT_NE(json.find("none is known"), std::string::npos);
  EXPECT_EQ(json.find("one party alone"), std::string::npos);
}

TEST(CertificateTest, tells_of_backups_and_of_the_other_party) {
  Certificate certificate{testing::kLedgerTimeUs, {}, "x", true};
  certificate.last_backup_us = 0;
  certificate.set_aside = {"calls.before-rebuild-1"};
  const std::string json = to_json(certificate);
  EXPECT_NE(json.find("the last known at 1970-01-01T00:00:00.000000Z"), std::string::npos);
  EXPECT_NE(json.find("one party alone"), std::string::npos);
  EXPECT_NE(json.find("in calls.before-rebuild-1 of the store"), std::string::npos);
}

TEST(CertificateTest, texts_are_escaped) {
  Certificate certificate{0,
                          {},
                          "a\"b\\c\nd\xff"
                          "\xc3\xa4",
                          false};
  EXPECT_NE(to_json(certificate).find("\"reason\":\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa4\""),
            std::string::npos)
      << to_json(certificate);
}

storage::SigningKey key_of(std::uint8_t first) {
  std::vector<std::uint8_t> seed(storage::kKeyBytes, 0);
  seed[0] = first;
  return storage::signing_key_of(seed);
}

std::string sealed_certificate() {
  Certificate certificate{testing::kLedgerTimeUs, {7, 8, 9, "clerk"}, "request 17", false};
  certificate.calls.push_back({testing::ledger_uid(1), kPartMedia, 42, std::string(64, 'a')});
  return seal_certificate(to_json(certificate), key_of(1));
}

bool is_good(std::string_view file) {
  const auto sealed = open_certificate(file);
  return sealed && sealed->public_key == key_of(1).public_key &&
         storage::is_signed(sealed->public_key, as_bytes(sealed->body), sealed->signature);
}

TEST(CertificateTest, is_opened_as_it_was_sealed) {
  const std::string file = sealed_certificate();
  EXPECT_TRUE(is_good(file));
  EXPECT_TRUE(is_good(file + "\n"));
  const auto sealed = open_certificate(file);
  ASSERT_TRUE(sealed);
  EXPECT_TRUE(file.starts_with("{\"body\":" + std::string(sealed->body) + ",\"key_id\":\"" +
                               storage::to_hex(storage::key_id_of(key_of(1).public_key))));
}

TEST(CertificateTest, no_byte_can_be_altered_added_or_taken_away) {
  const std::string file = sealed_certificate();
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string altered = file;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_FALSE(is_good(altered)) << i;
    EXPECT_FALSE(is_good(file.substr(0, i))) << i;
    EXPECT_FALSE(is_good(file.substr(0, i) + " " + file.substr(i))) << i;
  }
  EXPECT_FALSE(is_good(file + "\n\n"));
}

}  // namespace
}  // namespace tapdeck::retention
