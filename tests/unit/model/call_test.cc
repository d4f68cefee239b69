#include "model/call.h"

#include <gtest/gtest.h>

namespace tapdeck {
namespace {

TEST(CallNames, AreThoseOfTheInterface) {
  EXPECT_EQ(call_state_name(CallState::kInProgress), "in_progress");
  EXPECT_EQ(call_outcome_name(CallOutcome::kRedirected), "redirected");
  EXPECT_EQ(call_outcome_name(CallOutcome::kUnknown), "unknown");
  EXPECT_EQ(end_reason_name(EndReason::kCrash), "crash");
  EXPECT_EQ(hangup_by_name(HangupBy::kCallee), "callee");
  EXPECT_EQ(party_role_name(PartyRole::kTransferTarget), "transfer_target");
  EXPECT_EQ(call_direction_name(CallDirection::kTransit), "transit");
  EXPECT_EQ(recording_state_name(RecordingState::kRecordedWithGaps), "recorded_with_gaps");
  EXPECT_EQ(recording_reason_name(RecordingReason::kDirectionMissing), "direction_missing");
  EXPECT_EQ(recording_reason_name(RecordingReason::kInterrupted), "interrupted");
  EXPECT_EQ(recording_reason_name(RecordingReason::kTruncated), "truncated");
  EXPECT_EQ(recording_lifecycle_name(RecordingLifecycle::kExpired), "expired");
}

TEST(CallNames, WhatJsonShowsAsNullIsEmpty) {
  EXPECT_EQ(end_reason_name(EndReason::kNone), "");
  EXPECT_EQ(hangup_by_name(HangupBy::kNone), "");
  EXPECT_EQ(call_direction_name(CallDirection::kUnknown), "");
}

TEST(CallNames, ParseIsTheInverse) {
  for (int value = 0; value <= static_cast<int>(CallOutcome::kRedirected); ++value) {
    const auto outcome = static_cast<CallOutcome>(value);
    EXPECT_EQ(parse_outcome(call_outcome_name(outcome)), outcome);
  }
  EXPECT_EQ(parse_direction("inbound"), CallDirection::kInbound);
  EXPECT_EQ(parse_recording_state("not_recorded"), RecordingState::kNotRecorded);
  EXPECT_FALSE(parse_outcome("Busy"));
  EXPECT_FALSE(parse_direction("")) << "the name of an unknown direction is no filter";
}

TEST(CallRecordTest, IsFiledUnderFirstSeenWhenTheInviteWasMissed) {
  CallRecord call;
  call.first_seen_us = 5;
  EXPECT_EQ(call.key_time_us(), 5);
  call.start_us = 3;
  EXPECT_EQ(call.key_time_us(), 3);
}

}  // namespace
}  // namespace tapdeck
