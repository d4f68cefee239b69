#include "engine/capture/lookahead.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kDay = 86'400;
constexpr std::uint32_t kStart = 1'700'000'000;
constexpr std::uint32_t kWild = 2'000'000'000;

// The seconds by which the packets are put in order; each packet must come once, in its place.
std::vector<std::uint32_t> order_of(const std::vector<std::uint32_t>& seconds) {
  test::CaptureBytes file;
  file.pcap_header(0xa1b2c3d4);
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    file.pcap_record(seconds[i], 0, std::string(1, static_cast<char>('a' + i % 26)));
  }
  Lookahead ahead(std::move(*CaptureReader::open_memory(file.view(), "t")));
  std::vector<std::uint32_t> order;
  CapturedPacket packet;
  while (ahead.next(packet) == ReadVerdict::kPacket) {
    EXPECT_EQ(as_text(packet.bytes), std::string(1, static_cast<char>('a' + order.size() % 26)));
    EXPECT_EQ(packet.time_ns, std::int64_t{seconds[order.size()]} * kNsPerSecond);
    order.push_back(static_cast<std::uint32_t>(packet.order_ns / kNsPerSecond));
  }
  EXPECT_EQ(ahead.next(packet), ReadVerdict::kEnd);
  return order;
}

std::vector<std::uint32_t> run_of(std::size_t count) {
  std::vector<std::uint32_t> seconds;
  for (std::size_t i = 0; i < count; ++i) {
    seconds.push_back(kStart + static_cast<std::uint32_t>(i));
  }
  return seconds;
}

TEST(Lookahead, PassesOrdinaryPacketsWithTheirOwnTime) {
  const auto seconds = run_of(100);
  EXPECT_EQ(order_of(seconds), seconds);
  EXPECT_TRUE(order_of({}).empty());
}

TEST(Lookahead, UpToThreeWildPacketsAtTheBeginningStandAtTheStart) {
  for (const std::uint32_t wild : {std::uint32_t{5}, kWild}) {
    for (std::size_t count = 1; count <= 3; ++count) {
      auto seconds = run_of(40);
      auto wanted = seconds;
      seconds.insert(seconds.begin(), count, wild);
      wanted.insert(wanted.begin(), count, kStart);
      EXPECT_EQ(order_of(seconds), wanted) << count << " of " << wild;
    }
  }
}

TEST(Lookahead, WhatMostPacketsSayInTheBeginningHolds) {
  // Five packets of one day and more of the next are two days of calls, not five wild stamps.
  auto seconds = run_of(5);
  for (std::uint32_t i = 0; i < 27; ++i) seconds.push_back(kStart + kDay + i);
  EXPECT_EQ(order_of(seconds), seconds);
  EXPECT_EQ(order_of({kStart, kStart + kDay}), (std::vector{kStart, kStart + kDay}));
}

TEST(Lookahead, AWildPacketInTheMiddleStandsAtTheClock) {
  for (const std::size_t at : {std::size_t{10}, std::size_t{60}}) {
    auto seconds = run_of(100);
    auto wanted = seconds;
    seconds[at] = seconds[at + 1] = kWild;
    wanted[at] = wanted[at + 1] = kStart + static_cast<std::uint32_t>(at) - 1;
    EXPECT_EQ(order_of(seconds), wanted);
  }
}

TEST(Lookahead, AJumpThatNothingContradictsIsOne) {
  for (std::size_t after = 1; after <= 3; ++after) {
    auto seconds = run_of(40);
    for (std::size_t i = 0; i < after; ++i) seconds.push_back(kStart + kDay);
    EXPECT_EQ(order_of(seconds), seconds) << after;
  }
}

}  // namespace
}  // namespace tapdeck::engine
