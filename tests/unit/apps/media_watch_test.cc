#include "apps/media_watch.h"

#include <gtest/gtest.h>

namespace tapdeck::apps {
namespace {

constexpr WorkerMedia kIdle{.streams_max = 1'024, .chunk_count = 1'664};

TEST(MediaWatch, WhileTheDiskKeepsUpThereIsRoomForAllStreams) {
  EXPECT_EQ(room_of({kIdle}).spare, 1);
  EXPECT_EQ(room_of({kIdle}).streams, 1'024U - 32);
  WorkerMedia full = kIdle;
  full.streams_kept = 1'024;
  EXPECT_EQ(room_of({full}).spare, 1);
  EXPECT_EQ(room_of({full}).streams, 0U);
}

TEST(MediaWatch, WhatWaitsIsHeldAgainstWhatNoStreamFills) {
  WorkerMedia stalled = kIdle;
  stalled.streams_kept = 1'024;
  stalled.chunks_waiting = 320;
  EXPECT_EQ(room_of({stalled}).spare, 0.5);
  EXPECT_EQ(room_of({kIdle, stalled}).spare, 0.5);
  stalled.chunks_waiting = 640;
  EXPECT_EQ(room_of({stalled}).spare, 0);
  stalled.streams_kept = 1'664;  // none spare, and some wait
  EXPECT_EQ(room_of({stalled}).spare, 0);
}

TEST(MediaWatch, FewChunksLimitTheStreams) {
  WorkerMedia worker = kIdle;
  worker.chunks_waiting = 1'600;
  EXPECT_EQ(room_of({worker}).streams, 64U - 52);
  worker.chunks_quarantined = 64;
  EXPECT_EQ(room_of({worker}).streams, 64U - 52) << "quarantine yields";
}

TEST(MediaWatch, TheFullestWorkerSpeaksForAll) {
  WorkerMedia full = kIdle;
  full.streams_kept = 1'000;
  EXPECT_EQ(room_of({kIdle, full}).streams, 0U);
  full.streams_kept = 990;
  EXPECT_EQ(room_of({kIdle, full}).streams, 4U);
}

}  // namespace
}  // namespace tapdeck::apps
