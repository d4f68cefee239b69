// Keys in media of calls: what leaves the worker has none, whenever SDP told of their payload type.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include <gtest/gtest.h>

#include "engine/media.h"
#include "tests/unit/engine/dtmf_types.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

void send(Bench& bench,
          std::uint16_t sequence,
          std::uint8_t payload_type,
          std::initializer_list<std::uint8_t> payload,
          std::uint16_t begun = 0) {  // with which packet the event began; 0: with this one
  bench.send(testing::PacketBuilder()
                 .ipv4("192.0.2.1", "192.0.2.2")
                 .udp(4'000, 5'000)
                 .rtp({.payload_type = payload_type,
                       .sequence = sequence,
                       .timestamp = (begun != 0 ? begun : sequence) * 160U,
                       .ssrc = 1,
                       .payload_bytes = 0})
                 .append(payload)
                 .bytes());
  bench.step();
}

void audio(Bench& bench, std::uint16_t sequence) { send(bench, sequence, 0, {1, 2, 3, 4}); }

void key(Bench& bench, std::uint16_t sequence, std::uint8_t code, std::uint8_t type = kEventType) {
  send(bench, sequence, type, {code, 10, 0, 160});
}

void bind(Bench& bench,
          const char* address,
          const DtmfTypes& to,
          const DtmfTypes& from = {},
          std::uint32_t call = 1) {
  BindMessage message = bench.message(BindOperation::kBind, call, address);
  message.dtmf_to = to;
  message.dtmf_from = from;
  ASSERT_TRUE(bench.rings_->push_bind(message));
  bench.step();
}

// The first payload byte of each packet, in the order in which they leave the worker.
std::vector<int> first_bytes(Bench& bench, std::uint32_t call = 1) {
  bench.tell(BindOperation::kRelease, call, nullptr);
  std::vector<int> bytes;
  for (const Chunk* chunk : bench.chunks()) {
    for (const Record& record : records_of(*chunk)) {
      if (record.kind == RecordKind::kRtp) bytes.push_back(record.bytes[12]);
    }
  }
  return bytes;
}

using Codes = std::vector<int>;

TEST(MediaMasking, KeysOfACallAreMaskedAsTheyAreKept) {
  Bench bench;
  bind(bench, kDestination, dtmf_types());
  key(bench, 1, 5);  // the first packet of its stream, too
  audio(bench, 2);
  key(bench, 3, 6);
  key(bench, 4, 66);
  send(bench, 5, kRedundantType, {0x80 | kEventType, 0, 0, 4, 0, 9, 10, 0, 160, 8});
  audio(bench, 6);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 1U);
  const auto records = records_of(*chunks[0]);
  ASSERT_EQ(records.size(), 6U);
  Codes codes;
  for (const Record& record : records) codes.push_back(record.bytes[12]);
  EXPECT_EQ(codes, (Codes{255, 1, 255, 66, 0x80 | kEventType, 1}));
  const std::array<std::uint8_t, 5> block{255, 10, 0, 160, 8};
  EXPECT_TRUE(std::ranges::equal(records[4].bytes.subspan(17), block));
}

std::vector<int> keys_told(Bench& bench) {
  std::vector<int> keys;
  for (const StreamReport& report : bench.reports()) {
    if (report.kind == StreamReportKind::kKey) keys.push_back(report.key);
  }
  return keys;
}

TEST(MediaMasking, KeysAreToldOnceEachWhereThatIsAskedFor) {
  for (const bool masks : {true, false}) {
    Bench bench;
    BindMessage message = bench.message(BindOperation::kBind, 1, kDestination);
    message.dtmf_to = dtmf_types();
    message.tell_keys = true;
    message.mask_keys = masks;
    ASSERT_TRUE(bench.rings_->push_bind(message));
    bench.step();
    audio(bench, 1);
    key(bench, 2, 11);
    const auto again = [&bench](std::uint16_t sequence, std::uint16_t of) {
      send(bench, sequence, kEventType, {11, 0x8a, 1, 64}, of);
    };
    again(3, 2);
    again(4, 2);
    key(bench, 5, 66);  // no key
    send(bench,
         6,
         kRedundantType,
         {0x80 | kEventType, 0, 0, 4, kEventType, 9, 10, 0, 160, 7, 10, 0, 160});
    bench.wait_ms(1);
    bench.tell(BindOperation::kPause, 1, nullptr);
    key(bench, 7, 8);
    again(5, 2);  // late
    EXPECT_EQ(keys_told(bench), (Codes{11, 7, 8}));
    const Codes kept = first_bytes(bench);
    EXPECT_EQ(kept.at(1), masks ? 255 : 11);
  }
}

