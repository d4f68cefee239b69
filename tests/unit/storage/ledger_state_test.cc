#include "storage/ledger_state.h"

#include "tests/unit/storage/ledger_fixture.h"

namespace tapdeck::storage {
namespace {

using testing::ledger_uid;
using Names = std::vector<std::string>;

// Entries for a state without a ledger.
class Entries {
 public:
  Result<void> put(LedgerState& state, const LedgerContent& content, const Uid& uid = {}) {
    bytes_ = encode_ledger_content(content);
    LedgerRecord record;
    record.header.type = static_cast<std::uint16_t>(type_of(content));
    record.header.uid = uid;
    record.header.time_us = 7;
    record.content = as_bytes(bytes_);
    return put(state, record);
  }

  static Result<void> put(LedgerState& state, LedgerRecord record) {
    record.header.sequence = state.next_sequence();
    return state.apply(record);
  }

 private:
  std::string bytes_;
};

class LedgerStateTest : public ::testing::Test {
 protected:
  void put(const LedgerContent& content, const Uid& uid = {}) {
    const auto applied = entries_.put(state_, content, uid);
    EXPECT_TRUE(applied) << applied.error().message;
  }

  static Hold hold(const std::string& matter, std::vector<Uid> uids) {
    return {{}, matter, "why", std::move(uids), {}, {}};
  }

  Entries entries_;
  LedgerState state_;
};

TEST_F(LedgerStateTest, TwoMattersMustBothRelease) {
  const Uid one = ledger_uid(1);
  const Uid two = ledger_uid(2);
  put(hold("B", {one, two}));
  put(hold("A", {one}));
  EXPECT_EQ(state_.matters_of(one), (Names{"A", "B"}));
  EXPECT_EQ(state_.matters_of(two), Names{"B"});
  put(Release{{}, "B", "", true, {}});
  EXPECT_EQ(state_.matters_of(one), Names{"A"});
  EXPECT_FALSE(state_.is_held(two));
  put(Release{{}, "A", "", false, {one}});
  EXPECT_FALSE(state_.is_held(one));
  EXPECT_TRUE(state_.matters().empty()) << "it holds nothing and waits for nothing";
  put(Release{{}, "A", "", true, {}});
}

TEST_F(LedgerStateTest, AHoldKeepsWhoAndWhyAndWaitsForCallsToCome) {
  Hold order = hold("M", {ledger_uid(1)});
  order.actor = testing::sample_actor();
  order.future = testing::sample_filter();
  put(order);
  put(hold("M", {ledger_uid(2)}));
  const HeldMatter& matter = state_.matters().at("M");
  ASSERT_EQ(matter.orders.size(), 2U);
  EXPECT_EQ(matter.orders[0].actor.name, "clerk");
  EXPECT_EQ(matter.orders[0].reason, "why");
  EXPECT_EQ(matter.orders[0].time_us, 7);
  EXPECT_EQ(matter.orders[0].future->number, "49301234*");
  EXPECT_FALSE(matter.orders[1].future);
  put(Release{{}, "M", "", false, {ledger_uid(1), ledger_uid(2)}});
  EXPECT_EQ(state_.matters().size(), 1U) << "the filter waits still";
  Hold match = hold("M", {ledger_uid(9)});
  match.matched_hold = 0;
  put(match);
  EXPECT_TRUE(state_.is_held(ledger_uid(9)));
  EXPECT_EQ(state_.matters().at("M").orders.size(), 2U) << "a match is no order of its own";
  put(Release{{}, "M", "", true, {}});
  EXPECT_FALSE(state_.is_held(ledger_uid(9)));
  put(match);
  EXPECT_FALSE(state_.is_held(ledger_uid(9))) << "it was released before the match was written";
  EXPECT_EQ(state_.figures().stale_matches, 1U);
}

TEST_F(LedgerStateTest, WhatIsErasedStaysErased) {
  const Uid uid = ledger_uid(1);
  EXPECT_EQ(state_.erased_parts(uid), 0);
  put(Erasure{{}, "", kPartMedia}, uid);
  put(Erasure{{}, "", kPartCdr}, uid);
  EXPECT_EQ(state_.erased_parts(uid), kPartMedia | kPartCdr);
  put(hold("M", {uid}));
  put(Release{{}, "M", "", true, {}});
  EXPECT_EQ(state_.erased().size(), 1U);
}

TEST_F(LedgerStateTest, TimesOnlyGrowUntilTheirPartIsGone) {
  const Uid uid = ledger_uid(1);
  put(Extension{{}, "", 100, 50, {}}, uid);
  put(Extension{{}, "", 90, 60, {}}, uid);
  EXPECT_EQ(state_.extended().at(uid), (ExtendedTimes{100, 60, {}}));
  put(Expiry{"c", kPartSip, {uid}});
  EXPECT_EQ(state_.extended().at(uid), (ExtendedTimes{100, {}, {}}));
  put(Erasure{{}, "", kPartMedia}, uid);
  EXPECT_TRUE(state_.extended().empty());
}

TEST_F(LedgerStateTest, AnnotationsGoWithTheDetailsOfTheirCall) {
  const Uid uid = ledger_uid(1);
  put(Annotation{{}, {{"agent", "anna"}, {"tag", "a"}}}, uid);
  put(Annotation{{}, {{"agent", "bob"}, {"tag", ""}}}, uid);
  EXPECT_EQ(state_.annotations().at(uid), (LedgerState::Annotations{{"agent", "bob"}}));
  put(Expiry{"c", kPartMedia, {uid}});
  EXPECT_EQ(state_.annotations().size(), 1U);
  put(Expiry{"c", kPartSip, {uid}});
  EXPECT_TRUE(state_.annotations().empty());
  put(Annotation{{}, {{"agent", "eve"}}}, ledger_uid(2));
  put(Annotation{{}, {{"agent", ""}}}, ledger_uid(2));
  EXPECT_TRUE(state_.annotations().empty());
}

TEST_F(LedgerStateTest, AnAnnotationWhoseKeyIsGoneIsCounted) {
  LedgerRecord record;
  record.header.type = 10;
  record.header.uid = ledger_uid(1);
  record.header.key_id = 3;
  record.state = LedgerContentState::kKeyGone;
  EXPECT_TRUE(Entries::put(state_, record));
  record.state = LedgerContentState::kDoesNotOpen;
  EXPECT_TRUE(Entries::put(state_, record));
  EXPECT_EQ(state_.figures().annotations_gone, 1U);
  EXPECT_EQ(state_.figures().annotations_unreadable, 1U);
  EXPECT_EQ(state_.next_sequence(), 2U);
}

// A hold or an erasure that is not understood must not be passed over.
TEST_F(LedgerStateTest, WhatIsNotUnderstoodIsRefusedByName) {
  const auto refused = [&](const LedgerRecord& record) {
    const auto applied = Entries::put(state_, record);
    EXPECT_FALSE(applied);
    EXPECT_EQ(state_.next_sequence(), 0U);
    return applied ? Error{} : applied.error();
  };
  LedgerRecord record;
  record.header.type = kLedgerTypeMax + 1;
  Error error = refused(record);
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_NE(error.message.find("unknown_type"), std::string::npos);
  record.header.type = 3;
  record.content = as_bytes("\x08\x02");
  error = refused(record);
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_NE(error.message.find("(hold)"), std::string::npos);
  EXPECT_NE(error.message.find("unknown_encoding"), std::string::npos);
  record.content = as_bytes("\xff");
  EXPECT_EQ(refused(record).code, ErrorCode::kCorrupt);
  record.content = {};
  for (const auto state : {LedgerContentState::kStoreDamaged, LedgerContentState::kNotCommitted}) {
    record.state = state;
    EXPECT_EQ(refused(record).code, ErrorCode::kCorrupt);
  }
  record.state = LedgerContentState::kKeyGone;
  record.header.key_id = 5;
  EXPECT_EQ(refused(record).code, ErrorCode::kCorrupt) << "a hold does not go with a call";
}

class LedgerStateLimited : public LedgerStateTest {
 protected:
  LedgerStateLimited() {
    state_ = LedgerState({.held_max = 3,
                          .orders_max = 2,
                          .erased_max = 1,
                          .extended_max = 1,
                          .annotation_bytes_max = 500});
  }

