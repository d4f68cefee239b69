#include "pipelines/signalling/passport.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

// {"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://cert.example.org/p.cer"}
constexpr const char* kPassportHead =
    "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6"
    "Ly9jZXJ0LmV4YW1wbGUub3JnL3AuY2VyIn0";
// {"attest":"A","dest":{"tn":["12155551213"]},"iat":1443208345,"orig":{"tn":"12155551212"},
//  "origid":"123e4567-e89b-12d3-a456-426655440000"}
constexpr const char* kClaims =
    "eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1MTIxMyJdfSwiaWF0IjoxNDQzMjA4MzQ1"
    "LCJvcmlnIjp7InRuIjoiMTIxNTU1NTEyMTIifSwib3JpZ2lkIjoiMTIzZTQ1NjctZTg5Yi0xMmQzLWE0"
    "NTYtNDI2NjU1NDQwMDAwIn0";

std::string token(const std::string& claims = kClaims) {
  return std::string(kPassportHead) + "." + claims + ".c2lnbmF0dXJl";
}

TEST(Passport, ShakenClaims) {
  PassportReader reader;
  const std::string value = token() + ";info=<https://cert.example.org/p.cer>;ppt=\"shaken\"";
  const auto passport = reader.read(value);
  ASSERT_TRUE(passport);
  EXPECT_EQ(passport->token, token());
  EXPECT_EQ(passport->attestation, 'A');
  EXPECT_EQ(passport->origid, "123e4567-e89b-12d3-a456-426655440000");
  EXPECT_EQ(passport->orig, "12155551212");
  ASSERT_EQ(passport->destination_count, 1U);
  EXPECT_EQ(passport->destinations[0], "12155551213");
  EXPECT_EQ(passport->issued_s, 1'443'208'345);
  EXPECT_EQ(passport->ppt, "shaken");
  EXPECT_EQ(passport->alg, "ES256");
  EXPECT_EQ(passport->info, "https://cert.example.org/p.cer");
}

TEST(Passport, TheCompactFormHasItsParametersAlone) {
  PassportReader reader;
  const auto passport = reader.read("..c2lnbmF0dXJl;info=<https://x/y>;alg=ES256;ppt=shaken");
  ASSERT_TRUE(passport);
  EXPECT_EQ(passport->attestation, '\0');
  EXPECT_EQ(passport->ppt, "shaken");
  EXPECT_EQ(passport->info, "https://x/y");
}

// {"attest":"D","dest":{"uri":["sip:b@x","sip:c@x"],"tn":"1"},"orig":{"uri":"sip:a@x"}}
TEST(Passport, UrisAndOddForms) {
  PassportReader reader;
  const auto passport =
      reader.read(token("eyJhdHRlc3QiOiJEIiwiZGVzdCI6eyJ1cmkiOlsic2lwOmJAeCIsInNpcDpjQHgiXSwidG"
                        "4iOiIxIn0sIm9yaWciOnsidXJpIjoic2lwOmFAeCJ9fQ"));
  ASSERT_TRUE(passport);
  EXPECT_EQ(passport->attestation, '\0') << "there is no such level";
  EXPECT_EQ(passport->orig, "sip:a@x");
  ASSERT_EQ(passport->destination_count, 3U);
  EXPECT_EQ(passport->destinations[1], "sip:c@x");
  EXPECT_EQ(passport->destinations[2], "1");
}

TEST(Passport, WhatIsNone) {
  PassportReader reader;
  EXPECT_FALSE(reader.read("\"ZYNBbHC00VMZr2kZt6VmCvPonWJMGvQTBDqghoWeLxJfzB2a1pxAr3VgrB0SsSAa\""));
  EXPECT_FALSE(reader.read(""));
  EXPECT_FALSE(reader.read("a.b"));
}

TEST(Passport, UnreadableClaimsAreAbsent) {
  PassportReader reader;
  for (const std::string& claims :
       {std::string("***"), std::string("e30"), std::string(9'000, 'A')}) {
    const std::string value = token(claims);
    const auto passport = reader.read(value);
    ASSERT_TRUE(passport) << claims.size();
    EXPECT_EQ(passport->attestation, '\0');
    EXPECT_TRUE(passport->orig.empty());
    EXPECT_EQ(passport->ppt, "shaken") << "its head can be read";
  }
}

}  // namespace
}  // namespace tapdeck::sip
