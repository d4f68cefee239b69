#include "pipelines/policy/directory_lookup.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "config/directory_load.h"

namespace tapdeck::policy {
namespace {

using config::DirectoryKind;

constexpr const char* kText = R"(agents:
  - {name: anna, numbers: [+4971155501], extensions: 101, team: sales, to: 2026-06-30}
  - {name: berta, numbers: [+4971155501], team: support, from: 2026-07-01}
teams:
  - {name: sales, numbers: +4971155500}
  - {name: support, numbers: "+497115551*"}
clients:
  - {name: country, numbers: "+4930*"}
  - {name: block, numbers: +493012340..+493012349}
  - {name: one, numbers: +493012345}
marketing_channels:
  - {name: radio, numbers: +498001}
campaigns:
  - {name: spring, numbers: +498001, marketing_channel: radio, cost: 10, currency: EUR}
)";

class DirectoryLookupTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string owner(DirectoryKind kind, NumberFacts number, const char* at) const {
    const auto* entry = lookup_.find(number, *parse_rfc3339_us(at))[static_cast<std::size_t>(kind)];
    return entry == nullptr ? "" : entry->name;
  }

  static config::Directory load() {
    auto loaded = config::load_directory_text(kText, "d", "UTC");
    EXPECT_EQ(config::to_string(loaded.problems), "");
    return std::move(loaded.directory);
  }

  const DirectoryLookup lookup_{load(), 3};
};

constexpr const char* kJune = "2026-06-30T23:59:59Z";
constexpr const char* kJuly = "2026-07-01T00:00:00Z";

TEST_F(DirectoryLookupTest, ANumberBelongsToWhoHadItThen) {
  EXPECT_EQ(owner(DirectoryKind::kAgent, {"", "+4971155501"}, kJune), "anna");
  EXPECT_EQ(owner(DirectoryKind::kAgent, {"", "+4971155501"}, kJuly), "berta");
  EXPECT_EQ(owner(DirectoryKind::kAgent, {"101", ""}, kJune), "anna");
  EXPECT_EQ(owner(DirectoryKind::kAgent, {"101", ""}, kJuly), "");
  EXPECT_EQ(owner(DirectoryKind::kAgent, {}, kJuly), "");
}

TEST_F(DirectoryLookupTest, TheNearestCounts) {
  EXPECT_EQ(owner(DirectoryKind::kClient, {"", "+493012345"}, kJuly), "one");
  EXPECT_EQ(owner(DirectoryKind::kClient, {"", "+493012346"}, kJuly), "block");
  EXPECT_EQ(owner(DirectoryKind::kClient, {"", "+493012356"}, kJuly), "country");
}

TEST_F(DirectoryLookupTest, SidesOfACallGoByItsDirection) {
  const std::int64_t july = *parse_rfc3339_us(kJuly);
  const NumberFacts ours{"", "+4971155501"};
  const NumberFacts theirs{"", "+493012345"};
  for (const auto direction : {CallDirection::kInbound, CallDirection::kOutbound}) {
    const bool inbound = direction == CallDirection::kInbound;
    const CallOwners owners =
        lookup_.find_of_call(inbound ? theirs : ours, inbound ? ours : theirs, direction, july);
    EXPECT_EQ(owners.agent, "berta");
    EXPECT_EQ(owners.team, "support");
    EXPECT_EQ(owners.client, "one");
  }
  const NumberFacts anna{"101", ""};
  const std::int64_t june = *parse_rfc3339_us(kJune);
  EXPECT_EQ(lookup_.find_of_call(anna, ours, CallDirection::kInternal, june).agent, "anna");
  EXPECT_EQ(lookup_.find_of_call({}, {"", "+4971155510"}, CallDirection::kInbound, june).team,
            "support");
}

TEST_F(DirectoryLookupTest, TheDialledNumberNamesTheCampaign) {
  const std::int64_t july = *parse_rfc3339_us(kJuly);
  const NumberFacts radio{"", "+498001"};
  const CallOwners owners = lookup_.find_of_call({}, radio, CallDirection::kInbound, july);
  ASSERT_NE(owners.marketing_channel, nullptr);
  EXPECT_EQ(owners.marketing_channel->name, "radio");
  ASSERT_NE(owners.campaign, nullptr);
  EXPECT_EQ(owners.campaign->cost_e4, 100'000);
  EXPECT_EQ(lookup_.find_of_call(radio, {}, CallDirection::kInbound, july).campaign, nullptr);
}

}  // namespace
}  // namespace tapdeck::policy
