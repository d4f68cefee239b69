#include "pipelines/signalling/secrets.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::sip {
namespace {

std::string secrets_blanked(std::string text) {
  const std::size_t length = text.size();
  blank_secrets({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  EXPECT_EQ(text.size(), length);
  return text;
}

TEST(Secrets, InlineKeysGoAndTheRestStays) {
  EXPECT_EQ(
      secrets_blanked("v=0\r\na=crypto:1 AES_CM_128 inline:WVNf+/=|2^20|1:4;inline:QUJ;FEC\r\n"),
      "v=0\r\na=crypto:1 AES_CM_128 inline:xxxxxxx|2^20|1:4;inline:xxx;FEC\r\n");
  EXPECT_EQ(secrets_blanked("a=CRYPTO:1 S InLine: AbC== KDR=1\n"),
            "a=CRYPTO:1 S InLine: xxxxx KDR=1\n");
  EXPECT_EQ(secrets_blanked("a=crypto:1 S inline:AbC"), "a=crypto:1 S inline:xxx");
}

TEST(Secrets, FoldedKeysAreBlankedToTheirEnd) {
  EXPECT_EQ(secrets_blanked("a=crypto:1 S inline:AbC\r\n DeF|2\r\nb=AS:1\r\n"),
            "a=crypto:1 S inline:xxx\r\n xxx|2\r\nb=AS:1\r\n");
  EXPECT_EQ(secrets_blanked("a=key-mgmt:mikey\r\n\tAQ==\r\n ZZ\r\ns=-\r\n"),
            "a=key-mgmt:mikey\r\n\txxxx\r\n xx\r\ns=-\r\n");
}

TEST(Secrets, KeyManagementAndKeyLines) {
  EXPECT_EQ(secrets_blanked("a=Key-Mgmt: mikey AQAF==\r\nt=0 0\r\n"),
            "a=Key-Mgmt: mikey xxxxxx\r\nt=0 0\r\n");
  EXPECT_EQ(secrets_blanked("a=key-mgmt:AQAF\r\n"), "a=key-mgmt:xxxx\r\n");
  EXPECT_EQ(secrets_blanked("k=base64:QUJD\r\nk=prompt\r\nK=clear:a b\r\nk=raw\r\n"),
            "k=base64:xxxx\r\nk=prompt\r\nK=clear:x x\r\nk=xxx\r\n");
  EXPECT_EQ(secrets_blanked("a=Key-Salt:abc\r\na=keys:abc\r\n"),
            "a=Key-Salt:xxx\r\na=keys:abc\r\n");
}

TEST(Secrets, HeadersAndOtherBodiesStay) {
  const std::string text =
      "INVITE sip:b@h SIP/2.0\r\nk: 100rel\r\nContent-Disposition: inline\r\n"
      "Alert-Info: <urn:a>;appearance=1\r\n\r\nv=0\r\na=fingerprint:sha-256 AA:BB\r\na=mid:k=1\r\n";
  EXPECT_EQ(secrets_blanked(text), text);
}

TEST(Secrets, NothingHoldsNothing) { EXPECT_EQ(blank_secrets({}), 0U); }

// Most messages hold no keys, which is told without reading them line by line: wherever the mark
// stands, the keys are found.
TEST(Secrets, KeysAreFoundAtEveryOffsetAndEnd) {
  const std::string_view lines[] = {"a=crypto:1 S inline:KKKK",
                                    "k=clear:KKKK",
                                    "K =clear:KKKK",
                                    "a=key-mgmt:KKKK",
                                    "a=master-salt:KKKK",
                                    "a=SESSION-KEY:KKKK"};
  for (const std::string_view line : lines) {
    for (std::size_t before = 0; before < 70; ++before) {
      for (std::size_t behind = 0; behind < 70; behind += 23) {
        std::string text = before == 0 ? std::string() : "s=" + std::string(before, '-') + "\n";
        text.append(line).append("\r\n").append(behind, '-');
        EXPECT_EQ(secrets_blanked(text).find("KKKK"), std::string::npos) << line << ' ' << before;
      }
    }
  }
  for (const std::string_view name : {"Content-Encoding", "e", "E ", "E\r", "Content-ENCODING"}) {
    const std::string head = "INVITE sip:b@h SIP/2.0\r\n" + std::string(name);
    EXPECT_EQ(secrets_blanked(head + ": gzip\r\n\r\nKKKK").find("KKKK"), std::string::npos) << name;
  }
}

TEST(Secrets, EscapedKeyInAHeader) {
  EXPECT_EQ(secrets_blanked("Refer-To: <sip:a@b?body=a%3Dcrypto%20inline%3AQUJD>\r\n").find("QUJD"),
            std::string::npos);
}

TEST(Secrets, EveryPartOfAMultipart) {
  const std::string text =
      "INVITE sip:b@h SIP/2.0\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n"
      "--b\r\nContent-Type: application/sdp\r\n\r\na=crypto:1 S inline:KEY1\r\n"
      "--b\r\nContent-Type: application/sdp\r\n\r\nk=clear:KEY2\r\n--b--\r\n";
  const std::string result = secrets_blanked(text);
  EXPECT_EQ(result.find("KEY"), std::string::npos);
  EXPECT_NE(result.find("--b--"), std::string::npos);
}

TEST(Secrets, EncodedSdpIsBlankedWhole) {
  const std::string gzip =
      "\r\nINVITE sip:b@h SIP/2.0\r\nContent-Type: application/sdp\r\n"
      "e: gzip\r\n\r\n\x1f\x8bKEY\r\nKEY";
  EXPECT_EQ(secrets_blanked(gzip).find("KEY"), std::string::npos);
  const std::string base64 =
      "INVITE sip:b@h SIP/2.0\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n"
      "--b\r\nContent-Type: application/sdp\r\nContent-Transfer-Encoding: base64\r\n\r\nS0VZ\r\n"
      "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n";
  const std::string result = secrets_blanked(base64);
  EXPECT_EQ(result.find("S0VZ"), std::string::npos);
  EXPECT_NE(result.find("hello"), std::string::npos);
  const std::string picture =
      "MESSAGE sip:b@h SIP/2.0\r\nContent-Type: image/png\r\nContent-Encoding: gzip\r\n\r\nPIC";
  EXPECT_NE(secrets_blanked(picture).find("PIC"), std::string::npos);
}

TEST(Secrets, BlankingTwiceChangesNothing) {
  const std::string once = secrets_blanked("a=crypto:1 S inline:AbC|2\r\nk=clear:z\r\n");
  EXPECT_EQ(secrets_blanked(once), once);
}

}  // namespace
}  // namespace tapdeck::sip
