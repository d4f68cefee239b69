#include "pipelines/numbers/number_plan.h"

#include <gtest/gtest.h>

#include "config/regions.h"

namespace tapdeck::numbers {
namespace {

constexpr NumberKind kNone = NumberKind::kNotANumber;
constexpr NumberKind kE164 = NumberKind::kE164;
constexpr NumberKind kShort = NumberKind::kNationalShort;
constexpr NumberKind kExtension = NumberKind::kExtension;

struct Row {
  const char* region;
  const char* written;
  NumberKind kind;
  const char* e164;
};

constexpr Row kRows[] = {
    // Germany: 0 before national numbers, 00 before international ones.
    {"DE", "030123456", kE164, "+4930123456"},
    {"DE", "015123456789", kE164, "+4915123456789"},
    {"DE", "0049891234567", kE164, "+49891234567"},
    {"DE", "00442079460018", kE164, "+442079460018"},
    {"DE", "+390669812345", kE164, "+390669812345"},
    {"DE", "08001234567", kE164, "+498001234567"},
    {"DE", "09001234567", kE164, "+499001234567"},
    {"DE", "110", kShort, ""},
    {"DE", "112", kShort, ""},
    {"DE", "115", kShort, ""},
    {"DE", "101", kExtension, ""},
    {"DE", "911", kExtension, ""},
    {"DE", "30123", kExtension, ""},       // would pass for +4930123
    {"DE", "30123456", kExtension, ""},    // a subscriber of the same area, not one in Berlin
    {"DE", "4930123456", kExtension, ""},  // a trunk's rule has to say that it is international
    {"DE", "0815", kE164, ""},             // no such number
    {"DE", "03012345678901234567", kE164, ""},
    {"DE", "+49301234567890123", kE164, ""},  // the German plan has no upper bound, E.164 has
    {"DE", "*21#", kExtension, ""},
    {"DE", "*100#", kExtension, ""},
    // United States and Canada: the 1 may be left out, 011 is international.
    {"US", "2125550123", kE164, "+12125550123"},
    {"US", "12125550123", kE164, "+12125550123"},
    {"US", "0114930123456", kE164, "+4930123456"},
    {"US", "18005551234", kE164, "+18005551234"},
    {"US", "911", kShort, ""},
    {"US", "411", kShort, ""},
    {"US", "5550123", kExtension, ""},
    {"US", "101", kExtension, ""},
    {"US", "0049301234567", kExtension, ""},
    {"CA", "4165550123", kE164, "+14165550123"},
    // United Kingdom
    {"GB", "02079460018", kE164, "+442079460018"},
    {"GB", "07400123456", kE164, "+447400123456"},
    {"GB", "08001111", kE164, "+448001111"},
    {"GB", "999", kShort, ""},
    {"GB", "2079460018", kExtension, ""},
    {"GB", "+441632960123", kE164, ""},  // set aside for drama, never in use
    // Slovakia
    {"SK", "0220123456", kE164, "+421220123456"},
    {"SK", "0905123456", kE164, "+421905123456"},
    {"SK", "00421220123456", kE164, "+421220123456"},
    {"SK", "158", kShort, ""},
    {"SK", "201", kExtension, ""},
    // France
    {"FR", "0140123456", kE164, "+33140123456"},
    {"FR", "0612345678", kE164, "+33612345678"},
    {"FR", "0800123456", kE164, "+33800123456"},
    {"FR", "15", kShort, ""},
    {"FR", "3631", kShort, ""},
    // Italy: no national prefix; the zero belongs to the number, abroad too.
    {"IT", "0669812345", kE164, "+390669812345"},
    {"IT", "3201234567", kE164, "+393201234567"},
    {"IT", "+39669812345", kE164, ""},
    {"IT", "113", kShort, ""},
    {"IT", "101", kExtension, ""},
    {"IT", "00390669812345", kE164, "+390669812345"},
    // Numbers of no country
    {"DE", "+80012345678", kE164, "+80012345678"},
    {"DE", "+99999999999", kE164, ""},
    // No region: nothing is made up.
    {"", "+4930123456", kE164, "+4930123456"},
    {"", "004930123456", kExtension, ""},
    {"", "030123456", kExtension, ""},
    {"", "112", kExtension, ""},
    {"", "+112", kE164, ""},
    // Never numbers
    {"DE", "", kNone, ""},
    {"DE", "+", kNone, ""},
    {"DE", "*#", kNone, ""},
    {"DE", "alice", kNone, ""},
    {"DE", "1800FLOWERS", kNone, ""},
    {"DE", "49+30123456", kNone, ""},
    {"DE", "030 123456", kNone, ""},
    {"DE", "0301234567890123456789012345678901234567890", kNone, ""},
};

TEST(Classify, TakesTheWorldAsItDials) {
  for (const Row& row : kRows) {
    const Number number = classify({row.region, {}}, row.written);
    EXPECT_EQ(number.kind(), row.kind) << row.region << " " << row.written;
    EXPECT_EQ(number.e164(), row.e164) << row.region << " " << row.written;
    EXPECT_EQ(number.valid(), row.e164[0] != '\0' || row.kind == kShort)
        << row.region << " " << row.written;
  }
}

TEST(Classify, BytesThatAreNoTextAreNoNumbers) {
  EXPECT_EQ(classify({"DE", {}}, std::string_view("030\0123456", 10)).kind(), kNone);
  EXPECT_EQ(classify({"DE", {}}, "030\xff\xfe").kind(), kNone);
}

config::DialRule rule(std::string match, std::uint32_t strip, std::string prefix) {
  config::DialRule made;
  made.match = std::move(match);
  made.strip = strip;
  made.prefix = std::move(prefix);
  return made;
}

TEST(Classify, TheFirstRuleThatFitsChangesTheNumber) {
  DialPlan plan{"DE",
                {rule("9", 1, ""),
                 rule("49", 0, "+"),
                 rule("+490", 4, "+49"),
                 rule("#31#", 4, ""),
                 rule("0", 0, "0")}};
  EXPECT_EQ(classify(plan, "9030123456").e164(), "+4930123456") << "9 for an outside line";
  EXPECT_EQ(classify(plan, "4930123456").e164(), "+4930123456") << "the plus is left out";
  EXPECT_EQ(classify(plan, "+49030123456").e164(), "+4930123456");
  EXPECT_EQ(classify(plan, "#31#030123456").e164(), "+4930123456")
      << "one rule only: the last one would add a 0";
  EXPECT_EQ(classify(plan, "04930123456").e164(), "+4930123456") << "0049 with one 0 less";
  EXPECT_EQ(classify(plan, "112").kind(), kShort) << "no rule fits";
  EXPECT_EQ(classify(plan, "9").kind(), kNone) << "nothing is left";
}

TEST(Classify, RulesLookAtLengthAndLeaveGlobalNumbersAlone) {
  DialPlan plan{"IN", {rule("", 0, "+91")}};
  plan.rules[0].digits_min = plan.rules[0].digits_max = 10;
  EXPECT_EQ(classify(plan, "9812345678").e164(), "+919812345678");
  EXPECT_EQ(classify(plan, "98123456789").kind(), kExtension);
  EXPECT_EQ(classify(plan, "205").kind(), kExtension);
  EXPECT_EQ(classify(plan, "+3212345678").e164(), "+3212345678") << "ten digits, but with a plus";
}

TEST(BeginningAsE164, PutsTheCountryBeforeIt) {
  EXPECT_EQ(beginning_as_e164("DE", "030"), "+4930");
  EXPECT_EQ(beginning_as_e164("DE", "+4930"), "+4930");
  EXPECT_EQ(beginning_as_e164("DE", "30"), "") << "may be an extension";
  EXPECT_EQ(beginning_as_e164("US", "212"), "+1212");
  EXPECT_EQ(beginning_as_e164("US", "1212"), "+1212");
  EXPECT_EQ(beginning_as_e164("IT", "06"), "+3906");
  EXPECT_EQ(beginning_as_e164("DE", "0049"), "");
  EXPECT_EQ(beginning_as_e164("", "030"), "");
  EXPECT_EQ(beginning_as_e164("DE", "*0"), "");
  EXPECT_EQ(beginning_as_e164("DE", "ali"), "");
}

// The configuration takes exactly the regions that the library knows.
TEST(Regions, EachHasAPlan) {
  for (char first = 'A'; first <= 'Z'; ++first) {
    for (char second = 'A'; second <= 'Z'; ++second) {
      const std::string code{first, second};
      EXPECT_EQ(has_plan(code), config::is_region(code)) << code;
    }
  }
}

}  // namespace
}  // namespace tapdeck::numbers
