// Each packet of a trial has one place where it stayed.
#include "bench/load/capture_account.h"

#include <gtest/gtest.h>

namespace tapdeck::load {
namespace {

using Drops = CaptureTallies::Drops;

CaptureTallies counted(std::uint64_t received,
                       std::uint64_t found,
                       std::uint64_t missed = 0,
                       std::uint64_t writer_full = 0) {
  return {.port = {{"port_missed", missed}},
          .worker = {{"worker_no_chunk", 0}, {kLostInChunks, writer_full}},
          .received = received,
          .found = found};
}

CaptureTrial trial_of(std::uint64_t sent, std::uint64_t recorded) {
  CaptureTrial trial;
  trial.sent = sent;
  trial.recorded = recorded;
  return trial;
}

TEST(CaptureAccount, WhatCameBackWholeHasNoDrops) {
  CaptureTrial trial = trial_of(100, 100);
  account({counted(50, 50)}, counted(80, 60), counted(180, 180), true, trial);
  EXPECT_TRUE(trial.drops.empty());
  EXPECT_EQ(trial.unexplained, 0U);
}

TEST(CaptureAccount, OnlyWhatNoWorkerReceivedIsLostOnTheWay) {
  CaptureTrial trial = trial_of(100, 80);
  account(counted(0, 0), counted(0, 0), counted(85, 80, 3, 5), true, trial);
  const Drops drops = {{"port_missed", 3}, {kLostInChunks, 5}, {"on_the_way", 12}};
  EXPECT_EQ(trial.drops, drops);
  EXPECT_EQ(trial.unexplained, 0U);
}

TEST(CaptureAccount, ReceivedAndNeitherRecordedNorDroppedHasNoReason) {
  CaptureTrial trial = trial_of(100, 80);
  account(counted(0, 0), counted(0, 0), counted(100, 80, 0, 5), true, trial);
  EXPECT_EQ(trial.unexplained, 15U);
  EXPECT_EQ(trial.drops, (Drops{{kLostInChunks, 5}}));
}

TEST(CaptureAccount, InAProcessNothingIsLostOnTheWay) {
  CaptureTrial trial = trial_of(100, 90);
  account(counted(0, 0), counted(0, 0), counted(90, 90), false, trial);
  EXPECT_EQ(trial.unexplained, 10U);
  EXPECT_TRUE(trial.drops.empty());
}

// A chunk that was begun before the trial is lost with what it had then.
TEST(CaptureAccount, WhatWasSentBeforeIsNoLossOfTheTrial) {
  CaptureTrial trial = trial_of(100, 60);
  account(counted(0, 0), counted(50, 0), counted(150, 90, 0, 60), false, trial);
  EXPECT_EQ(trial.drops, (Drops{{kLostInChunks, 40}}));
  EXPECT_EQ(trial.unexplained, 0U);
}

}  // namespace
}  // namespace tapdeck::load
