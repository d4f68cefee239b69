#include "model/ledger_content.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/sample_ledger.h"

namespace tapdeck {
namespace {

TEST(LedgerContent, EachTypeHasItsNumberAndItsName) {
  const std::vector<LedgerContent> contents = testing::sample_contents();
  ASSERT_EQ(contents.size(), kLedgerTypeMax);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(type_of(contents[i])), i + 1);
    names.insert(ledger_type_name(static_cast<std::uint16_t>(i + 1)));
  }
  EXPECT_EQ(names.size(), kLedgerTypeMax);
  EXPECT_EQ(ledger_type_name(3), "hold");
  EXPECT_EQ(ledger_type_name(12), "export");
  EXPECT_EQ(ledger_type_name(0), "");
  EXPECT_EQ(ledger_type_name(kLedgerTypeMax), "redaction");
  EXPECT_EQ(ledger_type_name(kLedgerTypeMax + 1), "");
}

// What replay restores must outlive the keys of the calls that it is about.
TEST(LedgerContent, WhatReplayRestoresDoesNotGoWithACall) {
  for (const LedgerType type : {LedgerType::kHold,
                                LedgerType::kRelease,
                                LedgerType::kExtension,
                                LedgerType::kErasure,
                                LedgerType::kExpiry}) {
    EXPECT_FALSE(goes_with_call(type));
  }
  EXPECT_TRUE(goes_with_call(LedgerType::kAnnotation));
  EXPECT_TRUE(goes_with_call(LedgerType::kAccess));
  EXPECT_EQ(ledger_subject(LedgerType::kAccess), LedgerSubject::kEither);
  EXPECT_EQ(ledger_subject(LedgerType::kErasure), LedgerSubject::kCall);
  EXPECT_EQ(ledger_subject(LedgerType::kHold), LedgerSubject::kNone);
}

}  // namespace
}  // namespace tapdeck
