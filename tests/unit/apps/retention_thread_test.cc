// Expiry that goes by itself, and what it says when it cannot.
#include "apps/retention_thread.h"

#include <atomic>
#include <chrono>
#include <functional>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::apps {
namespace {

bool wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 3'000 && !holds(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return holds();
}

TEST(RetentionThread, WhatIsDueGoes) {
  const storage::TemporaryDirectory directory;
  const auto store = storage::open_store(storage::test_options(directory.path()));
  CallRecord call;
  call.uid = storage::test_uid(1);
  call.start_us = wall_now_ns() / kNsPerUs - 5 * kUsPerSecond;
  call.final = true;
  call.state = CallState::kEnded;
  call.recording.expires_us = call.recording.sip_expires_us = call.recording.cdr_expires_us =
      *call.start_us + kUsPerSecond;
  ASSERT_TRUE(store->put_calls({&call, 1}));
  retention::RetentionDesk desk(*store, {});
  ASSERT_TRUE(desk.resume());
  RetentionThread thread(desk);
  thread.start();
  EXPECT_TRUE(wait_until([&] { return thread.figures().expired.value() > 0; }));
  thread.stop();
  EXPECT_FALSE(store->get_call(call.uid));
  EXPECT_EQ(thread.trouble(), "");
  EXPECT_EQ(thread.figures().failures.value(), 0U);
}

// Nothing is left that may go: calls are refused until there is room again.
TEST(RetentionThread, AFullDiskIsToldAndItsEndToo) {
  const storage::TemporaryDirectory directory;
  const auto store = storage::open_store(storage::test_options(directory.path()));
  retention::RetentionDesk desk(*store, {});
  ASSERT_TRUE(desk.resume());
  std::atomic<std::uint64_t> free{0};
  RetentionThread thread(
      desk, {.low_percent = 20, .enough_percent = 30, .stop_percent = 10, .room = [&free] {
               return Result<storage::DiskRoom>(storage::DiskRoom{1'000, free.load()});
             }});
  thread.start();
  EXPECT_TRUE(wait_until([&] { return thread.disk().priority_min() > 0; }));
  EXPECT_NE(thread.disk().trouble().find("nothing may go"), std::string::npos);
  free = 500;
  EXPECT_TRUE(wait_until([&] { return thread.disk().priority_min() == 0; }));
  thread.stop();
  EXPECT_EQ(thread.disk().trouble(), "");
  EXPECT_EQ(thread.figures().expired_early.value(), 0U);
  EXPECT_EQ(thread.figures().failures.value(), 0U);
}

TEST(RetentionThread, WhatMayGoGoesWhileTheDiskIsFull) {
  const storage::TemporaryDirectory directory;
  auto store = storage::open_store(storage::test_options(directory.path()));
  storage::append(store->writer(), *storage::make_chunk({.recording = 1}));
  ASSERT_TRUE(store->writer().flush());
  storage::end(store->writer(), storage::test_uid(1));
  ASSERT_TRUE(store->writer().flush());
  CallRecord call;
  call.uid = storage::test_uid(1);
  call.start_us = wall_now_ns() / kNsPerUs;
  call.final = true;
  call.state = CallState::kEnded;
  call.recording.expires_us = *call.start_us + kUsPerDay;
  ASSERT_TRUE(store->put_calls({&call, 1}));
  store.reset();
  store = storage::open_store(storage::test_options(directory.path()));  // seals
  retention::DeskOptions options;
  options.classes["default"] = {};
  options.early = {{"default"}};
  retention::RetentionDesk desk(*store, std::move(options));
  ASSERT_TRUE(desk.resume());
  RetentionThread thread(desk, {.low_percent = 20, .enough_percent = 30, .room = [] {
                                  return Result<storage::DiskRoom>(storage::DiskRoom{1'000, 100});
                                }});
  thread.start();
  EXPECT_TRUE(wait_until([&] { return thread.figures().expired_early.value() > 0; }));
  thread.stop();
  EXPECT_EQ(thread.figures().expired_early.value(), 1U);
  EXPECT_GT(thread.figures().bytes_expired_early.value(), 10'000U);
  EXPECT_EQ(store->get_call(call.uid)->recording.lifecycle, RecordingLifecycle::kExpired);
}

TEST(RetentionThread, ADoubtedClockIsTold) {
  const storage::TemporaryDirectory directory;
  const auto store = storage::open_store(storage::test_options(directory.path()));
  std::atomic<std::int64_t> wall_us{1'800'000'000'000'000};
  retention::DeskOptions options;
  options.clocks = [&wall_us] { return retention::ClockReadings{wall_us.load(), 1'000'000}; };
  options.boot_id = "boot";
  retention::RetentionDesk desk(*store, std::move(options));
  ASSERT_TRUE(desk.resume());
  ASSERT_TRUE(desk.apply());
  wall_us += 2 * 3'600 * kUsPerSecond;
  RetentionThread thread(desk);
  thread.start();
  EXPECT_TRUE(wait_until([&] { return !thread.trouble().empty(); }));
  thread.stop();
  EXPECT_GE(thread.figures().failures.value(), 1U);
}

}  // namespace
}  // namespace tapdeck::apps
