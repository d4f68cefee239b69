#include "model/ids.h"

#include <unordered_set>

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(UidTest, TextSortsAsValuesAndComesBack) {
  const Uid first = make_uid(1'700'000'000'000, {9, 9, 9, 9, 9, 9, 9, 9, 9, 9});
  const Uid second = make_uid(1'700'000'000'001, {});
  EXPECT_EQ(to_string(first).size(), 26u);
  EXPECT_LT(first, second);
  EXPECT_LT(to_string(first), to_string(second));
  EXPECT_EQ(parse_uid(to_string(first)), first);
  EXPECT_EQ(first.start_ms(), 1'700'000'000'000);
}

TEST(UidTest, LowerCaseIsReadAndNonsenseIsNot) {
  const Uid uid = make_uid(1'700'000'000'000, {1, 2, 3});
  std::string text = to_string(uid);
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  EXPECT_EQ(parse_uid(text), uid);
  EXPECT_FALSE(parse_uid("8" + text.substr(1))) << "130 bits, more than a uid has";
  EXPECT_FALSE(parse_uid("U" + text.substr(1)));
  EXPECT_FALSE(parse_uid(text.substr(1)));
}

TEST(UidTest, UidsThatDifferInOneHalfOnlyHashApart) {
  std::unordered_set<std::size_t> hashes;
  for (std::uint8_t n = 0; n < 200; ++n) {
    hashes.insert(UidHash{}(make_uid(1'700'000'000'000 + n, {})));
    hashes.insert(UidHash{}(make_uid(1'600'000'000'000, {0, 0, 0, 0, 0, 0, 0, 0, 0, n})));
  }
  EXPECT_EQ(hashes.size(), 400u);
}

TEST(IpAddressTest, TextForms) {
  EXPECT_EQ(to_string(make_ipv4(0xc0000201)), "192.0.2.1");
  EXPECT_EQ(parse_ip("192.0.2.1"), make_ipv4(0xc0000201));
  EXPECT_EQ(parse_ip("::ffff:192.0.2.1"), make_ipv4(0xc0000201));
  EXPECT_EQ(to_string(*parse_ip("2001:DB8:0::1")), "2001:db8::1");
  EXPECT_FALSE(parse_ip("192.0.2.256"));
  EXPECT_FALSE(parse_ip("[::1]"));
  EXPECT_FALSE(parse_ip(std::string(200, '1')));
  EXPECT_TRUE(parse_ip("0.0.0.0")->is_unspecified());
  EXPECT_TRUE(parse_ip("::")->is_unspecified());
  EXPECT_FALSE(parse_ip("0.0.0.1")->is_unspecified());
}

TEST(EndpointTest, TextForms) {
  EXPECT_EQ(to_string(Endpoint{make_ipv4(0xc0000201), 5060}), "192.0.2.1:5060");
  EXPECT_EQ(to_string(Endpoint{*parse_ip("2001:db8::1"), 5060}), "[2001:db8::1]:5060");
  EXPECT_EQ(parse_endpoint("[2001:db8::1]:5060"), (Endpoint{*parse_ip("2001:db8::1"), 5060}));
  EXPECT_FALSE(parse_endpoint("2001:db8::1:5060")) << "no telling where the port begins";
  EXPECT_FALSE(parse_endpoint("192.0.2.1:65536"));
  EXPECT_FALSE(parse_endpoint("192.0.2.1"));
}

}  // namespace
}  // namespace tapdeck
