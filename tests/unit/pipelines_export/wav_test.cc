#include <cstdint>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "pipelines/export/export.h"
#include "pipelines/export/g711.h"
#include "tests/unit/pipelines_export/fake_store.h"

namespace tapdeck::exports {
namespace {

using Samples = std::vector<std::int16_t>;

struct Stereo {
  ExportedFile file;
  Samples left;
  Samples right;
};

class WavTest : public ::testing::Test {
 protected:
  ExportOutcome outcome() {
    Result<ExportOutcome> result = export_wav(store_, call_, folder_.file("a.wav"));
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : ExportOutcome(Explained{"failed"});
  }

  Stereo listen() {
    ExportOutcome result = outcome();
    Stereo stereo;
    if (const auto* explained = std::get_if<Explained>(&result)) {
      ADD_FAILURE() << explained->reason;
      return stereo;
    }
    stereo.file = std::get<ExportedFile>(result);
    const std::string bytes = read_file(stereo.file.path);
    EXPECT_EQ(bytes.size(), stereo.file.bytes);
    for (std::size_t at = 44; at + 4 <= bytes.size(); at += 4) {
      stereo.left.push_back(static_cast<std::int16_t>(load_le<std::uint16_t>(bytes.data() + at)));
      stereo.right.push_back(
          static_cast<std::int16_t>(load_le<std::uint16_t>(bytes.data() + at + 2)));
    }
    return stereo;
  }

  std::string explained() {
    ExportOutcome result = outcome();
    const auto* reason = std::get_if<Explained>(&result);
    EXPECT_EQ(folder_.count(), reason == nullptr ? 1u : 0u) << "no file without an export";
    return reason == nullptr ? "" : reason->reason;
  }

