#include "pipelines/export/layout.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_export/fake_store.h"

namespace tapdeck::exports {
namespace {

MediaStream stream_between(std::uint8_t sender, std::uint8_t receiver) {
  MediaStream stream;
  stream.sender = sender;
  stream.receiver = receiver;
  return stream;
}

TEST(SideOf, WhoSendsDecides) {
  const CallRecord call = two_party_call();
  EXPECT_EQ(side_of(call, stream_between(0, 1)), Side::kLeft);
  EXPECT_EQ(side_of(call, stream_between(1, 0)), Side::kRight);
  EXPECT_EQ(side_of(call, stream_between(3, 0)), Side::kRight) << "a transfer target is heard too";
}

TEST(BranchOf, IsOfWhoeverRangAndDidNotAnswer) {
  const CallRecord call = two_party_call();
  EXPECT_EQ(branch_of(call, stream_between(2, 0)), 2);
  EXPECT_EQ(branch_of(call, stream_between(0, 2)), 2) << "the caller's copy to the fork";
  EXPECT_EQ(branch_of(call, stream_between(1, 0)), std::nullopt);
  EXPECT_EQ(branch_of(call, stream_between(0xff, 0xff)), std::nullopt);
  EXPECT_EQ(side_of(call, stream_between(2, 0)), Side::kRight);
}

TEST(SideOf, WhenTheSenderIsUnknownTheReceiverDecides) {
  const CallRecord call = two_party_call();
  EXPECT_EQ(side_of(call, stream_between(0xff, 0)), Side::kRight);
  EXPECT_EQ(side_of(call, stream_between(0xff, 1)), Side::kLeft);
}

TEST(SideOf, TheRecordAndThenTheAddressHelpOut) {
  CallRecord call = two_party_call();
  MediaStream stream = stream_between(0xff, 0xff);
  stream.source.ip = make_ipv4(1);
  EXPECT_EQ(side_of(call, stream), Side::kRight);
  call.parties[0].ip = stream.source.ip;
  EXPECT_EQ(side_of(call, stream), Side::kLeft);
  MediaRecord media;
  media.source = stream.source;
  media.party = 1;
  call.media = {media};
  EXPECT_EQ(side_of(call, stream), Side::kRight) << "the call plane knows better than the address";
}

TEST(SideOf, OfARecordingSessionTheSpeakerDecides) {
  CallRecord call = two_party_call();
  call.media.resize(1);
  call.media[0].speaker = 1;
  EXPECT_EQ(side_of(call, stream_between(0, 1)), Side::kLeft);
  call.media[0].speaker = 3;
  EXPECT_EQ(side_of(call, stream_between(0, 1)), Side::kRight);
}

TEST(CodecName, SdpBeforeTheStaticTable) {
  CallRecord call = two_party_call();
  MediaRecord media;
  media.codecs = {{97, "pcma"}, {8, ""}};
  call.media = {media};
  const MediaStream stream;
  EXPECT_EQ(codec_name(call, stream, 97), "PCMA");
  EXPECT_EQ(codec_name(call, stream, 8), "PCMA") << "no name in SDP: RFC 3551's";
  EXPECT_EQ(codec_name(call, stream, 98), "payload type 98");
  EXPECT_EQ(coding_of("TELEPHONE-EVENT"), Coding::kSilent);
  EXPECT_EQ(coding_of("OPUS"), Coding::kUnknown);
}

TEST(PlanWav, EncryptedMediaIsNotTakenForAudio) {
  CallRecord call = two_party_call();
  MediaRecord media;
  media.srtp = true;
  call.media = {media};
  MediaIndex index;
  index.streams.resize(1);
  PacketEntry packet;
  packet.is_rtp = true;
  packet.payload_type = 8;
  packet.payload_bytes = 160;
  index.streams[0].packets = {packet};
  const WavPlan plan = plan_wav(call, index);
  EXPECT_EQ(plan.sample_count, 0);
  EXPECT_EQ(plan.notes, (std::vector<std::string>{"encrypted_without_key"}));
}

TEST(PlanWav, AStreamNeverOverlaysItself) {
  const CallRecord call = two_party_call();
  MediaIndex index;
  index.streams.push_back(stream_between(0, 1));
  for (std::uint16_t i = 0; i < 3; ++i) {
    PacketEntry packet;
    packet.is_rtp = true;
    packet.payload_type = 8;
    packet.sequence = i;
    packet.timestamp = i * 100U;  // the sender's steps are too short
    packet.payload_bytes = 160;
    packet.arrival_us = kT0 + i * 12'500;
    index.streams[0].packets.push_back(packet);
  }
  const WavPlan plan = plan_wav(call, index);
  EXPECT_EQ(plan.sample_count, 360);
  EXPECT_EQ(index.streams[0].packets[1].position, 100);
  EXPECT_EQ(index.streams[0].packets[1].skip, 60);
}

// After 100 packets there is a pause in which the clock goes on or not, or packets are held up.
TEST(PlanWav, AClockThatStandsStillInAPauseIsSetAgainByTheArrival) {
  struct Case {
    const char* name;
    std::int64_t pause_ms;
    std::uint32_t counted;  // of the pause, in samples
    std::int64_t every_ms;  // packets that follow arrive, until they have made up for the pause
    std::int64_t at;        // sample of packet 100
  };

  const Case cases[] = {{"stands still", 1'400, 0, 20, 16'000 + 11'200},
                        {"goes on", 1'400, 11'200, 20, 16'000 + 11'200},
                        {"jumps", 0, 8'000, 20, 16'000},
                        {"held up", 400, 0, 1, 16'000},
                        {"held up for long", 1'500, 0, 1, 16'000},
                        {"a little", 100, 0, 20, 16'000}};
  for (const Case& c : cases) {
    MediaIndex index;
    index.streams.push_back(stream_between(0, 1));
    std::int64_t at_ms = 0;
    for (std::uint16_t i = 0; i < 300; ++i) {
      const bool is_after = i >= 100;
      if (i == 100) at_ms += c.pause_ms;
      PacketEntry packet;
      packet.is_rtp = true;
      packet.payload_type = 8;
      packet.sequence = i;
      packet.timestamp = i * 160U + (is_after ? c.counted : 0);
      packet.payload_bytes = 160;
      packet.arrival_us = kT0 + at_ms * 1'000;
      index.streams[0].packets.push_back(packet);
      const bool is_behind = is_after && c.every_ms < 20 && at_ms < (i + 1) * 20;
      at_ms += is_after && c.every_ms < 20 && !is_behind ? c.every_ms : 20;
    }
    plan_wav(two_party_call(), index);
    EXPECT_EQ(index.streams[0].packets[100].position, c.at) << c.name;
    EXPECT_EQ(index.streams[0].packets[299].position, c.at + 199 * 160) << c.name;
  }
}

TEST(PlanWav, TimestampsThatCountNoSamplesAreLeftOutOfAccount) {
  struct Case {
    const char* name;
    std::uint32_t step;      // of the timestamp
    std::int64_t every_us;   // packets arrive
    std::int64_t second_at;  // sample of the second packet
    bool noted;
  };

  const Case cases[] = {{"nothing", 0, 20'000, 160, true},
                        {"milliseconds", 20, 20'000, 160, true},
                        {"another rate", 320, 20'000, 160, true},
                        {"silence between packets", 320, 40'000, 320, false},
                        {"samples, that come too fast", 160, 10'000, 160, false}};
  for (const Case& c : cases) {
    MediaIndex index;
    index.streams.push_back(stream_between(0, 1));
    for (std::uint16_t i = 0; i < 50; ++i) {
      PacketEntry packet;
      packet.is_rtp = true;
      packet.payload_type = 8;
      packet.sequence = static_cast<std::uint16_t>(65'530 + i);
      packet.timestamp = i * c.step;
      packet.payload_bytes = 160;
      packet.arrival_us = kT0 + i * c.every_us;
      index.streams[0].packets.push_back(packet);
    }
    const WavPlan plan = plan_wav(two_party_call(), index);
    EXPECT_EQ(index.streams[0].packets[1].position, c.second_at) << c.name;
    EXPECT_EQ(index.streams[0].packets[49].position, 49 * c.second_at) << c.name;
    EXPECT_EQ(plan.notes.size(), c.noted ? 1U : 0U) << c.name;
  }
}

}  // namespace
}  // namespace tapdeck::exports
