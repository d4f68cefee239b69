// Event codes in single packets, and in the records of a chunk.
#include "engine/dtmf_mask.h"

#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "engine/chunker.h"
#include "tests/unit/engine/dtmf_types.h"

namespace tapdeck::engine {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kAudio = 0;

// `flags` is the first byte of the RTP header.
Bytes rtp(std::uint8_t type, const Bytes& payload, std::uint8_t flags = 0x80) {
  Bytes packet{flags, type, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2};
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// The header of a block of RFC 2198 that another one follows.
Bytes block(std::uint8_t type, std::uint16_t length) {
  return {static_cast<std::uint8_t>(0x80 | type),
          2,
          static_cast<std::uint8_t>(0x80 | length >> 8),
          static_cast<std::uint8_t>(length)};
}

Bytes masked(Bytes packet, MaskVerdict verdict = MaskVerdict::kDone) {
  EXPECT_EQ(mask_dtmf(packet, dtmf_types()), verdict);
  const Bytes once = packet;
  mask_dtmf(packet, dtmf_types());
  EXPECT_EQ(packet, once) << "what is masked stays as it is";
  return once;
}

TEST(DtmfMask, WhatNobodyDeclaredIsAnEventByItsLength) {
  DtmfTypes guessed;
  guessed.guess();
  Bytes event = rtp(kEventType, {5, 10, 0, 160});
  EXPECT_EQ(newest_key(event, guessed), 5);
  mask_dtmf(event, guessed);
  EXPECT_EQ(event[12], kMaskedEvent);
  for (const std::size_t bytes : {3U, 5U, 8U, 160U}) {
    const Bytes audio = rtp(kEventType, Bytes(bytes, 5));
    Bytes same = audio;
    EXPECT_EQ(newest_key(audio, guessed), std::nullopt);
    mask_dtmf(same, guessed);
    EXPECT_EQ(same, audio);
  }
}

TEST(DtmfMask, TheNewestKeyIsRead) {
  const auto key_of = [](const Bytes& packet) {
    const auto key = newest_key(packet, dtmf_types());
    return key ? int{*key} : -1;
  };
  EXPECT_EQ(key_of(rtp(kEventType, {11, 0x8a, 0x03, 0x20})), 11);
  EXPECT_EQ(key_of(rtp(kEventType, {16, 0x8a, 0x03, 0x20})), -1);
  EXPECT_EQ(key_of(rtp(kEventType, {})), -1);
  EXPECT_EQ(key_of(rtp(0, {1, 2, 3, 4})), -1);
  Bytes red = block(kEventType, 4);
  const Bytes newest{kEventType, 9, 10, 0, 160, 3, 10, 0, 160};
  red.insert(red.end(), newest.begin(), newest.end());
  EXPECT_EQ(key_of(rtp(kRedundantType, red)), 3);
  for (std::size_t left = 0; left + 4 <= red.size(); ++left) {
    const Bytes cut(red.begin(), red.begin() + static_cast<std::ptrdiff_t>(left));
    EXPECT_EQ(key_of(rtp(kRedundantType, cut)), -1) << left;
  }
  EXPECT_EQ(key_of({0x80, kEventType}), -1);
}

TEST(DtmfMask, EachKeyBecomesTheSameUnknownEvent) {
  for (std::uint8_t key = 0; key <= 15; ++key) {
    EXPECT_EQ(masked(rtp(kEventType, {key, 0x8a, 0x03, 0x20})),
              rtp(kEventType, {255, 0x8a, 0x03, 0x20}))
        << "end bit, volume and duration stay";
  }
  EXPECT_EQ(masked(rtp(kEventType | 0x80, {5, 10, 0, 160})),
            rtp(kEventType | 0x80, {255, 10, 0, 160}))
      << "a marker is not of the payload type";
}

TEST(DtmfMask, EventsThatAreNoKeysStay) {
  for (const int code : {16, 32, 64, 128, 255}) {
    const Bytes packet = rtp(kEventType, {static_cast<std::uint8_t>(code), 10, 0, 160});
    EXPECT_EQ(masked(packet), packet);
  }
}

TEST(DtmfMask, AllEventsOfAPacketAreMaskedAndOnlyTheirCodes) {
  EXPECT_EQ(masked(rtp(kEventType, {1, 2, 3, 4, 66, 2, 3, 4, 11, 1, 1, 1})),
            rtp(kEventType, {255, 2, 3, 4, 66, 2, 3, 4, 255, 1, 1, 1}));
  EXPECT_EQ(masked(rtp(kEventType, {1, 2, 3, 4, 9, 2})), rtp(kEventType, {255, 2, 3, 4, 255, 2}))
      << "one that the capture cut";
}

TEST(DtmfMask, OtherTypesStay) {
  const Bytes audio = rtp(kAudio, {1, 2, 3, 4});
  EXPECT_EQ(masked(audio), audio);
  Bytes events = rtp(kEventType, {1, 2, 3, 4});
  const Bytes before = events;
  mask_dtmf(events, {});
  EXPECT_EQ(events, before) << "a call whose digits are not masked";
  DtmfTypes red_alone;
  red_alone.redundant.add(kRedundantType);
  Bytes red = rtp(kRedundantType, joined({{kAudio}, {1, 2}}));
  mask_dtmf(red, red_alone);
  EXPECT_EQ(red, rtp(kRedundantType, joined({{kAudio}, {1, 2}})));
}

TEST(DtmfMask, HeaderExtensionAndSourcesShiftThePayload) {
  const Bytes sources{1, 1, 1, 1, 2, 2, 2, 2};
  const Bytes extension{0xbe, 0xde, 0, 1, 3, 3, 3, 3};
  const auto packet = [&](std::uint8_t key) {
    return rtp(kEventType, joined({sources, extension, {key, 10, 0, 160}}), 0x92);
  };
  EXPECT_EQ(masked(packet(5)), packet(255));
  for (const Bytes& cut : {rtp(kEventType, {1, 1}, 0x81),
                           rtp(kEventType, {1, 1}, 0x90),
                           rtp(kEventType, {0, 0, 0, 9, 1, 1}, 0x90)}) {
    EXPECT_EQ(masked(cut), cut) << "cut within its header";
  }
  EXPECT_EQ(masked({0x80, kEventType, 5}), (Bytes{0x80, kEventType, 5}));
}

TEST(DtmfMask, PaddingStaysWhereItIsPadding) {
  EXPECT_EQ(masked(rtp(kEventType, {5, 10, 0, 160, 0, 0, 0, 4}, 0xa0)),
            rtp(kEventType, {255, 10, 0, 160, 0, 0, 0, 4}, 0xa0));
  EXPECT_EQ(masked(rtp(kEventType, {5, 10, 0, 160, 1}, 0xa0)),
            rtp(kEventType, {255, 10, 0, 160, 1}, 0xa0))
      << "a count where an event could begin";
  EXPECT_EQ(masked(rtp(kEventType, {5, 10, 0, 6}, 0xa0)), rtp(kEventType, {255, 10, 0, 6}, 0xa0))
      << "a count that leaves no event";
  EXPECT_EQ(masked(rtp(kEventType, {5, 10, 0, 0}, 0xa0)), rtp(kEventType, {255, 10, 0, 0}, 0xa0));
}

TEST(DtmfMask, BlocksOfEventsAreMaskedAndOthersNot) {
  const auto packet = [](std::uint8_t first, std::uint8_t second, std::uint8_t last) {
    return rtp(kRedundantType,
               joined({block(kEventType, 8),
                       block(kAudio, 3),
                       {kEventType},
                       {first, 10, 0, 160, second, 10, 0, 80},
                       {1, 2, 3},
                       {last, 10, 0, 160}}));
  };
  EXPECT_EQ(masked(packet(1, 2, 3)), packet(255, 255, 255));
  const Bytes audio_last =
      rtp(kRedundantType, joined({block(kEventType, 4), {kAudio}, {7, 10, 0, 1}, {1, 2}}));
  EXPECT_EQ(masked(audio_last),
            rtp(kRedundantType, joined({block(kEventType, 4), {kAudio}, {255, 10, 0, 1}, {1, 2}})));
  const Bytes empty = rtp(kRedundantType, joined({block(kEventType, 0), {kAudio}, {1, 2}}));
  EXPECT_EQ(masked(empty), empty) << "a block of nothing";
  const Bytes audio = rtp(kRedundantType, joined({block(kAudio, 2), {kAudio}, {1, 2, 3, 4}}));
  EXPECT_EQ(masked(audio), audio);
}

TEST(DtmfMask, BlocksThatDoNotFitAreOverwrittenWhole) {
  EXPECT_EQ(
      masked(rtp(kRedundantType, joined({block(kEventType, 9), {kAudio}, {7, 10, 0, 1, 1, 2}})),
             MaskVerdict::kBadBlocks),
      rtp(kRedundantType,
          joined({block(kEventType, 9), {kAudio}, {255, 255, 255, 255, 255, 255}})));
  EXPECT_EQ(masked(rtp(kRedundantType, joined({block(kEventType, 4), {0x85, 10, 0}})),
                   MaskVerdict::kBadBlocks),
            rtp(kRedundantType, joined({block(kEventType, 4), {255, 255, 255}})))
      << "headers without an end";
  EXPECT_EQ(masked(rtp(kRedundantType, block(kEventType, 4)), MaskVerdict::kBadBlocks),
            rtp(kRedundantType, block(kEventType, 4)));
  const Bytes audio = rtp(kRedundantType, joined({block(kAudio, 9), {kAudio}, {1, 2}}));
  EXPECT_EQ(masked(audio), audio) << "that name no events";
}

TEST(DtmfMask, RecordsOfAChunkAreMaskedAndBadBlocksCounted) {
  auto chunk = std::make_unique<Chunk>();
  const Bytes event = rtp(kEventType, {5, 10, 0, 160});
  const Bytes audio = rtp(kAudio, {5, 10, 0, 160});
  const Bytes bad = rtp(kRedundantType, joined({block(kEventType, 9), {kAudio}, {7}}));
  for (const Bytes& packet : {event, audio, bad, event}) {
    std::memcpy(chunk->append(RecordKind::kRtp, 0, packet.size()), packet.data(), packet.size());
  }
  std::memcpy(chunk->append(RecordKind::kGap, 0, 5), "\x01\x00\x00\x00\x01", 5);
  WorkerCounters counters;
  mask_records(*chunk, chunk->section.record_bytes, dtmf_types(), counters);
  EXPECT_EQ(counters.value(DropReason::kRedMalformed), 1U);
  const std::uint8_t* at = chunk->records.data();
  const auto next = [&] {
    const RecordHead head = read_head(at);
    const Bytes bytes(at + kRecordHeaderBytes, at + head.bytes);
    at += head.bytes;
    return bytes;
  };
  const Bytes event_masked = rtp(kEventType, {255, 10, 0, 160});
  EXPECT_EQ(next(), event_masked);
  EXPECT_EQ(next(), audio);
  EXPECT_EQ(next(), rtp(kRedundantType, joined({block(kEventType, 9), {kAudio}, {255}})));
  EXPECT_EQ(next(), event_masked);
  EXPECT_EQ(next(), (Bytes{1, 0, 0, 0, 1}));
}

TEST(DtmfMask, AStreamMayHaveToldKeysWhenOneOfItsTypesDoes) {
  StreamCold cold{};
  cold.payload_types[0].payload_type = kAudio;
  cold.payload_type_count = 1;
  EXPECT_FALSE(may_need_masking(cold));
  cold.dtmf = dtmf_types();
  cold.mask_keys = true;
  EXPECT_FALSE(may_need_masking(cold));
  cold.payload_types[1].payload_type = kRedundantType;
  EXPECT_FALSE(may_need_masking(cold)) << "not counted yet";
  cold.payload_type_count = 2;
  EXPECT_TRUE(may_need_masking(cold));
  cold.payload_types[1].payload_type = kAudio;
  cold.payload_type_count = kStreamPayloadTypesMax;
  EXPECT_TRUE(may_need_masking(cold)) << "there may be more types than are listed";
  cold.mask_keys = false;
  EXPECT_FALSE(may_need_masking(cold));
  cold.mask_keys = true;
  cold.dtmf = {};
  EXPECT_FALSE(may_need_masking(cold));
}

}  // namespace
}  // namespace tapdeck::engine