TEST(MediaMasking, NobodyIsToldOfKeysUnasked) {
  Bench bench;
  bind(bench, kDestination, dtmf_types());
  key(bench, 1, 5);
  EXPECT_TRUE(keys_told(bench).empty());
}

TEST(MediaMasking, WithoutTypesToMaskAllStays) {
  Bench bench;
  bind(bench, kDestination, {});
  key(bench, 1, 5);
  key(bench, 2, 5);
  EXPECT_EQ(first_bytes(bench), (Codes{5, 5}));
}

TEST(MediaMasking, WhatWaitedInQuarantineIsMaskedAsItIsAdopted) {
  Bench bench;
  key(bench, 1, 1);  // held in probation
  key(bench, 2, 2);
  for (std::uint16_t i = 3; i < 900; ++i) audio(bench, i);  // more than a chunk
  key(bench, 900, 3);
  bind(bench, kDestination, dtmf_types());
  key(bench, 901, 4);
  const Codes codes = first_bytes(bench);
  ASSERT_EQ(codes.size(), 901U);
  EXPECT_EQ(codes[0], 255);
  EXPECT_EQ(codes[1], 255);
  EXPECT_EQ(codes[2], 1) << "audio stays";
  EXPECT_EQ(codes[899], 255);
  EXPECT_EQ(codes[900], 255);
}

TEST(MediaMasking, APacketHeldInProbationIsMaskedAsItIsAdopted) {
  Bench bench;
  key(bench, 1, 1);
  bind(bench, kDestination, dtmf_types());
  EXPECT_EQ(first_bytes(bench), Codes{255});
}

TEST(MediaMasking, ATypeThatIsToldLateIsMaskedInTheOpenChunk) {
  Bench bench;
  bind(bench, kDestination, {});
  audio(bench, 1);
  key(bench, 2, 7);
  bind(bench, kDestination, dtmf_types());
  key(bench, 3, 8);
  bind(bench, kDestination, {});
  key(bench, 4, 9);
  EXPECT_EQ(first_bytes(bench), (Codes{1, 255, 255, 9}));
}

TEST(MediaMasking, BySourceTheTypesOfWhatIsSentFromThereCount) {
  Bench bench;
  bind(bench, kSource, dtmf_types(102), dtmf_types(kEventType));
  key(bench, 1, 1, kEventType);
  key(bench, 2, 2, 102);
  EXPECT_EQ(first_bytes(bench), (Codes{255, 2}));
}

TEST(MediaMasking, AnotherCallsTypesAreItsOwn) {
  Bench bench;
  bind(bench, kDestination, dtmf_types());
  key(bench, 1, 1);
  bench.wait_ms(1'000);
  bind(bench, kDestination, {}, {}, 2);  // takes the stream over
  key(bench, 2, 2);
  EXPECT_EQ(first_bytes(bench, 2), (Codes{255, 2}));
}

TEST(MediaMasking, BadBlocksAreCountedAndKept) {
  Bench bench;
  bind(bench, kDestination, dtmf_types());
  send(bench, 1, kRedundantType, {0x80 | kEventType, 0, 0, 9, 0, 9, 10});
  EXPECT_EQ(bench.count(DropReason::kRedMalformed), 1U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 1U);
  const auto records = records_of(*chunks[0]);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].bytes.size(), 12U + 7U);
  EXPECT_EQ(records[0].bytes[17], 255);
  EXPECT_EQ(records[0].bytes[18], 255);
}

TEST(MediaMasking, StatisticsKnowNothingOfIt) {
  std::array<StreamStatistics, 2> seen;
  for (const bool masks : {false, true}) {
    Bench bench;
    bind(bench, kDestination, masks ? dtmf_types() : DtmfTypes{});
    for (std::uint16_t i = 1; i < 20; ++i) {
      bench.wait_ms(20);
      key(bench, i, 5);
    }
    bench.worker_->for_each_stream(
        [&](const StreamView& view) { seen[masks ? 1 : 0] = view.report.statistics; });
  }
  EXPECT_EQ(seen[0].packet_count, seen[1].packet_count);
  EXPECT_EQ(seen[0].payload_bytes, seen[1].payload_bytes);
  EXPECT_EQ(seen[0].payload_types[0].payload_type, kEventType);
  EXPECT_EQ(seen[1].payload_types[0].packet_count, 19U);
  EXPECT_EQ(seen[0].jitter_ms, seen[1].jitter_ms);
}

}  // namespace
}  // namespace tapdeck::engine
