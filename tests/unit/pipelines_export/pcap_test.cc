#include <gtest/gtest.h>

#include "pipelines/export/export.h"
#include "tests/unit/pipelines_export/fake_store.h"

namespace tapdeck::exports {
namespace {

class PcapTest : public ::testing::Test {
 protected:
  ExportedFile write() {
    const Result<ExportOutcome> result = export_pcap(store_, call_, folder_.file("a.pcap"));
    EXPECT_TRUE(result) << result.error().message;
    if (!result || !std::holds_alternative<ExportedFile>(*result)) {
      ADD_FAILURE() << "no file";
      return {};
    }
    return std::get<ExportedFile>(*result);
  }

  // The IP packets in the file, each behind its "seconds.microseconds ".
  std::vector<std::string> packets() {
    const std::string bytes = read_file(write().path);
    EXPECT_EQ(load_le<std::uint32_t>(bytes.data()), 0xa1b2c3d4U);
    EXPECT_EQ(load_le<std::uint32_t>(bytes.data() + 20), 101u) << "raw IP";
    std::vector<std::string> found;
    for (std::size_t at = 24; at < bytes.size();) {
      const auto length = load_le<std::uint32_t>(bytes.data() + at + 8);
      times_.push_back(load_le<std::uint32_t>(bytes.data() + at) * 1'000'000LL +
                       load_le<std::uint32_t>(bytes.data() + at + 4));
      found.push_back(bytes.substr(at + 16, length));
      EXPECT_EQ(found.back().size(), length);
      at += 16 + length;
    }
    return found;
  }

  void message(std::int64_t after_us, const std::string& text, bool ipv6 = false) {
    storage::MessageRecord record;
    record.time_us = kT0 + after_us;
    record.source = {ipv6 ? *parse_ip("2001:db8::1") : make_ipv4(0xc0000201), 5060};
    record.destination = {ipv6 ? *parse_ip("2001:db8::2") : make_ipv4(0xc0000202), 5070};
    record.bytes = text;
    store_.messages.push_back(std::move(record));
  }

  TemporaryFolder folder_;
  FakeStore store_;
  CallRecord call_ = two_party_call();
  std::vector<std::int64_t> times_;
};

// RFC 1071 over 16-bit words: all ones when the checksum in it is right.
std::uint16_t ones_sum(std::string bytes) {
  if (bytes.size() % 2 != 0) bytes.push_back('\0');
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += load_be<std::uint16_t>(bytes.data() + i);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::string udp_pseudo_header(const std::string& addresses, std::size_t udp_bytes) {
  return addresses + std::string("\0\x11", 2) + static_cast<char>(udp_bytes >> 8) +
         static_cast<char>(udp_bytes & 0xff);
}

TEST_F(PcapTest, EverythingInOrderOfArrival) {
  message(0, "INVITE");
  message(90'000, "BYE");
  store_.streams = {FakeStream(0, 1), FakeStream(1, 0)};
  store_.streams[0].rtp(30'000, 2, 0, "caller 2").rtp(50'000, 1, 0, "caller 1");
  store_.streams[1].rtp(40'000, 1, 0, "callee");
  std::vector<std::string> payloads;
  for (const std::string& packet : packets()) payloads.push_back(packet.substr(28));
  EXPECT_EQ(payloads,
            (std::vector<std::string>{"INVITE",
                                      make_rtp(8, 2, 0, 1, "caller 2"),
                                      make_rtp(8, 1, 0, 1, "callee"),
                                      make_rtp(8, 1, 0, 1, "caller 1"),
                                      "BYE"}));
  EXPECT_EQ(
      times_,
      (std::vector<std::int64_t>{kT0, kT0 + 30'000, kT0 + 40'000, kT0 + 50'000, kT0 + 90'000}));
}

TEST_F(PcapTest, Ipv4HeadersAreRebuilt) {
  message(0, "odd");
  const std::string packet = packets().at(0);
  ASSERT_EQ(packet.size(), 31u);
  EXPECT_EQ(packet[0], 0x45);
  EXPECT_EQ(load_be<std::uint16_t>(packet.data() + 2), 31);
  EXPECT_EQ(ones_sum(packet.substr(0, 20)), 0xffff);
  EXPECT_EQ(load_be<std::uint32_t>(packet.data() + 12), 0xc0000201U);
  EXPECT_EQ(load_be<std::uint32_t>(packet.data() + 16), 0xc0000202U);
  EXPECT_EQ(load_be<std::uint16_t>(packet.data() + 20), 5060);
  EXPECT_EQ(load_be<std::uint16_t>(packet.data() + 22), 5070);
  EXPECT_EQ(load_be<std::uint16_t>(packet.data() + 24), 11);
  EXPECT_EQ(ones_sum(udp_pseudo_header(packet.substr(12, 8), 11) + packet.substr(20)), 0xffff);
}

TEST_F(PcapTest, Ipv6HeadersAreRebuilt) {
  message(0, "even", true);
  const std::string packet = packets().at(0);
  ASSERT_EQ(packet.size(), 52u);
  EXPECT_EQ(packet[0], 0x60);
  EXPECT_EQ(load_be<std::uint16_t>(packet.data() + 4), 12);
  EXPECT_EQ(packet[6], 17);
  EXPECT_EQ(ones_sum(udp_pseudo_header(packet.substr(8, 32), 12) + packet.substr(40)), 0xffff);
}

TEST_F(PcapTest, AZeroUdpChecksumIsWrittenAsOnes) {
  message(0, std::string(2, '\0'));
  const std::string before = packets().at(0);
  // Ones' complement sums: putting the checksum itself into the payload makes the new one zero.
  store_.messages[0].bytes = before.substr(26, 2);
  EXPECT_EQ(load_be<std::uint16_t>(packets().at(0).data() + 26), 0xffff);
}

TEST_F(PcapTest, BytesThatAreNoRtpAreKeptAsWell) {
  store_.streams = {FakeStream(0, 1)};
  store_.streams[0].record(RecordKind::kRtp, 0, "?").record(RecordKind::kRtp, 5, "");
  const std::vector<std::string> found = packets();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].substr(28), "?");
  EXPECT_EQ(found[1].size(), 28u);
}

TEST_F(PcapTest, ACallWithoutAnythingIsExplained) {
  call_.recording.reasons = {RecordingReason::kPolicy};
  const Result<ExportOutcome> result = export_pcap(store_, call_, folder_.file("a.pcap"));
  ASSERT_TRUE(result);
  EXPECT_EQ(std::get<Explained>(*result).reason, "policy");
  EXPECT_EQ(folder_.count(), 0u);
}

TEST_F(PcapTest, WhatWasDestroyedIsExplainedAndTheRestIsThere) {
  message(0, "invite");
  store_.streams = {FakeStream(0, 1)};
  store_.streams[0].record(RecordKind::kRtp, 0, "media");
  store_.media_destroyed = true;
  EXPECT_EQ(packets().size(), 1u);
  EXPECT_EQ(write().notes, std::vector<std::string>{"Media destroyed."});
  store_.media_destroyed = false;
  store_.messages_destroyed = true;
  EXPECT_EQ(packets().at(0).substr(28), "media");
  EXPECT_EQ(write().notes, std::vector<std::string>{"Messages destroyed."});
  store_.media_destroyed = true;
  const Result<ExportOutcome> result = export_pcap(store_, call_, folder_.file("b.pcap"));
  ASSERT_TRUE(result);
  EXPECT_EQ(std::get<Explained>(*result).reason, "Media destroyed. Messages destroyed.");
}

}  // namespace
}  // namespace tapdeck::exports
