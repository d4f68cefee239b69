#include "model/ledger_codec.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/support/sample_ledger.h"

namespace tapdeck {
namespace {

using testing::sample_contents;
using testing::sample_subject;

std::uint16_t number_of(const LedgerContent& content) {
  return static_cast<std::uint16_t>(type_of(content));
}

LedgerVerdict verdict_of(const LedgerContent& content, const std::string& bytes) {
  LedgerContent back;
  return decode_ledger_content(number_of(content), sample_subject(content), bytes, back);
}

// Golden bytes: what one version wrote all later ones read, and write alike.
TEST(LedgerCodec, ContentsAreThoseOfVersion1) {
  std::string all;
  for (const LedgerContent& content : sample_contents()) {
    const std::string bytes = encode_ledger_content(content);
    all.push_back(static_cast<char>(bytes.size() & 0xff));
    all.push_back(static_cast<char>(bytes.size() >> 8));
    all += bytes;
  }
  std::ifstream file(std::string(TAPDECK_TEST_DATA) + "/ledger_contents_v1.bin", std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(golden, all);
}

TEST(LedgerCodec, EachContentComesBackAsItWas) {
  for (const LedgerContent& content : sample_contents()) {
    const Uid subject = sample_subject(content);
    EXPECT_EQ(check_ledger_content(content, subject), LedgerVerdict::kGood);
    const std::string bytes = encode_ledger_content(content);
    LedgerContent back;
    ASSERT_EQ(decode_ledger_content(number_of(content), subject, bytes, back), LedgerVerdict::kGood)
        << ledger_type_name(number_of(content));
    EXPECT_EQ(back.index(), content.index());
    EXPECT_EQ(encode_ledger_content(back), bytes);
  }
}

TEST(LedgerCodec, AFilterForFutureCallsComesBackWhole) {
  const Hold hold{.actor = {},
                  .matter = "M",
                  .reason = "",
                  .uids = {},
                  .future = testing::sample_filter(),
                  .matched_hold = {}};
  LedgerContent back;
  ASSERT_EQ(decode_ledger_content(3, {}, encode_ledger_content(hold), back), LedgerVerdict::kGood);
  const CallQuery& query = *std::get<Hold>(back).future;
  EXPECT_EQ(query.number, "49301234*");
  EXPECT_EQ(query.uid, testing::ledger_uid(3));
  EXPECT_EQ(query.outcome, CallOutcome::kAnswered);
  EXPECT_EQ(query.ip, make_ipv4(0xc0000201U));
  EXPECT_EQ(query.max_mos, 3.5);
  EXPECT_TRUE(query.overlap);
}

// What was written before there were causes says that time was over.
TEST(LedgerCodec, AnExpirySaysWhetherItWasBeforeTime) {
  Expiry expiry{"c", kPartMedia, {testing::ledger_uid(1)}};
  const std::string plain = encode_ledger_content(expiry);
  expiry.cause = ExpiryCause::kPressure;
  const std::string early = encode_ledger_content(expiry);
  EXPECT_EQ(early, plain + std::string("\x28\x01"));
  LedgerContent back;
  ASSERT_EQ(decode_ledger_content(7, {}, early, back), LedgerVerdict::kGood);
  EXPECT_EQ(std::get<Expiry>(back).cause, ExpiryCause::kPressure);
}

TEST(LedgerCodec, ATypeThatIsNotKnownIsRefused) {
  LedgerContent back = Erasure{{}, "kept", kPartSip};
  const std::string bytes = encode_ledger_content(sample_contents().back());
  for (const int number : {0, kLedgerTypeMax + 1, 0xffff}) {
    const auto type = static_cast<std::uint16_t>(number);
    EXPECT_EQ(decode_ledger_content(type, {}, bytes, back), LedgerVerdict::kUnknownType);
  }
  EXPECT_EQ(std::get<Erasure>(back).reason, "kept") << "a refused content changes nothing";
}

TEST(LedgerCodec, AnEncodingThatIsNotKnownIsRefused) {
  for (const LedgerContent& content : sample_contents()) {
    std::string bytes = encode_ledger_content(content);
    ASSERT_EQ(bytes.substr(0, 2), std::string("\x08\x01"));
    bytes[1] = 2;
    EXPECT_EQ(verdict_of(content, bytes), LedgerVerdict::kUnknownEncoding);
    EXPECT_EQ(verdict_of(content, bytes.substr(2)), LedgerVerdict::kUnknownEncoding);
  }
}

// A hold with a field that only a newer version knows may hold less than it seems to.
TEST(LedgerCodec, AFieldThatIsNotKnownIsRefused) {
  for (const LedgerContent& content : sample_contents()) {
    const std::string bytes = encode_ledger_content(content);
    EXPECT_EQ(verdict_of(content, bytes + std::string("\xf8\x07\x01", 3)),
              LedgerVerdict::kUnknownField);
    // The same version once more: no writer does that.
    EXPECT_EQ(verdict_of(content, bytes + std::string("\x08\x01", 2)),
              LedgerVerdict::kUnknownField);
  }
}

TEST(LedgerCodec, CutAnywhereItIsRefusedOrAnother) {
  for (const LedgerContent& content : sample_contents()) {
    const std::string bytes = encode_ledger_content(content);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      LedgerContent back;
      const std::string cut = bytes.substr(0, size);
      if (decode_ledger_content(number_of(content), sample_subject(content), cut, back) ==
          LedgerVerdict::kGood) {
        EXPECT_EQ(encode_ledger_content(back), cut);
      }
    }
    EXPECT_EQ(verdict_of(content, "\xff"), LedgerVerdict::kMalformed);
  }
}

TEST(LedgerCodec, TheSubjectMustFitTheType) {
  for (const LedgerContent& content : sample_contents()) {
    const LedgerSubject wanted = ledger_subject(type_of(content));
    const Uid wrong = wanted == LedgerSubject::kCall ? Uid{} : testing::ledger_uid(1);
    EXPECT_EQ(
        check_ledger_content(content, wrong),
        wanted == LedgerSubject::kEither ? LedgerVerdict::kGood : LedgerVerdict::kWrongSubject);
  }
}

void expect_refused(const LedgerContent& content, LedgerVerdict verdict) {
  SCOPED_TRACE(encode_ledger_content(content));
  EXPECT_EQ(check_ledger_content(content, sample_subject(content)), verdict);
  EXPECT_NE(verdict_of(content, encode_ledger_content(content)), LedgerVerdict::kGood);
}

const std::string kLongName(kLedgerNameBytesMax + 1, 'x');
const std::string kLongText(kLedgerTextBytesMax + 1, 'x');

TEST(LedgerCodec, HoldsThatCannotBeAreNamed) {
  const Uid one = testing::ledger_uid(1);
  const auto refused = [](std::vector<Uid> uids, LedgerVerdict verdict) {
    expect_refused(Hold{{}, "M", "", std::move(uids), {}, {}}, verdict);
  };
  refused({testing::ledger_uid(2), one}, LedgerVerdict::kUnordered);
  refused({one, one}, LedgerVerdict::kUnordered);
  refused({Uid{}}, LedgerVerdict::kOutOfRange);
  refused({}, LedgerVerdict::kOutOfRange);
  std::vector<Uid> many;
  for (std::uint32_t i = 0; i <= kLedgerUidsMax; ++i) many.push_back(testing::ledger_uid(i));
  refused(many, LedgerVerdict::kTooLong);
  expect_refused(Hold{{}, "", "", {one}, {}, {}}, LedgerVerdict::kOutOfRange);
  expect_refused(Hold{{}, kLongName, "", {one}, {}, {}}, LedgerVerdict::kTooLong);
  expect_refused(Hold{{}, "M", kLongText, {one}, {}, {}}, LedgerVerdict::kTooLong);
}

TEST(LedgerCodec, FiltersThatCannotBeAreNamed) {
  Hold hold{{}, "M", "", {}, CallQuery{}, {}};
  hold.matched_hold = 7;  // a match waits for nothing
  expect_refused(hold, LedgerVerdict::kOutOfRange);
  hold.matched_hold.reset();
  EXPECT_EQ(check_ledger_content(hold, {}), LedgerVerdict::kGood);
  hold.future->tag = kLongText;
  expect_refused(hold, LedgerVerdict::kTooLong);
  hold.future->tag.clear();
  hold.future->limit = 1;  // which calls that would be, nobody can say
  EXPECT_EQ(check_ledger_content(hold, {}), LedgerVerdict::kOutOfRange);
}

TEST(LedgerCodec, PartsAndTimesThatCannotBeAreNamed) {
  expect_refused(Release{{}, "M", "", true, {testing::ledger_uid(1)}}, LedgerVerdict::kOutOfRange);
  expect_refused(Release{{}, "M", "", false, {}}, LedgerVerdict::kOutOfRange);
  expect_refused(Extension{}, LedgerVerdict::kOutOfRange);
  expect_refused(Erasure{{}, "", 0}, LedgerVerdict::kOutOfRange);
  expect_refused(Erasure{{}, "", 8}, LedgerVerdict::kOutOfRange);
  expect_refused(Expiry{"c", kPartSip, {}}, LedgerVerdict::kOutOfRange);
  expect_refused(Expiry{"c", kPartSip, {testing::ledger_uid(1)}, ExpiryCause{2}},
                 LedgerVerdict::kOutOfRange);
  expect_refused(Pause{{}, PauseCause{0}, 0, {}}, LedgerVerdict::kOutOfRange);
  expect_refused(Resume{{}, PauseCause{6}, 0}, LedgerVerdict::kOutOfRange);
}

TEST(LedgerCodec, OtherContentsThatCannotBeAreNamed) {
  expect_refused(Annotation{{}, {}}, LedgerVerdict::kOutOfRange);
  expect_refused(Annotation{{}, {{"b", ""}, {"a", ""}}}, LedgerVerdict::kUnordered);
  expect_refused(Annotation{{}, {{"a", kLongText}}}, LedgerVerdict::kTooLong);
  expect_refused(Access{{}, AccessKind{6}, ""}, LedgerVerdict::kOutOfRange);
  expect_refused(ClassChange{{}, "c", {}, {}, ""}, LedgerVerdict::kOutOfRange);
  const RetentionTerms terms{-1, 0, 0, false, 0, ""};
  expect_refused(ClassChange{{}, "c", terms, {}, ""}, LedgerVerdict::kOutOfRange);
  expect_refused(PolicyChange{{0, 0, 0, kLongName}, {}, {}, 0, ""}, LedgerVerdict::kTooLong);
  expect_refused(Export{{}, "", "", 0, {}, {}}, LedgerVerdict::kOutOfRange);
  expect_refused(Confirmation{{}, static_cast<ConfirmedMatter>(0), ""}, LedgerVerdict::kOutOfRange);
}

TEST(LedgerCodec, VerdictsHaveNames) {
  EXPECT_EQ(ledger_verdict_name(LedgerVerdict::kGood), "good");
  EXPECT_EQ(ledger_verdict_name(LedgerVerdict::kUnknownField), "unknown_field");
  EXPECT_EQ(ledger_verdict_name(LedgerVerdict::kWrongSubject), "wrong_subject");
}

}  // namespace
}  // namespace tapdeck
