#include "model/annotations.h"

#include <gtest/gtest.h>

#include "model/call_codec.h"
#include "model/call_query.h"
#include "tests/support/sample_call.h"

namespace tapdeck {
namespace {

bool has_tag(const CallRecord& call, const char* tag) {
  CallQuery query;
  query.tag = tag;
  return matches(query, call);
}

TEST(Annotations, TakesWhatThereIsAndTellsWhatThereIsNot) {
  for (const auto& [key, value] : {std::pair{"agent", "Anna"},
                                   std::pair{"client", "ACME"},
                                   std::pair{"campaign", "spring"},
                                   std::pair{"disposition", "sold"},
                                   std::pair{"resolved", "true"},
                                   std::pair{"csat", "4.5"},
                                   std::pair{"revenue", "-12.50"},
                                   std::pair{"tag", "vip, late"},
                                   std::pair{"note", "first line\nsecond"},
                                   std::pair{"csat", ""}}) {
    const auto checked = check_annotation(key, value);
    EXPECT_TRUE(checked) << key << " " << checked.error().message;
  }
  for (const auto& [key, value] : {std::pair{"colour", "red"},
                                   std::pair{"", "x"},
                                   std::pair{"resolved", "maybe"},
                                   std::pair{"csat", "101"},
                                   std::pair{"csat", "nan"},
                                   std::pair{"csat", "4 stars"},
                                   std::pair{"revenue", "1e400"},
                                   std::pair{"tag", " , ,"},
                                   std::pair{"agent", "An\nna"},
                                   std::pair{"note", "\x1b[2J"}}) {
    const auto checked = check_annotation(key, value);
    ASSERT_FALSE(checked) << key << "=" << value;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(checked.error().message.back(), '.');
  }
  EXPECT_FALSE(check_annotation("agent", std::string(257, 'a')));
  EXPECT_FALSE(check_annotation("note", std::string(4'001, 'a')));
  EXPECT_FALSE(check_annotation("tag", std::string(65, 'a')));
  std::string many;
  for (int i = 0; i < 33; ++i) many += std::to_string(i) + ",";
  EXPECT_FALSE(check_annotation("tag", many));
}

TEST(Annotations, StandOnTopOfWhatTheDirectorySays) {
  CallRecord call = testing::sample_call();
  CallBusiness directory;
  directory.agent = "Anna";
  directory.team = "hotline";
  call.business = std::make_shared<const CallBusiness>(directory);
  const auto before = call.business;
  apply_annotations({{"agent", "Ben"},
                     {"csat", "4.5"},
                     {"resolved", "false"},
                     {"revenue", "99"},
                     {"tag", "vip,late,vip"},
                     {"note", "ask again"},
                     {"disposition", "sold"},
                     {"of_another_version", "x"}},
                    call);
  EXPECT_EQ(before->agent, "Anna") << "others share it";
  ASSERT_TRUE(call.business);
  EXPECT_EQ(call.business->agent, "Ben");
  EXPECT_EQ(call.business->team, "hotline");
  EXPECT_EQ(call.business->csat, 4.5);
  EXPECT_EQ(call.business->resolved, false);
  EXPECT_EQ(call.business->tags, (std::vector<std::string>{"late", "vip"}));
  const auto read = decode_call(encode_call(call));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read->business, *call.business) << "a field got lost on the way";
  EXPECT_TRUE(has_tag(call, "vip"));
  EXPECT_FALSE(has_tag(call, "vi"));
}

TEST(Annotations, NothingMakesNothing) {
  CallRecord call = testing::sample_call();
  call.business = nullptr;
  apply_annotations({}, call);
  apply_annotations({{"unknown", "x"}, {"csat", ""}}, call);
  EXPECT_FALSE(call.business);
  EXPECT_FALSE(has_tag(call, "vip"));
}

}  // namespace
}  // namespace tapdeck
