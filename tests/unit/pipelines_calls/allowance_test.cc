// What is due where less may be kept than was: each order once, and none that destroys the rest.
#include "pipelines/calls/allowance.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

using config::LogDetail;
using config::RecordChoice;
using Binds = std::vector<BindOrder>;
using Cuts = std::vector<MediaCut>;

constexpr std::int64_t kAnsweredNs = 5'000;
constexpr std::int64_t kNowNs = 9'000;

class Allowed : public ::testing::Test {
 protected:
  // What is due, and nothing the second time.
  KeepingOrders due(std::int64_t time_ns = kNowNs) {
    KeepingOrders orders = take_due(allowed_, time_ns, kept_);
    const KeepingOrders again = take_due(allowed_, time_ns, kept_);
    EXPECT_FALSE(again.destroy_recording || again.destroy_messages || again.bind_again);
    EXPECT_FALSE(again.is_now_forbidden);
    EXPECT_EQ(again.binds, Binds{});
    EXPECT_EQ(again.cuts, Cuts{});
    return orders;
  }

  Allowance allowed_;
  Kept kept_;
};

TEST_F(Allowed, NothingIsDueWhereEverythingIsAllowed) {
  kept_.note_bound(MediaKind::kVideo);
  kept_.messages = true;
  const KeepingOrders orders = due();
  EXPECT_FALSE(orders.destroy_recording || orders.destroy_messages || orders.bind_again);
  EXPECT_TRUE(orders.binds.empty() && orders.cuts.empty());
  EXPECT_EQ(kept_.media, KeptMedia::kAudioVideo);
}

TEST_F(Allowed, OfWhatWasForbiddenFromTheStartThereIsNothingToDestroy) {
  allowed_.media = RecordChoice::kNone;
  const KeepingOrders orders = due();
  EXPECT_FALSE(orders.destroy_recording);
  EXPECT_TRUE(orders.is_now_forbidden);
  EXPECT_EQ(orders.binds, (Binds{{BindOperation::kMute, kNowNs}}));
  kept_.note_bound(MediaKind::kAudio);
  EXPECT_EQ(kept_.media, KeptMedia::kNothing) << "it is muted";
  allowed_.media = RecordChoice::kAudio;
  EXPECT_EQ(due(12'000).binds, (Binds{{BindOperation::kUnmute, 12'000}}));
  EXPECT_EQ(kept_.media, KeptMedia::kAudio) << "of the address that they knew";
}

TEST_F(Allowed, WhatWasDestroyedIsNotRecordedAgain) {
  kept_.note_bound(MediaKind::kAudio);
  allowed_.media = RecordChoice::kNone;
  EXPECT_TRUE(due().destroy_recording);
  EXPECT_EQ(kept_.media, KeptMedia::kDestroyed);
  allowed_.media = RecordChoice::kAudioVideo;
  const KeepingOrders orders = due();
  EXPECT_TRUE(orders.binds.empty());
  kept_.note_bound(MediaKind::kVideo);
  kept_.note_stored(MediaKind::kVideo);
  EXPECT_EQ(kept_.media, KeptMedia::kDestroyed);
}

TEST_F(Allowed, MessagesGoUnlessTheLogIsFull) {
  kept_.messages = true;
  EXPECT_FALSE(due().destroy_messages);
  allowed_.log = LogDetail::kMasked;
  EXPECT_TRUE(due().destroy_messages);
  allowed_.log = LogDetail::kNone;
  EXPECT_FALSE(due().destroy_messages) << "there are none any more";
}

