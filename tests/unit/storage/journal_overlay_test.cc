// What the journal says of calls stands in the records that are given out, and in no stored one.
#include "storage/journal_overlay.h"

#include <gtest/gtest.h>

#include "model/ledger_codec.h"
#include "tests/support/sample_ledger.h"

namespace tapdeck::storage {
namespace {

using testing::ledger_uid;
using testing::sample_actor;

class JournalOverlayTest : public ::testing::Test {
 protected:
  void apply(LedgerContent content, const Uid& uid = {}) {
    const std::string bytes = encode_ledger_content(content);
    LedgerRecord record;
    record.header.sequence = state_.next_sequence();
    record.header.type = static_cast<std::uint16_t>(type_of(content));
    record.header.uid = uid;
    record.header.key_id = kNoKey;
    record.content = as_bytes(bytes);
    const auto applied = state_.apply(record);
    ASSERT_TRUE(applied) << applied.error().message;
  }

  void hold(const std::string& matter, std::uint32_t number) {
    apply(Hold{sample_actor(), matter, "claim", {ledger_uid(number)}, {}, {}});
  }

  [[nodiscard]] CallRecord seen(std::uint32_t number,
                                RecordingLifecycle lifecycle = RecordingLifecycle::kPresent) const {
    CallRecord call;
    call.uid = ledger_uid(number);
    call.recording.lifecycle = lifecycle;
    apply_journal(state_, call);
    return call;
  }

  LedgerState state_;
};

TEST_F(JournalOverlayTest, AHeldRecordSaysByWhatUntilAllAreReleased) {
  hold("M-2", 1);
  hold("M-1", 1);
  EXPECT_EQ(seen(1).recording.legal_holds, (std::vector<std::string>{"M-1", "M-2"}));
  EXPECT_EQ(seen(1).recording.lifecycle, RecordingLifecycle::kHeld);
  EXPECT_TRUE(seen(2).recording.legal_holds.empty());
  EXPECT_EQ(seen(2).recording.lifecycle, RecordingLifecycle::kPresent);
  apply(Release{sample_actor(), "M-1", "settled", true, {}});
  EXPECT_EQ(seen(1).recording.legal_holds, (std::vector<std::string>{"M-2"}));
  apply(Release{sample_actor(), "M-2", "settled", true, {}});
  EXPECT_EQ(seen(1).recording.lifecycle, RecordingLifecycle::kPresent);
}

TEST_F(JournalOverlayTest, WhatIsGoneIsNotPresentBecauseItIsHeld) {
  hold("M-1", 1);
  EXPECT_EQ(seen(1, RecordingLifecycle::kErased).recording.lifecycle, RecordingLifecycle::kErased);
  EXPECT_EQ(seen(1, RecordingLifecycle::kExpired).recording.legal_holds.size(), 1U);
}

TEST_F(JournalOverlayTest, WhatIsStrippedIsAsItWasStored) {
  hold("M-1", 1);
  CallRecord call = seen(1);
  const CallRecord stored;
  strip_journal(stored, call);
  EXPECT_TRUE(call.recording.legal_holds.empty());
  EXPECT_EQ(call.recording.lifecycle, RecordingLifecycle::kPresent);
  call.recording.lifecycle = RecordingLifecycle::kExpired;
  strip_journal(stored, call);
  EXPECT_EQ(call.recording.lifecycle, RecordingLifecycle::kExpired);
}

TEST_F(JournalOverlayTest, ErasedRecordsAreNotStoredAgain) {
  std::vector<CallRecord> calls(3);
  for (std::uint32_t i = 0; i < 3; ++i) calls[i].uid = ledger_uid(i);
  EXPECT_FALSE(without_erased(state_, calls));
  apply(Erasure{sample_actor(), "request", kPartsAll}, ledger_uid(0));
  apply(Erasure{sample_actor(), "request", kPartMedia | kPartSip}, ledger_uid(1));
  const auto kept = without_erased(state_, calls);
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 2U);
  EXPECT_EQ((*kept)[0].uid, ledger_uid(1));
  EXPECT_EQ((*kept)[0].recording.lifecycle, RecordingLifecycle::kErased);
  EXPECT_EQ((*kept)[1].recording.lifecycle, RecordingLifecycle::kPresent);
  EXPECT_FALSE(without_erased(state_, std::span(calls).subspan(2)));
}

}  // namespace
}  // namespace tapdeck::storage
