#include "config/directory_load.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::config {
namespace {

std::string told_of_directory(const std::string& text) {
  return to_string(load_directory_text(text, "d", "Europe/Berlin").problems);
}

TEST(DirectoryLoad, TakesEveryKindOfEntry) {
  const LoadedDirectory loaded = load_directory_text(
      "agents:\n"
      "  - name: Anna\n"
      "    numbers: [+49 711 555-01, '+4971156*']\n"
      "    extensions: 101\n"
      "    team: Sales\n"
      "    from: 2026-01-01\n"
      "    to: 2026-06-30\n"
      "teams: [{name: Sales}]\n"
      "clients: [{name: ACME, numbers: +493000..+493099, from: 2026-01-01T10:00:00+01:00}]\n"
      "marketing_channels: [{name: radio}]\n"
      "campaigns: [{name: spring, marketing_channel: radio, cost: 1200.5, currency: EUR}]\n",
      "d",
      "Europe/Berlin");
  ASSERT_EQ(to_string(loaded.problems), "");
  const DirectoryEntry& anna = loaded.directory.of(DirectoryKind::kAgent).at(0);
  EXPECT_EQ(anna.name, "Anna");
  EXPECT_EQ(anna.line, 2U);
  EXPECT_EQ(anna.team, "Sales");
  ASSERT_EQ(anna.numbers.size(), 3U);
  EXPECT_EQ(anna.numbers[0].text, "+4971155501");
  EXPECT_EQ(anna.numbers[2].text, "101");
  EXPECT_EQ(anna.from_us, parse_rfc3339_us("2025-12-31T23:00:00Z"));
  EXPECT_EQ(anna.to_us, parse_rfc3339_us("2026-06-30T22:00:00Z"));  // the whole day, in summer
  const DirectoryEntry& client = loaded.directory.of(DirectoryKind::kClient).at(0);
  EXPECT_EQ(client.from_us, parse_rfc3339_us("2026-01-01T09:00:00Z"));
  EXPECT_EQ(client.to_us, kAlwaysUs);
  const DirectoryEntry& spring = loaded.directory.of(DirectoryKind::kCampaign).at(0);
  EXPECT_EQ(spring.cost_e4, 12'005'000);
  EXPECT_EQ(spring.currency, "EUR");
  EXPECT_EQ(spring.marketing_channel, "radio");
}

TEST(DirectoryLoad, TellsEveryMistakeAtOnce) {
  EXPECT_EQ(told_of_directory("agent: []\n"
                              "agents:\n"
                              "- {nam: a, team: Saels}\n"
                              "- {name: b, numbers: [x], from: yesterday}\n"
                              "- {name: c, from: 2026-02-01, to: 2026-01-31}\n"
                              "- {name: d, from: 2026-02-30, cost: 1}\n"
                              "-\n"
                              "teams: [{name: Sales}]\n"
                              "campaigns:\n"
                              "- {name: e, cost: 1,5}\n"
                              "- {name: f, cost: 1}\n"
                              "- {name: g, cost: 1, currency: Euro}\n"),
            "d:1: agent: unknown section; did you mean agents?\n"
            "d:3: agents[0].nam: unknown key; did you mean name?\n"
            "d:3: agents[0].name: missing\n"
            "d:3: agents: '' has team 'Saels', which teams does not list; did you mean Sales?\n"
            "d:4: agents[1].numbers: 'x' is no number: `+4971155501`, `+49711*` or "
            "`+4971100..+4971199` is wanted\n"
            "d:4: agents[1].from: 'yesterday'; a date (2026-01-31) or a time "
            "(2026-01-31T08:00:00Z) is wanted\n"
            "d:5: agents[2]: ends before it begins\n"
            "d:6: agents[3].cost: unknown key\n"
            "d:6: agents[3].from: '2026-02-30'; a date (2026-01-31) or a time "
            "(2026-01-31T08:00:00Z) is wanted\n"
            "d:8: agents[4]: a map of options is wanted\n"
            "d:10: campaigns[0].5: unknown key\n"
            "d:10: campaigns[0].currency: missing\n"
            "d:11: campaigns[1].currency: missing\n"
            "d:12: campaigns[2].currency: 'Euro'; a currency like EUR is wanted\n"
            "d:12: campaigns[2].currency: missing");
}

TEST(DirectoryLoad, ANumberBelongsToOneAtATime) {
  EXPECT_EQ(told_of_directory("agents:\n"
                              "- {name: a, numbers: [1, 1]}\n"
                              "- {name: b, numbers: [2], to: 2026-01-31}\n"
                              "- {name: c, numbers: [2], from: 2026-02-01}\n"
                              "- {name: d, numbers: [3, '4*'], to: 2026-01-31}\n"
                              "- {name: e, numbers: [3], from: 2026-01-31}\n"
                              "- {name: f, numbers: ['4*']}\n"
                              "clients: [{name: a, numbers: [1]}]\n"),
            "d:2: agents: 1 of 'a' is at the same time that of 'a' (1), line 2\n"
            "d:6: agents: 3 of 'e' is at the same time that of 'd' (3), line 5\n"
            "d:7: agents: 4* of 'f' is at the same time that of 'd' (4*), line 5");
}

TEST(DirectoryLoad, AnEarlierEntryMayEndAfterALaterOne) {
  EXPECT_EQ(told_of_directory("agents:\n"
                              "- {name: a, numbers: 1}\n"
                              "- {name: b, numbers: 1, from: 2026-01-01, to: 2026-01-31}\n"
                              "- {name: c, numbers: 1, from: 2027-01-01}\n"),
            "d:3: agents: 1 of 'b' is at the same time that of 'a' (1), line 2\n"
            "d:4: agents: 1 of 'c' is at the same time that of 'a' (1), line 2");
}

TEST(DirectoryLoad, RangesMeetWhereTheyShareANumber) {
  EXPECT_EQ(told_of_directory("teams:\n"
                              "- {name: a, numbers: 100..199}\n"
                              "- {name: b, numbers: [200..299, 1000..1999, 150, '1*']}\n"
                              "- {name: c, numbers: [199..200], from: 2026-01-01}\n"
                              "- {name: d, numbers: [300..399], to: 2026-01-31}\n"
                              "- {name: e, numbers: [300..399], from: 2026-02-01}\n"),
            "d:4: teams: 199..200 of 'c' is at the same time that of 'a' (100..199), line 2\n"
            "d:4: teams: 199..200 of 'c' is at the same time that of 'b' (200..299), line 3");
}

TEST(DirectoryLoad, TheExampleHasNoMistake) {
  const auto loaded =
      load_directory_file(TD_SOURCE_ROOT "/config/directory.example.yaml", "Europe/Berlin");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(to_string(loaded->problems), "");
  EXPECT_EQ(loaded->directory.of(DirectoryKind::kAgent).size(), 3U);
  EXPECT_EQ(loaded->directory.of(DirectoryKind::kCampaign).size(), 1U);
}

TEST(DirectoryLoad, AnEmptyFileIsAnEmptyDirectory) {
  EXPECT_EQ(load_directory_text("", "d", "UTC").directory, Directory{});
  EXPECT_EQ(told_of_directory("agents:\n"), "");
  EXPECT_EQ(told_of_directory("- x\n"), "d:1: the file: a map of options is wanted");
  EXPECT_EQ(to_string(load_directory_text("", "d", "Nowhere").problems),
            "d: there is no time zone 'Nowhere'");
  EXPECT_EQ(load_directory_file("/nonexistent", "UTC").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tapdeck::config
