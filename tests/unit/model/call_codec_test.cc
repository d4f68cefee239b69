#include "model/call_codec.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/support/sample_call.h"

namespace tapdeck {
namespace {

using testing::sample_call;

std::string golden_path() { return std::string(TAPDECK_TEST_DATA) + "/call_v1.bin"; }

std::string read_golden() {
  std::ifstream file(golden_path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(CallCodec, EveryFieldSurvives) {
  const CallRecord call = sample_call();
  const std::optional<CallRecord> read = decode_call(encode_call(call));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->uid, call.uid);
  EXPECT_EQ(read->vlan, call.vlan);
  EXPECT_EQ(read->joined_by_score, call.joined_by_score);
  EXPECT_EQ(read->hold_ms, 0) << "zero is known, not absent";
  ASSERT_EQ(read->parties.size(), 2u);
  EXPECT_EQ(read->parties[0].name, "J\xfcrgen") << "not UTF-8, and kept";
  EXPECT_EQ(read->parties[1].ip, parse_ip("2001:db8::2"));
  EXPECT_FALSE(read->parties[0].to_us);
  ASSERT_EQ(read->media.size(), 1u);
  EXPECT_EQ(read->media[0].lost, -2);
  EXPECT_EQ(read->media[0].codecs, call.media[0].codecs);
  EXPECT_EQ(read->media[0].payload_packets, call.media[0].payload_packets);
  EXPECT_EQ(read->sip_responses, call.sip_responses);
  EXPECT_EQ(read->recording.reasons, call.recording.reasons);
  ASSERT_TRUE(read->transferred);
  EXPECT_EQ(read->transferred->to, "4420555");
  EXPECT_EQ(read->transferred->to_e164, "+4420555");
  EXPECT_EQ(read->dialled_e164, call.dialled_e164);
  EXPECT_EQ(read->trunk, "carrier");
  EXPECT_EQ(encode_call(*read), encode_call(call)) << "a field got lost on the way";
}

TEST(CallCodec, CountsOfWhatIsNotListedAreKept) {
  CallRecord call = sample_call();
  call.recording.gaps_left_out = 7;
  const std::optional<CallRecord> read = decode_call(encode_call(call));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->recording.gaps_left_out, 7U);
}

TEST(CallCodec, WhatWasDecidedIsKept) {
  CallRecord call = sample_call();
  call.recording.decision = {DecidedMedia::kAudio, DecidedLog::kMasked, false, true};
  call.recording.pause = {PauseCause::kDtmf, 90'000};
  std::optional<CallRecord> read = decode_call(encode_call(call));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->recording.decision, call.recording.decision);
  EXPECT_EQ(read->recording.pause, call.recording.pause);
  call.recording.decision = {DecidedMedia::kNone, DecidedLog::kFull, false, false};
  read = decode_call(encode_call(call));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->recording.decision, call.recording.decision) << "all zeros are not absent";
}

TEST(CallCodec, OfAnEarlierVersionsRecordTheDecisionIsNotKnown) {
  const std::optional<CallRecord> read = decode_call(read_golden());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->recording.decision);
  EXPECT_FALSE(read->recording.pause);
}

TEST(CallCodec, AbsentStaysAbsent) {
  CallRecord call;
  call.uid = testing::sample_uid(1'000);
  const std::optional<CallRecord> read = decode_call(encode_call(call));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->start_us || read->caller || read->status_code || read->transferred ||
               read->recording.expires_us || read->talk_ms || read->vlan);
}

TEST(CallCodec, MapsAreWrittenInOneOrder) {
  CallRecord forward = sample_call();
  CallRecord backward = sample_call();
  forward.media[0].codecs.clear();
  backward.media[0].codecs.clear();
  for (int type = 0; type < 100; ++type) {
    forward.media[0].codecs[static_cast<std::uint8_t>(type)] = "x";
    backward.media[0].codecs[static_cast<std::uint8_t>(99 - type)] = "x";
  }
  EXPECT_EQ(encode_call(forward), encode_call(backward));
}

TEST(CallCodec, VersionOneBytesAreFixed) {
  if (std::getenv("TAPDECK_WRITE_GOLDEN") != nullptr) {
    std::ofstream(golden_path(), std::ios::binary) << encode_call(sample_call());
  }
  const std::string golden = read_golden();
  ASSERT_FALSE(golden.empty()) << golden_path();
  CallRecord call = sample_call();
  for (MediaRecord& media : call.media) media.speaker.reset();  // came later
  EXPECT_EQ(encode_call(call), golden);
  const std::optional<CallRecord> read = decode_call(golden);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode_call(*read), golden);
}

TEST(CallCodec, BadBytesGiveNothing) {
  const std::string good = encode_call(sample_call());
  EXPECT_FALSE(decode_call(""));
  EXPECT_FALSE(decode_call("\xff\xff\xff"));
  EXPECT_FALSE(decode_call(std::string_view(good).substr(0, good.size() - 1)));
  std::string other_encoding = good;
  ASSERT_EQ(other_encoding[0], '\x08');  // field 1, then its value
  other_encoding[1] = 2;
  EXPECT_FALSE(decode_call(other_encoding)) << "an encoding of which nothing is known";
}

TEST(CallCodec, ValuesOutOfRangeGiveNothing) {
  const std::string good = encode_call(sample_call());
  EXPECT_TRUE(decode_call(good + std::string("\xb0\x02\x01", 3)));       // hangup_by = caller
  EXPECT_FALSE(decode_call(good + std::string("\xb0\x02\x03", 3)));      // no such side
  EXPECT_FALSE(decode_call(good + std::string("\x80\x01\x63", 3)));      // state = 99
  EXPECT_FALSE(decode_call(good + std::string("\xf0\x01\x02", 3)));      // caller = party 2 of 2
  EXPECT_FALSE(decode_call(good + std::string("\x40\x80\x80\x04", 4)));  // realm = 65536
  EXPECT_FALSE(decode_call(good + std::string("\xf2\x02\x05\x92\x01\x02\x08\x03", 8)))
      << "decision.media = 3";
  EXPECT_FALSE(decode_call(good + std::string("\xf2\x02\x05\x9a\x01\x02\x08\x06", 8)))
      << "pause.cause = 6";
}

TEST(CallCodec, UnknownFieldsAreIgnored) {
  const std::string newer = encode_call(sample_call()) + std::string("\x80\x7d\x05", 3);  // 2000
  ASSERT_TRUE(decode_call(newer));
  EXPECT_EQ(decode_call(newer)->call_id, sample_call().call_id);
}

}  // namespace
}  // namespace tapdeck