  bool refused(const LedgerContent& content, const Uid& uid = {}) {
    const auto applied = entries_.put(state_, content, uid);
    return !applied && applied.error().code == ErrorCode::kResources;
  }
};

// A hold that is forgotten is no hold.
TEST_F(LedgerStateLimited, HoldsBeyondALimitAreRefusedAndNoneIsForgotten) {
  put(hold("A", {ledger_uid(1), ledger_uid(2)}));
  EXPECT_TRUE(refused(hold("B", {ledger_uid(1), ledger_uid(2)})));
  EXPECT_TRUE(state_.matters().contains("A") && !state_.matters().contains("B"));
  put(hold("B", {ledger_uid(1)}));
  EXPECT_TRUE(refused(hold("A", {ledger_uid(1)}))) << "a third order";
  EXPECT_EQ(state_.matters_of(ledger_uid(1)), (Names{"A", "B"}));
  put(Release{{}, "A", "", true, {}});
  put(hold("C", {ledger_uid(2), ledger_uid(3)}));
}

TEST_F(LedgerStateLimited, OtherThingsBeyondALimitAreRefused) {
  put(Erasure{{}, "", kPartSip}, ledger_uid(1));
  EXPECT_TRUE(refused(Erasure{{}, "", kPartSip}, ledger_uid(2)));
  put(Erasure{{}, "", kPartMedia}, ledger_uid(1));
  put(Extension{{}, "", 1, 1, 1}, ledger_uid(3));
  EXPECT_TRUE(refused(Extension{{}, "", 1, 1, 1}, ledger_uid(4)));
  put(Annotation{{}, {{"k", "v"}}}, ledger_uid(3));
  EXPECT_TRUE(refused(Annotation{{}, {{"k", std::string(400, 'v')}}}, ledger_uid(4)));
  EXPECT_EQ(state_.annotations().size(), 1U);
  EXPECT_EQ(state_.erased().size(), 1U);
}

TEST_F(LedgerStateTest, IsRestoredFromALedgerWithThePlaceOfWhatIsWrong) {
  const LedgerDirectory directory;
  const auto ledger = directory.open(600);
  ASSERT_NE(ledger, nullptr);
  for (std::uint8_t i = 1; i < 9; ++i) {
    const std::vector<LedgerEntry> group = {{{}, 1, kNoKey, hold("M", {ledger_uid(i)})}};
    ASSERT_TRUE(ledger->append(group));
  }
  const auto restored = LedgerState::restore(*ledger);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->matters().at("M").held, 8U);
  EXPECT_EQ(restored->next_sequence(), 8U);
  const auto refused = LedgerState::restore(*ledger, {.held_max = 4});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.starts_with(directory.file(1) + ":"))
      << refused.error().message;
}

}  // namespace
}  // namespace tapdeck::storage
