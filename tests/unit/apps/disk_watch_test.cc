#include "apps/disk_watch.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {
namespace {

// A disk of 1000 bytes.
class DiskWatchTest : public ::testing::Test {
 protected:
  DiskWatch watch_of(std::uint32_t low, std::uint32_t enough, std::uint32_t stop) {
    return DiskWatch(
        {.low_percent = low, .enough_percent = enough, .stop_percent = stop, .room = [this] {
           ++asked_;
           return tells_ ? Result<storage::DiskRoom>(storage::DiskRoom{1'000, free_})
                         : make_error(ErrorCode::kIo, "The disk is silent.");
         }});
  }

  static void look(DiskWatch& watch, std::uint64_t& free, std::uint64_t now) {
    free = now;
    watch.look();
  }

  std::uint64_t free_ = 1'000;
  bool tells_ = true;
  int asked_ = 0;
};

TEST_F(DiskWatchTest, WithoutThresholdsNothingIsWrong) {
  DiskWatch nothing({});
  nothing.look();
  EXPECT_EQ(nothing.trouble(), "");
  DiskWatch watch = watch_of(0, 10, 0);
  look(watch, free_, 0);
  EXPECT_EQ(watch.missing_bytes(), 0U);
  EXPECT_EQ(watch.priority_min(), 0);
  EXPECT_EQ(watch.trouble(), "");
}

TEST_F(DiskWatchTest, FromLowUntilEnoughBytesAreMissing) {
  DiskWatch watch = watch_of(20, 30, 10);
  look(watch, free_, 200);
  EXPECT_EQ(watch.missing_bytes(), 0U);
  look(watch, free_, 199);
  EXPECT_EQ(watch.missing_bytes(), 101U);
  EXPECT_EQ(watch.trouble(),
            "19.9 % of the store's disk are free for recordings: recordings go before their time");
  look(watch, free_, 250);
  EXPECT_EQ(watch.missing_bytes(), 50U) << "until there is enough";
  look(watch, free_, 300);
  EXPECT_EQ(watch.missing_bytes(), 0U);
  EXPECT_EQ(watch.trouble(), "");
  look(watch, free_, 250);
  EXPECT_EQ(watch.missing_bytes(), 0U);
}

TEST_F(DiskWatchTest, CallsAreRefusedOnlyWhenNothingMayGo) {
  DiskWatch watch = watch_of(20, 30, 10);
  look(watch, free_, 20);
  EXPECT_EQ(watch.priority_min(), 0) << "what may go goes first";
  watch.tell_relief(false);
  EXPECT_EQ(watch.priority_min(), calls::kPriorityNone);
  EXPECT_EQ(watch.trouble(),
            "2.0 % of the store's disk are free for recordings, and nothing may go before its time "
            "any more; no "
            "new call is recorded");
  watch.tell_relief(true);
  EXPECT_EQ(watch.priority_min(), 0);
  watch.tell_relief(false);
  look(watch, free_, 300);
  EXPECT_EQ(watch.priority_min(), 0) << "it ends by itself";
  EXPECT_EQ(watch.trouble(), "");
  look(watch, free_, 20);
  EXPECT_EQ(watch.priority_min(), 0) << "and begins anew";
}

TEST_F(DiskWatchTest, ThePriorityRisesEvenly) {
  EXPECT_EQ(priority_for({1'000, 100}, 10), 0);
  EXPECT_EQ(priority_for({1'000, 99}, 10), 5);
  EXPECT_EQ(priority_for({1'000, 75}, 10), 128);
  EXPECT_EQ(priority_for({1'000, 51}, 10), 250);
  EXPECT_EQ(priority_for({1'000, 50}, 10), calls::kPriorityNone);
  EXPECT_EQ(priority_for({1'000, 0}, 10), calls::kPriorityNone);
  EXPECT_EQ(priority_for({1'000, 0}, 0), 0) << "0: never";
  EXPECT_EQ(priority_for({1ULL << 40, (1ULL << 40) / 100 * 2 - 1}, 2), 1)
      << "below the mark some call goes without";
}

// Free space goes up and down a little as files grow in steps.
TEST_F(DiskWatchTest, ALittleMoreSpaceChangesNothing) {
  DiskWatch watch = watch_of(0, 10, 20);
  look(watch, free_, 150);
  EXPECT_EQ(watch.priority_min(), 128);
  EXPECT_EQ(watch.trouble(),
            "15.0 % of the store's disk are free for recordings; new calls of a priority below 128 "
            "are not "
            "recorded");
  look(watch, free_, 160);
  EXPECT_EQ(watch.priority_min(), 128);
  look(watch, free_, 140);
  EXPECT_EQ(watch.priority_min(), 153);
  look(watch, free_, 205);
  EXPECT_GT(watch.priority_min(), 0);
  look(watch, free_, 220);
  EXPECT_EQ(watch.priority_min(), 0);
}

TEST_F(DiskWatchTest, ADiskThatIsSilentChangesNothing) {
  DiskWatch watch = watch_of(0, 10, 20);
  look(watch, free_, 50);
  tells_ = false;
  look(watch, free_, 1'000);
  EXPECT_EQ(watch.priority_min(), calls::kPriorityNone);
  tells_ = true;
  watch.look();
  EXPECT_EQ(watch.priority_min(), 0);
  EXPECT_EQ(asked_, 3);
}

TEST_F(DiskWatchTest, TheDiskIsAskedThroughTheStoreDirectory) {
  config::RetentionPressure pressure;
  pressure.low_percent = 5;
  storage::StoreOptions store;
  store.directory = std::filesystem::temp_directory_path();
  store.preallocate_bytes = 1U << 20;
  const DiskWatchOptions options = disk_watch_options(pressure, store);
  EXPECT_EQ(options.low_percent, 5U);
  EXPECT_EQ(options.stop_percent, pressure.stop_percent);
  const auto room = options.room();
  ASSERT_TRUE(room);
  EXPECT_GT(room->bytes, 0U);
  EXPECT_LE(room->free, room->bytes);
  store.directory = "/nonexistent/store";
  EXPECT_FALSE(disk_watch_options(pressure, store).room());
}

}  // namespace
}  // namespace tapdeck::apps
