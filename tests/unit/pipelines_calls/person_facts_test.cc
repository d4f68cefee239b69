#include "pipelines/calls/person_facts.h"

#include <string>

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

TEST(PersonFacts, NumberNameAndContext) {
  PersonReader reader;
  const PersonFacts person =
      reader.read("\"A \\\"B\\\"\" <sip:%2B49(711)12-34;phone-context=+1-914@x;user=phone>");
  EXPECT_EQ(person.name, "A \"B\"");
  EXPECT_EQ(person.number, "+497111234");
  EXPECT_EQ(person.context, "+1914");
  EXPECT_EQ(reader.read("<sip:john.doe-smith@x>").number, "john.doe-smith");
  EXPECT_TRUE(reader.read("nonsense").uri.empty());
}

TEST(PersonFacts, WhatDoesNotFitTheScratchIsCut) {
  Scratch scratch;
  const std::string uri = "sip:" + std::string(120, '1') + "-" + std::string(120, '2') + "@x";
  const auto parsed = sip::parse_uri(uri);
  ASSERT_TRUE(parsed);
  std::size_t bytes = 0;
  for (int i = 0; i < 100; ++i) bytes += number_of(*parsed, scratch).size();
  EXPECT_LE(bytes, 4'096U);
  EXPECT_TRUE(number_of(*parsed, scratch).empty());
}

}  // namespace
}  // namespace tapdeck::calls