TEST_F(Allowed, VideoAloneGoesWhereAudioIsEnough) {
  kept_.note_bound(MediaKind::kAudio);
  kept_.note_bound(MediaKind::kVideo);
  allowed_.media = RecordChoice::kAudio;
  KeepingOrders orders = due();
  EXPECT_TRUE(orders.bind_again);
  EXPECT_EQ(orders.cuts, (Cuts{{{.video_only = true}}}));
  EXPECT_FALSE(orders.destroy_recording);
  allowed_.media = RecordChoice::kAudioVideo;
  orders = due(12'000);
  EXPECT_TRUE(orders.bind_again);
  EXPECT_EQ(orders.cuts, (Cuts{{{.to_us = 12, .video_only = true}}})) << "the rest is kept";
  allowed_.media = RecordChoice::kAudio;
  EXPECT_EQ(due().cuts, (Cuts{{{.video_only = true}}}));
}

TEST_F(Allowed, OfACallWithoutVideoNoneIsLookedFor) {
  kept_.note_bound(MediaKind::kAudio);
  allowed_.media = RecordChoice::kAudio;
  EXPECT_TRUE(due().cuts.empty());
  kept_.note_bound(MediaKind::kVideo);
  EXPECT_EQ(kept_.media, KeptMedia::kAudio) << "it is not wanted";
  EXPECT_TRUE(due().cuts.empty());
  kept_.note_stored(MediaKind::kVideo);
  EXPECT_EQ(due().cuts, (Cuts{{{.video_only = true}}})) << "of an earlier process";
}

TEST_F(Allowed, VideoThatWasBoundWhileMutedIsKnown) {
  allowed_.from_ns = kNotYet;
  due();
  kept_.note_bound(MediaKind::kVideo);
  allowed_.from_ns = kAnsweredNs;
  EXPECT_TRUE(due(kAnsweredNs).cuts.empty());
  allowed_.media = RecordChoice::kAudio;
  EXPECT_EQ(due().cuts, (Cuts{{{.video_only = true}}}));
}

TEST_F(Allowed, VideoThatWasBoundWhileNothingWasAllowedIsKeptAfterwards) {
  allowed_.media = RecordChoice::kNone;
  due();
  EXPECT_TRUE(kept_.wants(MediaKind::kVideo)) << "it is muted: that is enough";
  kept_.note_bound(MediaKind::kVideo);
  allowed_.media = RecordChoice::kAudioVideo;
  EXPECT_FALSE(due().bind_again);
  EXPECT_EQ(kept_.media, KeptMedia::kAudioVideo);
  allowed_.media = RecordChoice::kAudio;
  EXPECT_TRUE(due().bind_again);
  EXPECT_FALSE(kept_.wants(MediaKind::kVideo));
  EXPECT_TRUE(kept_.wants(MediaKind::kAudio));
}

TEST_F(Allowed, EarlyMediaGoesUntilTheAnswer) {
  kept_.note_bound(MediaKind::kAudio);
  allowed_.from_ns = kNotYet;
  KeepingOrders orders = due(3'000);
  EXPECT_EQ(orders.cuts, Cuts{MediaCut{}});
  EXPECT_EQ(orders.binds, (Binds{{BindOperation::kMute, 3'000}}));
  EXPECT_TRUE(kept_.early_goes());
  allowed_.from_ns = kAnsweredNs;
  orders = due(kAnsweredNs);
  EXPECT_EQ(orders.cuts, (Cuts{{{.to_us = 5}}}));
  EXPECT_EQ(orders.binds, (Binds{{BindOperation::kUnmute, kAnsweredNs}}));
  EXPECT_FALSE(kept_.early_goes());
}

TEST_F(Allowed, EarlyMediaGoesAfterTheAnswer) {
  kept_.note_bound(MediaKind::kAudio);
  allowed_.from_ns = kAnsweredNs;
  const KeepingOrders orders = due();
  EXPECT_EQ(orders.cuts, (Cuts{{{.to_us = 5}}}));
  EXPECT_EQ(orders.binds, (Binds{{BindOperation::kUnmute, kAnsweredNs}}))
      << "what waits for its SDP is cut, and nothing that came since";
  allowed_.from_ns = kFromStart;
  EXPECT_TRUE(due().cuts.empty()) << "what is gone is gone";
  allowed_.from_ns = kAnsweredNs;
  EXPECT_TRUE(due().cuts.empty());
}

TEST_F(Allowed, EarlyMediaThatWasNeverKeptIsNotLookedFor) {
  allowed_.from_ns = kNotYet;
  EXPECT_TRUE(due().cuts.empty());
  kept_.note_bound(MediaKind::kAudio);
  EXPECT_FALSE(kept_.early_goes());
  allowed_.from_ns = kAnsweredNs;
  const KeepingOrders orders = due(kAnsweredNs);
  EXPECT_TRUE(orders.cuts.empty());
  EXPECT_EQ(orders.binds, (Binds{{BindOperation::kUnmute, kAnsweredNs}}));
}

TEST_F(Allowed, AnOrderThatWasLeftOpenEndsNoEarlierThanNow) {
  kept_.note_bound(MediaKind::kAudio);
  allowed_.from_ns = kNotYet;
  due(3'000);
  allowed_.from_ns = kAnsweredNs;
  EXPECT_EQ(due(8'000).cuts, (Cuts{{{.to_us = 8}}}));
}

TEST_F(Allowed, WhereNothingIsAddedWhatIsThereStays) {
  kept_.note_bound(MediaKind::kAudio);
  allowed_.more = false;
  const KeepingOrders orders = due();
  EXPECT_FALSE(orders.destroy_recording || orders.is_now_forbidden);
  EXPECT_TRUE(orders.cuts.empty());
  EXPECT_EQ(orders.binds, (Binds{{BindOperation::kMute, kNowNs}}));
}

TEST_F(Allowed, APauseInTimeNeedsNoCut) {
  kept_.note_bound(MediaKind::kAudio);
  allowed_.paused_since_ns = 4'000;
  kept_.note_paused({{4'000, INT64_MAX}});
  KeepingOrders orders = due();
  EXPECT_EQ(orders.binds, (Binds{{BindOperation::kPause, 4'000}}));
  EXPECT_TRUE(orders.cuts.empty());
  allowed_.paused_since_ns.reset();
  kept_.paused[0].time.to_ns = kNowNs;
  orders = due();
  EXPECT_EQ(orders.binds, (Binds{{BindOperation::kResume, kNowNs}}));
  EXPECT_TRUE(orders.cuts.empty());
}

TEST_F(Allowed, ALatePauseIsCutAndItsEndBoundsTheOrder) {
  allowed_.paused_since_ns = 4'000;
  kept_.note_paused({{4'000, INT64_MAX}, true, INT64_MIN});
  EXPECT_EQ(due().cuts, (Cuts{{{.from_us = 4}, CutCause::kPause}}));
  allowed_.paused_since_ns.reset();
  kept_.paused[0].time.to_ns = kNowNs;
  EXPECT_EQ(due().cuts, (Cuts{{{.from_us = 4, .to_us = 9}, CutCause::kPause}}));
  kept_.note_paused({{1'000, 2'000}, true, INT64_MIN});
  EXPECT_EQ(due().cuts, (Cuts{{{.from_us = 1, .to_us = 2}, CutCause::kPause}}))
      << "over when it was heard of";
}

TEST_F(Allowed, OfManyPausesNoneDestroysWhatLiesBetween) {
  for (std::int64_t i = 0; i < 2 * static_cast<std::int64_t>(kPausedMax); ++i) {
    kept_.note_paused({{i * 10'000, i * 10'000 + 5'000}, true, INT64_MIN});
    EXPECT_EQ(due().cuts, (Cuts{{{.from_us = i * 10, .to_us = i * 10 + 5}, CutCause::kPause}}));
  }
  EXPECT_EQ(kept_.paused.size(), kPausedMax);
  EXPECT_EQ(kept_.paused.front().time.from_ns, 0);
}

TEST_F(Allowed, APauseThatLastsIsNotLostAmongMany) {
  kept_.note_paused({{1'000, INT64_MAX}, true, INT64_MIN});
  for (std::int64_t i = 1; i <= static_cast<std::int64_t>(kPausedMax); ++i) {
    kept_.note_paused({{i * 10'000, i * 10'000 + 5'000}, true, INT64_MIN});
    due();
  }
  EXPECT_TRUE(kept_.paused.front().lasts());
  kept_.paused.front().time.to_ns = 900'000;
  EXPECT_EQ(due().cuts, (Cuts{{{.from_us = 1, .to_us = 900}, CutCause::kPause}}));
}

TEST_F(Allowed, APauseThatLastsIsNotWidenedByAnEarlierOne) {
  kept_.note_paused({{1'000, 2'000}, true, INT64_MIN});
  kept_.note_paused({{7'000, INT64_MAX}, true, INT64_MIN});
  for (std::int64_t i = 1; i <= static_cast<std::int64_t>(kPausedMax); ++i) {
    kept_.note_paused({{i * 10'000, i * 10'000 + 5'000}, true, INT64_MIN});
    due();
  }
  EXPECT_EQ(kept_.paused.size(), kPausedMax);
  const auto lasting = std::ranges::find_if(kept_.paused, &PausedStretch::lasts);
  ASSERT_NE(lasting, kept_.paused.end());
  lasting->time.to_ns = 900'000;
  EXPECT_EQ(due().cuts, (Cuts{{{.from_us = 7, .to_us = 900}, CutCause::kPause}}));
}

}  // namespace
}  // namespace tapdeck::calls
