#include "engine/capture/lookahead.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kDay = 86'400;
constexpr std::uint32_t kStart = 1'700'000'000;
constexpr std::uint32_t kWild = 2'000'000'000;

struct Dated {
  std::vector<std::uint32_t> order;  // seconds by which the packets are put in order
  std::vector<std::int64_t> clock;   // the running maximum of what they say of the time
};

// Each packet must come once, in its place.
Dated dates_of(const std::vector<std::uint32_t>& seconds) {
  test::CaptureBytes file;
  file.pcap_header(0xa1b2c3d4);
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    file.pcap_record(seconds[i], 0, std::string(1, static_cast<char>('a' + i % 26)));
  }
  Lookahead ahead(std::move(*CaptureReader::open_memory(file.view(), "t")));
  Dated dated;
  CapturedPacket packet;
  while (ahead.next(packet) == ReadVerdict::kPacket) {
    EXPECT_EQ(as_text(packet.bytes),
              std::string(1, static_cast<char>('a' + dated.order.size() % 26)));
    EXPECT_EQ(packet.time_ns, std::int64_t{seconds[dated.order.size()]} * kNsPerSecond);
    dated.order.push_back(static_cast<std::uint32_t>(packet.order_ns / kNsPerSecond));
    const std::int64_t before =
        dated.clock.empty() ? ahead.clock_start_ns() / kNsPerSecond : dated.clock.back();
    dated.clock.push_back(std::max(before, packet.clock_ns / kNsPerSecond));
  }
  EXPECT_EQ(ahead.next(packet), ReadVerdict::kEnd);
  return dated;
}

std::vector<std::uint32_t> seconds_order_of(const std::vector<std::uint32_t>& seconds) {
  return dates_of(seconds).order;
}

std::vector<std::uint32_t> run_of(std::size_t count) {
  std::vector<std::uint32_t> seconds;
  for (std::size_t i = 0; i < count; ++i) {
    seconds.push_back(kStart + static_cast<std::uint32_t>(i));
  }
  return seconds;
}

TEST(Lookahead, CountsWhatComesLongAfterItsTime) {
  test::CaptureBytes file;
  file.pcap_header(0xa1b2c3d4);
  for (std::uint32_t i = 0; i < 20; ++i) file.pcap_record(kStart + i, 0, "a");
  file.pcap_record(kStart + 18, 0, "a");  // a second
  for (std::uint32_t i = 0; i < 10; ++i) file.pcap_record(kStart + i, 0, "a");
  Lookahead ahead(std::move(*CaptureReader::open_memory(file.view(), "t")));
  CapturedPacket packet;
  while (ahead.next(packet) == ReadVerdict::kPacket) {
  }
  EXPECT_EQ(ahead.late_packets(), 10U);
}

TEST(Lookahead, PassesOrdinaryPacketsWithTheirOwnTime) {
  const auto seconds = run_of(100);
  EXPECT_EQ(seconds_order_of(seconds), seconds);
  EXPECT_TRUE(seconds_order_of({}).empty());
}

TEST(Lookahead, UpToThreeWildPacketsAtTheBeginningDoNotStartTheClock) {
  for (const std::uint32_t wild : {std::uint32_t{5}, kWild}) {
    for (std::size_t count = 1; count <= 3; ++count) {
      auto seconds = run_of(40);
      auto wanted = seconds;
      seconds.insert(seconds.begin(), count, wild);
      // What is ahead must hold nothing back; what is earlier may be true, and goes first.
      wanted.insert(wanted.begin(), count, std::min(wild, kStart));
      const Dated dated = dates_of(seconds);
      EXPECT_EQ(dated.order, wanted) << count << " of " << wild;
      EXPECT_EQ(dated.clock[0], kStart);
      EXPECT_EQ(dated.clock.back(), kStart + 39);
    }
  }
}

TEST(Lookahead, WhatMostPacketsSayInTheBeginningHolds) {
  // Five packets of one day and more of the next are two days of calls, not five wild stamps.
  auto seconds = run_of(5);
  for (std::uint32_t i = 0; i < 27; ++i) seconds.push_back(kStart + kDay + i);
  EXPECT_EQ(seconds_order_of(seconds), seconds);
  EXPECT_EQ(seconds_order_of({kStart, kStart + kDay}), (std::vector{kStart, kStart + kDay}));
}

TEST(Lookahead, AWildPacketInTheMiddleStandsAtTheClock) {
  for (const std::size_t at : {std::size_t{10}, std::size_t{60}}) {
    auto seconds = run_of(100);
    auto wanted = seconds;
    seconds[at] = seconds[at + 1] = kWild;
    wanted[at] = wanted[at + 1] = kStart + static_cast<std::uint32_t>(at) - 1;
    EXPECT_EQ(seconds_order_of(seconds), wanted);
  }
}

TEST(Lookahead, AJumpThatNothingContradictsIsOne) {
  for (std::size_t after = 1; after <= 3; ++after) {
    auto seconds = run_of(40);
    for (std::size_t i = 0; i < after; ++i) seconds.push_back(kStart + kDay);
    const Dated dated = dates_of(seconds);
    EXPECT_EQ(dated.order, seconds) << after;
    // The packet itself and two more move the time, and they do so at once.
    EXPECT_EQ(dated.clock[40], after == 3 ? kStart + kDay : kStart + 39) << after;
    EXPECT_EQ(dated.clock.back(), after == 3 ? kStart + kDay : kStart + 39) << after;
  }
}

TEST(Lookahead, AFileOfPacketsWithoutKnownLinksTellsNoTime) {
  test::CaptureBytes file;
  file.pcap_header(0xa1b2c3d4, 147).pcap_record(kStart, 0, "x");
  Lookahead ahead(std::move(*CaptureReader::open_memory(file.view(), "t")));
  CapturedPacket packet;
  EXPECT_EQ(ahead.next(packet), ReadVerdict::kPacket);
  EXPECT_EQ(ahead.clock_start_ns(), INT64_MAX);
}

}  // namespace
}  // namespace tapdeck::engine
