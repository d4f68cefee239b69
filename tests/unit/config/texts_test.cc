#include "config/texts.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapdeck::config {
namespace {

std::vector<std::string> problems_of(const Calls& calls) {
  std::vector<std::string> problems;
  check_header_names(calls, [&](const std::string& path, const std::string& what) {
    problems.push_back(path + ": " + what);
  });
  return problems;
}

TEST(HeaderNames, GoodOnes) {
  Calls calls;
  calls.kept_headers = {"X-Account", "User-to-User"};
  calls.conversation_headers = {"X-Account"};
  EXPECT_TRUE(problems_of(calls).empty());
}

TEST(HeaderNames, EachBadOneIsTold) {
  Calls calls;
  calls.kept_headers = {"X Account", "x-a", "X-A", "Proxy-Authorization", ""};
  calls.conversation_headers = {"X-A:"};
  EXPECT_EQ(problems_of(calls),
            (std::vector<std::string>{
                "calls.kept_headers: 'X Account' is no name of a header field",
                "calls.kept_headers: X-A is named twice",
                "calls.kept_headers: Proxy-Authorization has credentials, which are never kept",
                "calls.kept_headers: '' is no name of a header field",
                "calls.conversation_headers: 'X-A:' is no name of a header field"}));
}

TEST(DialRules, EachBadTextIsTold) {
  Trunk trunk;
  trunk.rules.resize(2);
  trunk.rules[0].match = "+49";
  trunk.rules[1].match = "4+9";
  trunk.rules[1].digits_min = 9;
  trunk.rules[1].digits_max = 8;
  std::vector<std::string> paths;
  check_dial_rules("trunks[0]", trunk, [&](const std::string& path, const std::string&) {
    paths.push_back(path);
  });
  EXPECT_EQ(
      paths,
      (std::vector<std::string>{"trunks[0].rules[1].match", "trunks[0].rules[1].digits_min"}));
}

}  // namespace
}  // namespace tapdeck::config
