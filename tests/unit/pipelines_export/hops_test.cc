#include "pipelines/export/hops.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/pipelines_export/fake_store.h"

namespace tapdeck::exports {
namespace {

constexpr std::uint8_t kCaller = 0;
constexpr std::uint8_t kCallee = 1;

// Streams of 20 ms packets between hosts, each with its row in the record.
struct Path {
  CallRecord call = two_party_call();
  MediaIndex index;
  WavPlan plan;

  Path() {
    call.parties[kCaller].ip = make_ipv4(1);
    call.parties[kCallee].ip = make_ipv4(4);
  }

  MediaStream& add(std::uint8_t party,
                   std::uint32_t from,
                   std::uint32_t to,
                   std::int64_t begin_ms,
                   std::int64_t end_ms) {
    MediaStream stream;
    stream.source = {make_ipv4(from), 4'000};
    stream.destination = {make_ipv4(to), 4'000};
    stream.ssrc = static_cast<std::uint32_t>(index.streams.size()) + 1;
    MediaRecord media;
    media.source = stream.source;
    media.destination = stream.destination;
    media.ssrc = stream.ssrc;
    media.party = party;
    call.media.push_back(media);
    for (std::int64_t at = begin_ms; at < end_ms; at += 20) {
      PacketEntry packet;
      packet.arrival_us = at * 1'000;
      packet.is_rtp = true;
      packet.payload_bytes = 160;
      packet.sequence = static_cast<std::uint16_t>(at / 20 + 1'000 * stream.ssrc);
      packet.timestamp = static_cast<std::uint32_t>(at * 8);
      stream.packets.push_back(packet);
    }
    StreamPlan of;
    of.side = party == kCaller ? Side::kLeft : Side::kRight;
    of.codings[0] = Coding::kUlaw;
    plan.streams.push_back(of);
    index.streams.push_back(stream);
    return index.streams.back();
  }

  std::ptrdiff_t heard(std::size_t stream) {
    if (plan.streams[stream].side == Side::kNone) return 0;
    const auto& packets = index.streams[stream].packets;
    return std::count_if(packets.begin(), packets.end(), [](const PacketEntry& packet) {
      return !packet.is_heard_elsewhere;
    });
  }
};

TEST(Hops, AudioOfAFurtherHopIsLeftOutWhileTheFirstHasIt) {
  Path path;
  path.add(kCaller, 3, 4, 1'020, 9'000);  // seen first, and not the caller's
  path.add(kCaller, 1, 2, 1'000, 5'000);
  path.add(kCallee, 4, 3, 1'000, 5'000);
  path.add(kCallee, 2, 1, 1'060, 5'060);
  leave_out_hops(path.call, path.index, path.plan);
  EXPECT_EQ(path.heard(1), 200);
  EXPECT_EQ(path.heard(0), (9'000 - 5'500) / 20);
  EXPECT_EQ(path.heard(3), 200) << "what the caller hears";
  EXPECT_EQ(path.heard(2), 0);
  EXPECT_EQ(path.plan.notes.size(), 1U);
}

TEST(Hops, WhatOneHostSendsOrGetsOrAnotherPartySaysIsNoFurtherHop) {
  for (const int which : {0, 1, 2, 3}) {
    Path path;
    path.add(kCaller, 1, 2, 1'000, 5'000);
    path.add(which == 2 ? 2 : kCaller,
             which == 0 ? 1 : 3,
             which == 1 ? 2 : 4,
             which == 3 ? 4'000 : 1'000,  // it has moved
             9'000);
    leave_out_hops(path.call, path.index, path.plan);
    EXPECT_EQ(path.heard(0), 200) << which;
    EXPECT_EQ(path.heard(1), which == 3 ? 250 : 400) << which;
    EXPECT_TRUE(path.plan.notes.empty()) << which;
  }
}

TEST(Hops, ABranchThatDidNotAnswerIsHeardWhileNothingElseIs) {
  constexpr std::uint8_t kFork = 2;
  Path path;
  path.add(kFork, 5, 1, 1'000, 6'000);    // an announcement, and on into the talk
  path.add(kCallee, 4, 1, 5'000, 9'000);  // who answered
  path.add(kCaller, 1, 4, 5'000, 9'000);
  leave_out_hops(path.call, path.index, path.plan);
  EXPECT_EQ(path.heard(0), (4'500 - 1'000) / 20);
  EXPECT_EQ(path.heard(1), 200);
  EXPECT_EQ(path.heard(2), 200);
  EXPECT_EQ(path.plan.notes.size(), 1U);
}

TEST(Hops, WhatCannotBeDecodedSilencesNothing) {
  Path path;
  path.add(kCaller, 1, 2, 1'000, 5'000);
  path.add(kCaller, 3, 4, 1'000, 5'000);
  path.plan.streams[0].codings[0] = Coding::kUnknown;
  leave_out_hops(path.call, path.index, path.plan);
  EXPECT_EQ(path.heard(1), 200);
}

TEST(Hops, TheSameStreamOnAFurtherHopIsLeftOutAsAWhole) {
  Path path;
  path.add(kCaller, 1, 2, 1'000, 5'000);
  MediaStream& copy = path.add(kCaller, 2, 4, 1'000, 5'000);
  path.call.media[1].ssrc = copy.ssrc = 1;
  for (PacketEntry& packet : copy.packets) {
    packet.sequence = static_cast<std::uint16_t>(packet.sequence - 1'000);
  }
  leave_out_hops(path.call, path.index, path.plan);
  EXPECT_EQ(path.plan.streams[1].side, Side::kNone);
  EXPECT_EQ(path.heard(0), 200);
}

}  // namespace
}  // namespace tapdeck::exports
