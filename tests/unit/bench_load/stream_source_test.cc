// Everything that could happen to a packet between sender and chunk must be told from every other.
#include "bench/load/stream_source.h"

#include <array>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "engine/decode/classify.h"
#include "engine/decode/decode.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kUdpPayloadAt = 42;
using Frame = std::array<std::uint8_t, StreamSource::kFrameBytes>;

class SourceTest : public ::testing::Test {
 protected:
  // The next packet of the source.
  Frame write() {
    Frame frame{};
    StreamSource::prepare(frame.data(), ++seed_);
    source_.write(frame.data());
    return frame;
  }

  static std::uint32_t stream_of(const Frame& frame) {
    return load_be<std::uint32_t>(frame.data() + kUdpPayloadAt + 8);
  }

  void read_back(const Frame& frame) { read_back(frame, stream_of(frame)); }

  // As a chunk of one packet.
  void read_back(const Frame& frame, std::uint32_t stream) {
    std::vector<std::uint8_t> records(6 + StreamSource::kRtpBytes);
    store_le(records.data(), static_cast<std::uint16_t>(StreamSource::kRtpBytes));
    std::memcpy(records.data() + 6, frame.data() + kUdpPayloadAt, StreamSource::kRtpBytes);
    SectionHeader section{};
    section.ssrc = stream;
    section.packet_count = 1;
    source_.read_back(section, records);
  }

  std::uint64_t seed_ = 0;
  StreamSource source_{3};
};

TEST_F(SourceTest, WhatCameBackWholeIsRight) {
  for (int i = 0; i < 30; ++i) read_back(write());
  const StreamSource::Comparison found = source_.compare();
  EXPECT_EQ(found.sent, 30U);
  EXPECT_EQ(found.missing + found.damaged + found.wrong_streams, 0U);
  EXPECT_EQ(source_.found(), 30U);
}

TEST_F(SourceTest, FramesAreRtpToTheirStreams) {
  const Frame frame = write();
  engine::Decoded decoded;
  engine::decode({.bytes = frame}, {}, decoded);
  engine::PortSet sip_ports;
  EXPECT_EQ(engine::classify_udp(decoded, sip_ports), engine::PayloadKind::kRtp);
  EXPECT_EQ(decoded.destination, source_.destination(stream_of(frame)));
  std::uint32_t sum = 0;  // of the IP header, its checksum included
  for (std::size_t at = 14; at < 34; at += 2) sum += load_be<std::uint16_t>(frame.data() + at);
  EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffffU);
}

TEST_F(SourceTest, WhatNobodyTookIsNotMissing) {
  source_.skip();
  const Frame refused = write();
  source_.take_back(refused.data());
  read_back(write());
  const StreamSource::Comparison found = source_.compare();
  EXPECT_EQ(found.sent, 1U);
  EXPECT_EQ(found.missing + found.damaged + found.wrong_streams, 0U);
}

TEST_F(SourceTest, WhatIsLostIsMissing) {
  static_cast<void>(write());
  read_back(write());
  EXPECT_EQ(source_.compare().missing, 1U);
  EXPECT_EQ(source_.compare().wrong_streams, 0U);
}

TEST_F(SourceTest, OneByteOfTheSamplesIsDamage) {
  Frame frame = write();
  frame.back() ^= 1;
  read_back(frame);
  EXPECT_EQ(source_.compare().damaged, 1U);
}

TEST_F(SourceTest, AnotherNumberIsDamageOrAWrongStream) {
  Frame frame = write();
  frame[kUdpPayloadAt + 3] ^= 1;  // the sequence number no longer fits the time stamp
  read_back(frame);
  EXPECT_EQ(source_.compare().damaged, 1U);
}

TEST_F(SourceTest, SamplesOfAnotherPacketAreAWrongStream) {
  Frame one = write();
  const Frame other = write();
  std::memcpy(one.data() + kUdpPayloadAt + 12, other.data() + kUdpPayloadAt + 12, 160);
  read_back(one);
  EXPECT_EQ(source_.compare().damaged, 0U);
  EXPECT_EQ(source_.compare().wrong_streams, 1U);
}

TEST_F(SourceTest, TwiceIsAWrongStream) {
  const Frame frame = write();
  read_back(frame);
  read_back(frame);
  EXPECT_EQ(source_.compare().wrong_streams, 1U);
}

TEST_F(SourceTest, InTheChunkOfAnotherStreamIsDamage) {
  const Frame frame = write();
  read_back(frame, (stream_of(frame) + 1) % 3);
  EXPECT_EQ(source_.compare().damaged, 1U);
  read_back(frame, 7);  // no stream of ours
  EXPECT_EQ(source_.compare().damaged, 2U);
}

TEST_F(SourceTest, WhatWasSentBeforeTheTrialIsNotCompared) {
  const Frame early = write();
  source_.begin();
  read_back(early);
  read_back(write());
  const StreamSource::Comparison found = source_.compare();
  EXPECT_EQ(found.sent, 1U);
  EXPECT_EQ(source_.found(), 1U);
  EXPECT_EQ(found.missing + found.damaged + found.wrong_streams, 0U);
}

// A worker writes one wherever it has dropped something.
TEST_F(SourceTest, AGapRecordIsNoDamageAndHidesNothingBehindIt) {
  std::vector<std::uint8_t> records;
  const auto add = [&records](RecordKind kind, ByteView bytes) {
    std::array<std::uint8_t, kRecordHeaderBytes> head{};
    store_le(head.data(),
             static_cast<std::uint16_t>(bytes.size() | static_cast<std::size_t>(kind) << 14));
    records.insert(records.end(), head.begin(), head.end());
    records.insert(records.end(), bytes.begin(), bytes.end());
  };
  const Frame first = write();
  SectionHeader section{};
  section.ssrc = stream_of(first);
  section.packet_count = 2;
  add(RecordKind::kRtp, ByteView{first}.subspan(kUdpPayloadAt));
  add(RecordKind::kGap, std::array<std::uint8_t, kGapRecordBytes>{7, 0, 0, 0, 2});
  Frame next = write();
  while (stream_of(next) != section.ssrc) {
    read_back(next);
    next = write();
  }
  add(RecordKind::kRtp, ByteView{next}.subspan(kUdpPayloadAt));
  source_.read_back(section, records);
  const StreamSource::Comparison found = source_.compare();
  EXPECT_EQ(found.gaps, 7U);
  EXPECT_EQ(found.missing + found.damaged + found.wrong_streams, 0U);
  EXPECT_EQ(source_.found(), found.sent);
  const Tally tally = tally_section(section, records);
  EXPECT_EQ(tally.packets, 2U);
  EXPECT_EQ(tally.gaps, 7U);
  EXPECT_EQ(tally.damaged, 0U);
  records.pop_back();
  EXPECT_GT(tally_section(section, records).damaged, 0U) << "cut short";
}

TEST(StreamSource, RanksAreSilentUntilTheirTurn) {
  StreamSource source(2 * StreamSource::kRanks);
  source.set_rank(1);
  Frame frame{};
  StreamSource::prepare(frame.data(), 1);
  for (int i = 0; i < 50; ++i) EXPECT_LE(source.write(frame.data()) % StreamSource::kRanks, 1U);
}

}  // namespace
}  // namespace tapdeck::load