  TemporaryFolder folder_;
  FakeStore store_;
  CallRecord call_ = two_party_call();
};

// 160 codes, different from packet to packet.
std::string speech(unsigned packet) {
  std::string payload;
  for (unsigned i = 0; i < 160; ++i) payload.push_back(static_cast<char>(i * 7 + packet * 31));
  return payload;
}

// What speech() sounds like in A-law, a packet after the other.
void append(Samples& to, const std::string& payload, const G711Table& table = kAlawTable) {
  for (const char c : payload) to.push_back(table[static_cast<std::uint8_t>(c)]);
}

void append_silence(Samples& to, std::size_t count) { to.insert(to.end(), count, 0); }

// `count` packets of 20 ms from `first` on, arriving on time.
void talk(FakeStream& stream, std::int64_t after_us, unsigned first, unsigned count) {
  for (unsigned i = first; i < first + count; ++i) {
    stream.rtp(
        after_us + (i - first) * 20'000, static_cast<std::uint16_t>(i), 1'000 + i * 160, speech(i));
  }
}

TEST(G711, PointsOfTheStandardsTables) {
  EXPECT_EQ(kAlawTable[0xd5], 8);
  EXPECT_EQ(kAlawTable[0x55], -8);
  EXPECT_EQ(kAlawTable[0xaa], 32'256);
  EXPECT_EQ(kAlawTable[0x2a], -32'256);
  EXPECT_EQ(kAlawTable[0x80], 5'504);
  EXPECT_EQ(kAlawTable[0xc5], 264);  // first step of the second segment, 16 of 16 below
  EXPECT_EQ(kUlawTable[0xff], 0);
  EXPECT_EQ(kUlawTable[0x7f], 0);
  EXPECT_EQ(kUlawTable[0x00], -32'124);
  EXPECT_EQ(kUlawTable[0x80], 32'124);
  EXPECT_EQ(kUlawTable[0xfe], 8);
  EXPECT_EQ(kUlawTable[0xef], 132);
}

TEST_F(WavTest, EachSideIsSampleExact) {
  FakeStream caller(0, 1);
  FakeStream callee(1, 0);
  Samples left;
  Samples right;
  for (unsigned i = 0; i < 100; ++i) {
    caller.rtp(i * 20'000, static_cast<std::uint16_t>(i), i * 160, speech(i), 8);
    callee.rtp(i * 20'000, static_cast<std::uint16_t>(i), i * 160, speech(i + 5), 0);
    append(left, speech(i));
    append(right, speech(i + 5), kUlawTable);
  }
  store_.streams = {caller, callee};
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left);
  EXPECT_EQ(stereo.right, right);
  EXPECT_EQ(stereo.file.duration_ms, 2'000);
  EXPECT_TRUE(stereo.file.gaps.empty());
  EXPECT_EQ(stereo.file.sha256.size(), 64u);
}

TEST_F(WavTest, HeaderModeAndNoLeftovers) {
  FakeStream caller(0, 1);
  talk(caller, 0, 0, 1);
  store_.streams = {caller};
  const Stereo stereo = listen();
  const std::string bytes = read_file(stereo.file.path);
  ASSERT_EQ(bytes.size(), 44u + 640u);
  EXPECT_EQ(bytes.substr(0, 4), "RIFF");
  EXPECT_EQ(load_le<std::uint32_t>(bytes.data() + 4), 36u + 640u);
  EXPECT_EQ(bytes.substr(8, 8), "WAVEfmt ");
  EXPECT_EQ(load_le<std::uint16_t>(bytes.data() + 22), 2);
  EXPECT_EQ(load_le<std::uint32_t>(bytes.data() + 24), 8'000u);
  EXPECT_EQ(load_le<std::uint32_t>(bytes.data() + 28), 32'000u);
  EXPECT_EQ(load_le<std::uint32_t>(bytes.data() + 40), 640u);

  struct stat found {};

  ASSERT_EQ(::stat(stereo.file.path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(folder_.count(), 1u) << "the temporary file is gone";
}

TEST_F(WavTest, SidesAreAlignedOnArrival) {
  FakeStream caller(0, 1);
  FakeStream callee(1, 0);
  talk(caller, 300'000, 0, 2);
  talk(callee, 0, 50, 1);
  store_.streams = {caller, callee};
  Samples left;
  append_silence(left, 2'400);
  append(left, speech(0));
  append(left, speech(1));
  Samples right;
  append(right, speech(50));
  append_silence(right, 2'400 + 160);
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left);
  EXPECT_EQ(stereo.right, right);
}

TEST_F(WavTest, JitterMovesNoSample) {
  FakeStream caller(0, 1);
  Samples left;
  for (unsigned i = 0; i < 50; ++i) {
    const unsigned jitter_us = i == 0 ? 0 : (i * 7'919) % 60'000;
    caller.rtp(i * 20'000 + jitter_us, static_cast<std::uint16_t>(i), i * 160, speech(i));
    append(left, speech(i));
  }
  store_.streams = {caller};
  EXPECT_EQ(listen().left, left);
}

TEST_F(WavTest, LossIsSilenceAndTold) {
  FakeStream caller(0, 1);
  talk(caller, 0, 0, 2);
  talk(caller, 5 * 20'000, 5, 1);
  store_.streams = {caller};
  Samples left;
  append(left, speech(0));
  append(left, speech(1));
  append_silence(left, 3 * 160);
  append(left, speech(5));
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left);
  ASSERT_EQ(stereo.file.gaps.size(), 1u);
  EXPECT_EQ(stereo.file.gaps[0].reason, "loss");
  EXPECT_EQ(stereo.file.gaps[0].packets, 3u);
  EXPECT_EQ(stereo.file.gaps[0].from_us, kT0 + 20'000);
  EXPECT_EQ(stereo.file.gaps[0].to_us, kT0 + 100'000);
}

TEST_F(WavTest, LossByUsIsToldApart) {
  FakeStream caller(0, 1);
  talk(caller, 0, 0, 1);
  caller.gap(50'000, 2, GapReason::kWriterFull);
  talk(caller, 4 * 20'000, 4, 1);
  store_.streams = {caller};
  const Stereo stereo = listen();
  ASSERT_EQ(stereo.file.gaps.size(), 2u);
  EXPECT_EQ(stereo.file.gaps[0].reason, "loss");
  EXPECT_EQ(stereo.file.gaps[0].packets, 1u) << "three are missing, two of them by us";
  EXPECT_EQ(stereo.file.gaps[1].reason, "loss_by_us");
  EXPECT_EQ(stereo.file.gaps[1].packets, 2u);
}

TEST_F(WavTest, ReorderedAndDuplicatedPackets) {
  FakeStream caller(0, 1);
  Samples left;
  const std::array<unsigned, 8> order = {1, 0, 2, 4, 3, 3, 2, 5};
  for (std::size_t i = 0; i < order.size(); ++i) {
    caller.rtp(static_cast<std::int64_t>(i) * 20'000,
               static_cast<std::uint16_t>(order[i]),
               order[i] * 160,
               speech(order[i]));
  }
  for (unsigned i = 0; i < 6; ++i) append(left, speech(i));
  store_.streams = {caller};
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left) << "also what the first packet overtook is there";
  EXPECT_TRUE(stereo.file.gaps.empty());
}

TEST_F(WavTest, SequenceAndTimestampWrap) {
  FakeStream caller(0, 1);
  Samples left;
  std::uint16_t sequence = 65'533;
  std::uint32_t timestamp = 0xffffffffU - 300;
  for (unsigned i = 0; i < 8; ++i, ++sequence, timestamp += 160) {
    caller.rtp(i * 20'000, sequence, timestamp, speech(i));
    append(left, speech(i));
  }
  store_.streams = {caller};
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left);
  EXPECT_TRUE(stereo.file.gaps.empty());
}

TEST_F(WavTest, SilenceSuppressionKeepsStep) {
  FakeStream caller(0, 1);
  talk(caller, 0, 0, 1);
  caller.rtp(20'000, 1, 1'160, std::string(1, '\x30'), 13);  // comfort noise
  caller.rtp(1'000'003, 2, 1'000 + 8'000, speech(2));        // late by 3 us, as clocks are
  store_.streams = {caller};
  Samples left;
  append(left, speech(0));
  append_silence(left, 8'000 - 160);
  append(left, speech(2));
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left);
  EXPECT_TRUE(stereo.file.notes.empty()) << "comfort noise is no codec that is missing";
}

TEST_F(WavTest, TelephoneEventsAreNoAudio) {
  call_.media.resize(1);
  FakeStream caller(0, 1);
  talk(caller, 0, 0, 1);
  caller.rtp(20'000, 1, 1'160, std::string(4, '\x05'), 101);
  caller.rtp(40'000, 2, 1'160, std::string(4, '\x05'), 101);
  caller.rtp(60'000, 3, 1'000 + 3 * 160, speech(3));
  store_.streams = {caller};
  MediaRecord& media = call_.media[0];
  media.source = {make_ipv4(0x0a000000), 4'000};
  media.destination = {make_ipv4(0x0a000001), 4'001};
  media.ssrc = 1;
  media.codecs = {{101, "telephone-event"}};
  Samples left;
  append(left, speech(0));
  append_silence(left, 320);
  append(left, speech(3));
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left);
  EXPECT_TRUE(stereo.file.gaps.empty()) << "events fill their sequence numbers";
}

TEST_F(WavTest, ANewSsrcIsAnchoredAtItsArrival) {
  FakeStream before(0, 1, 1);
  FakeStream after(0, 1, 2);
  before.rtp(0, 10, 1'000, speech(0));
  after.rtp(100'000, 777, 0xdeadbeef, speech(1));
  store_.streams = {before, after};
  Samples left;
  append(left, speech(0));
  append_silence(left, 800 - 160);
  append(left, speech(1));
  EXPECT_EQ(listen().left, left);
}

TEST_F(WavTest, ATimestampJumpIsAnchoredAtItsArrival) {
  FakeStream caller(0, 1);
  caller.rtp(0, 0, 1'000, speech(0));
  caller.rtp(20'000, 1, 500'000'000, speech(1));
  caller.rtp(40'000, 2, 500'000'160, speech(2));
  store_.streams = {caller};
  Samples left;
  for (unsigned i = 0; i < 3; ++i) append(left, speech(i));
  EXPECT_EQ(listen().left, left);
}

TEST_F(WavTest, ASequenceRestartGoesOn) {
  FakeStream caller(0, 1);
  talk(caller, 0, 100, 2);
  caller.rtp(40'000, 30'000, 77, speech(7));
  caller.rtp(60'000, 30'001, 77 + 160, speech(8));
  store_.streams = {caller};
  Samples left;
  append(left, speech(100));
  append(left, speech(101));
  append(left, speech(7));
  append(left, speech(8));
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left);
  EXPECT_TRUE(stereo.file.gaps.empty()) << "nobody knows of a loss there";
}

TEST_F(WavTest, SimultaneousStreamsOfOneSideAreMixedAndSaturate) {
  FakeStream callee(1, 0, 5);
  FakeStream announcement(1, 0, 6);
  callee.rtp(0, 0, 0, std::string("\xaa\xd5\x2a", 3));
  announcement.rtp(0, 9, 9, std::string("\xaa\xd5\x2a", 3));
  store_.streams = {callee, announcement};
  EXPECT_EQ(listen().right, (Samples{32'767, 16, -32'768}));
}

TEST_F(WavTest, LosingForksAreLeftOut) {
  FakeStream callee(1, 0);
  FakeStream fork(2, 0, 9);
  talk(callee, 0, 0, 3);
  talk(fork, 0, 40, 3);
  store_.streams = {callee, fork};
  Samples right;
  for (unsigned i = 0; i < 3; ++i) append(right, speech(i));
  EXPECT_EQ(listen().right, right);
}

TEST_F(WavTest, AStreamSeenOnTwoHopsIsHeardOnce) {
  FakeStream first(0, 1);
  FakeStream second(0, 1);
  second.header().source_port = 9'999;
  talk(first, 0, 0, 10);
  talk(second, 1'000, 0, 10);
  store_.streams = {first, second};
  Samples left;
  for (unsigned i = 0; i < 10; ++i) append(left, speech(i));
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.left, left);
  EXPECT_EQ(stereo.file.notes.size(), 1u);
}

TEST_F(WavTest, PaddingExtensionAndContributorsAreNoAudio) {
  FakeStream caller(0, 1);
  std::string packet = make_rtp(8, 0, 0, 1, "");
  packet[0] = static_cast<char>(0x80 | 0x20 | 0x10 | 1);
  packet += std::string(4, 'c') + std::string("\xbe\xde\x00\x01", 4) + std::string(4, 'e');
  caller.record(RecordKind::kRtp, 0, packet + "\xd5\x55" + std::string("\0\0\3", 3));
  store_.streams = {caller};
  EXPECT_EQ(listen().left, (Samples{8, -8}));
}

TEST_F(WavTest, AnUndecodableSideIsSilentWithANote) {
  FakeStream caller(0, 1);
  FakeStream callee(1, 0);
  talk(caller, 0, 0, 1);
  callee.rtp(0, 0, 0, std::string(20, 'x'), 18);
  store_.streams = {caller, callee};
  const Stereo stereo = listen();
  EXPECT_EQ(stereo.right, Samples(160, 0));
  EXPECT_EQ(stereo.file.notes, (std::vector<std::string>{"codec G729 not yet decodable"}));
}

TEST_F(WavTest, WhatCannotBeHeardIsExplained) {
  EXPECT_EQ(explained(), "no_media");
  call_.recording.reasons = {RecordingReason::kNotAnswered};
  EXPECT_EQ(explained(), "not_answered");
  FakeStream caller(0, 1);
  caller.rtp(0, 0, 0, std::string(20, 'x'), 18);
  caller.rtp(0, 1, 0, std::string(20, 'x'), 99);
  store_.streams = {caller};
  EXPECT_EQ(explained(), "codec G729 not yet decodable, codec payload type 99 not yet decodable");
  store_.media_destroyed = true;
  EXPECT_EQ(explained(), "Media destroyed.");
}

TEST_F(WavTest, AStreamOfYearsIsExplained) {
  FakeStream caller(0, 1);
  FakeStream callee(1, 0);
  talk(caller, 0, 0, 1);
  callee.header().base_us += 400LL * 86'400 * 1'000'000;
  talk(callee, 0, 0, 1);
  store_.streams = {caller, callee};
  EXPECT_EQ(explained(), "longer than a WAV file can be");
}

TEST_F(WavTest, BadRecordsAndBadPlacesAreErrors) {
  FakeStream caller(0, 1);
  talk(caller, 0, 0, 1);
  store_.streams = {caller};
  const auto nowhere = export_wav(store_, call_, folder_.file("missing/a.wav"));
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::kIo);
  store_.streams[0].header().base_us = -1'000'000'000;
  const auto corrupt = export_wav(store_, call_, folder_.file("a.wav"));
  ASSERT_FALSE(corrupt);
  EXPECT_EQ(corrupt.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(folder_.count(), 0u);
}

}  // namespace
}  // namespace tapdeck::exports
