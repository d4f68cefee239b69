#include "engine/media.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "engine/endpoint_map.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

const StreamReport* last_of(const std::vector<StreamReport>& reports, StreamReportKind kind) {
  const StreamReport* found = nullptr;
  for (const StreamReport& report : reports) {
    if (report.kind == kind) found = &report;
  }
  return found;
}

TEST(Media, ABoundStreamIsRecordedFromItsFirstPacketToItsRelease) {
  Bench bench;
  bench.receiver_ = 2;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.receiver_ = 7;
  bench.tell(BindOperation::kBind, 1, kSource);
  for (std::uint16_t i = 0; i < 3; ++i) {
    bench.wait_ms(20);
    bench.rtp(i);
  }
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 3U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto reports = bench.reports();
  ASSERT_EQ(reports.size(), 3U) << "activity, final, released";
  EXPECT_EQ(reports[0].kind, StreamReportKind::kActivity);
  EXPECT_EQ(reports[1].kind, StreamReportKind::kFinal);
  EXPECT_EQ(reports[1].statistics.packet_count, 3U);
  EXPECT_EQ(reports[1].receiver, 2);
  EXPECT_EQ(reports[1].sender, 7);
  EXPECT_EQ(reports[1].call.index, 1U);
  EXPECT_EQ(reports[2].kind, StreamReportKind::kReleased);
  const auto chunks = bench.chunks();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0]->stream_ended, 1);
  EXPECT_EQ(chunks[0]->recording.bytes[0], 1);
  EXPECT_EQ(chunks[0]->section.receiver, 2);
  const auto records = records_of(*chunks[0]);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[2].delta_us, 40'000U);
  EXPECT_EQ(records[2].bytes.size(), 172U);
  EXPECT_EQ(chunks[0]->section.base_us, (kStartNs + 20 * kNsPerMs) / kNsPerUs);
}

TEST(Media, SymmetricRtpIsBoundByItsSource) {
  Bench bench;
  bench.receiver_ = 4;
  bench.tell(BindOperation::kBind, 1, kSource);
  bench.rtp(1);
  const auto reports = bench.reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].receiver, kNoParty);
  EXPECT_EQ(reports[0].sender, 4);
}

TEST(Media, ABindAdoptsWhatWaitedFromTheVeryFirstPacket) {
  Bench bench;
  for (std::uint16_t i = 0; i < 200; ++i) {  // more than two chunks
    bench.rtp(i);
    bench.wait_ms(20);
  }
  EXPECT_EQ(bench.worker_->counters().quarantine_chunks.value(), 3U);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(200);
  EXPECT_EQ(bench.worker_->counters().quarantine_chunks.value(), 0U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto chunks = bench.chunks();
  EXPECT_EQ(packets_in(chunks), 201U);
  for (std::uint32_t i = 0; i < chunks.size(); ++i) EXPECT_EQ(chunks[i]->sequence, i);
  const auto reports = bench.reports();
  const StreamReport* final = last_of(reports, StreamReportKind::kFinal);
  ASSERT_NE(final, nullptr);
  EXPECT_EQ(final->statistics.packet_count, 201U);
  EXPECT_EQ(final->statistics.lost_by_us_count, 0U);
}

TEST(Media, OnePacketInProbationIsAdoptedToo) {
  Bench bench;
  bench.rtp(1);
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  EXPECT_EQ(packets_in(bench.chunks()), 1U);
}

TEST(Media, RtpLongBeforeABindIsNotAdopted) {
  Bench bench;
  bench.rtp(1);
  bench.rtp(2);
  bench.wait_ms(10'001);
  bench.tell(BindOperation::kBind, 1, kDestination);
  EXPECT_TRUE(bench.reports().empty());
  EXPECT_EQ(bench.count(DropReason::kQuarantineAged), 2U);
}

TEST(Media, AReinviteOfTheSameCallMovesNothing) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1);
  bench.reports();
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(2);
  EXPECT_TRUE(bench.reports().empty());
  EXPECT_TRUE(bench.chunks().empty());
}

TEST(Media, LateRtpStaysWithTheEndedCallAndNewStreamsGoToTheNewOne) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1, 100);
  bench.wait_ms(50);
  bench.tell(BindOperation::kUnbind, 1, kDestination);
  bench.wait_ms(50);
  bench.tell(BindOperation::kBind, 2, kDestination);
  bench.reports();
  bench.rtp(2, 100);
  EXPECT_TRUE(bench.reports().empty());
  bench.rtp(1, 200);
  auto reports = bench.reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].call.index, 2U);
  EXPECT_EQ(reports[0].ssrc, 200U);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  reports = bench.reports();
  EXPECT_EQ(last_of(reports, StreamReportKind::kFinal)->statistics.packet_count, 2U);
  bench.rtp(3, 100);
  reports = bench.reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].call.index, 2U);
  EXPECT_EQ(reports[0].statistics.packet_count, 1U);
}

TEST(Media, ALiveBindByAnotherCallTakesStreamsThatBreakOff) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1);
  bench.rtp(2);
  bench.reports();
  bench.wait_ms(10);
  bench.tell(BindOperation::kBind, 2, kDestination);
  EXPECT_TRUE(bench.reports().empty());
  bench.wait_ms(990);
  bench.rtp(3);
  auto reports = bench.reports();
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].kind, StreamReportKind::kFinal);
  EXPECT_EQ(reports[0].call.index, 1U);
  EXPECT_EQ(reports[0].statistics.packet_count, 2U);
  EXPECT_EQ(reports[1].call.index, 2U);
  EXPECT_EQ(reports[1].statistics.packet_count, 1U);
  // The newer call ends: the older one, still live, has the address again.
  bench.tell(BindOperation::kRelease, 2, nullptr);
  bench.reports();
  bench.rtp(4);
  reports = bench.reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].call.index, 1U);
}

TEST(Media, NewStreamsAfterUnbindAreNobodys) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.tell(BindOperation::kUnbind, 1, kDestination);
  bench.wait_ms(1);
  bench.rtp(1);
  EXPECT_EQ(bench.count(PacketClass::kRtpProbation), 1U);
}

// Packets 1 to 6 at 20 ms; pause and resume carry these packet times, and are handled after the
// packets with these numbers.
struct Pause {
  std::int64_t pause_ms;
  std::int64_t resume_ms;
  int handled_after;
  int resumed_after;
};

void tell_pause(Bench& bench, BindOperation operation, std::int64_t at_ms) {
  BindMessage message = bench.message(operation, 1, nullptr);
  message.time_ns = kStartNs + at_ms * kNsPerMs;
  TD_ASSERT(bench.rings_->push_bind(message));
  bench.step();
}

// What is kept: 'k' a packet, 'p' one that was left out for the pause.
std::string kept_with(const Pause& pause) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  for (int i = 1; i <= 6; ++i) {
    bench.wait_ms(20);
    bench.rtp(static_cast<std::uint16_t>(i));
    if (i == pause.handled_after) tell_pause(bench, BindOperation::kPause, pause.pause_ms);
    if (i == pause.resumed_after) tell_pause(bench, BindOperation::kResume, pause.resume_ms);
  }
  bench.tell(BindOperation::kRelease, 1, nullptr);
  std::string kept;
  for (const Chunk* chunk : bench.chunks()) {
    std::uint32_t packets = 0;
    for (const Record& record : records_of(*chunk)) {
      if (record.kind == RecordKind::kRtp) {
        kept += 'k';
        ++packets;
      } else {
        EXPECT_EQ(record.bytes[4], static_cast<std::uint8_t>(GapReason::kPaused));
        kept.append(load_le<std::uint32_t>(record.bytes.data()), 'p');
      }
    }
    EXPECT_EQ(chunk->section.packet_count, packets);
  }
  const auto reports = bench.reports();
  const StreamReport& final = *last_of(reports, StreamReportKind::kFinal);
  EXPECT_EQ(final.statistics.packet_count, 6U) << "statistics go on";
  EXPECT_EQ(final.statistics.lost_by_us_count, 0U);
  const LossSpan& span = final.losses[static_cast<std::size_t>(LossCause::kPaused)];
  EXPECT_EQ(span.packet_count,
            static_cast<std::uint64_t>(std::count(kept.begin(), kept.end(), 'p')));
  return kept;
}

TEST(Media, APauseTakesEffectByPacketTime) {
  EXPECT_EQ(kept_with({50, 90, 2, 4}), "kkppkk");
  EXPECT_EQ(kept_with({50, 90, 4, 4}), "kkppkk") << "handled late: taken out again";
  EXPECT_EQ(kept_with({50, 90, 1, 2}), "kkppkk") << "handled early";
  EXPECT_EQ(kept_with({50, 90, 2, 6}), "kkpppp") << "a late resume cannot bring packets back";
}

TEST(Media, LossesAreReportedBySecond) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1);
  bench.reports();
  bench.wait_ms(100);
  bench.rtp(5);  // 3 missing
  bench.wait_ms(20);
  bench.rtp(3);  // 2 missing
  EXPECT_TRUE(bench.reports().empty());
  bench.wait_ms(2'000);
  bench.rtp(10);  // 4 more
  const auto first = bench.reports();
  ASSERT_EQ(first.size(), 1U);
  const LossSpan& span = first[0].losses[static_cast<std::size_t>(LossCause::kWire)];
  EXPECT_EQ(span.packet_count, 2U);
  EXPECT_EQ(span.from_ns, kStartNs);
  EXPECT_EQ(span.to_ns, kStartNs + 100 * kNsPerMs);
  bench.tell(BindOperation::kRelease, 1, nullptr);
  const auto rest = bench.reports();
  EXPECT_EQ(last_of(rest, StreamReportKind::kFinal)->losses[0].packet_count, 4U);
}

std::vector<StreamReport> rtcp_of(const std::vector<StreamReport>& reports) {
  std::vector<StreamReport> found;
  for (const StreamReport& report : reports) {
    if (report.kind == StreamReportKind::kRtcp) found.push_back(report);
  }
  return found;
}

void send_rtcp(Bench& bench, std::uint16_t from_port, std::uint16_t to_port) {
  bench.send(testing::PacketBuilder()
                 .ipv4("192.0.2.2", "192.0.2.1")
                 .udp(from_port, to_port)
                 .rtcp_sender_report(5, 77, 64, 80)
                 .bytes());
  bench.step();
}

TEST(Media, KeysThatZrtpAgreesOnAreToldOfTheirLine) {
  Bench bench;
  bench.receiver_ = 3;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.reports();
  const auto send = [&bench](std::string_view type, std::uint16_t to_port) {
    bench.send(testing::PacketBuilder()
                   .ipv4("192.0.2.1", "192.0.2.2")
                   .udp(4'000, to_port)
                   .append({0x10, 0, 0, 1, 'Z', 'R', 'T', 'P', 0, 0, 0, 1, 0x50, 0x5a, 0, 3})
                   .text(type)
                   .bytes());
    bench.step();
  };
  send("Hello   ", 5'000);
  send("Confirm1", 9'000);
  EXPECT_TRUE(bench.reports().empty());
  send("Confirm1", 5'000);
  const auto told = bench.reports();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, StreamReportKind::kSecured);
  EXPECT_EQ(told[0].call.index, 1U);
  EXPECT_EQ(told[0].receiver, 3);
  EXPECT_EQ(told[0].sender, kNoParty);
}

TEST(Media, RtcpOfACallIsToldWithItsParties) {
  Bench bench;
  bench.receiver_ = 3;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.receiver_ = 4;
  bench.tell(BindOperation::kBind, 1, kSource);
  send_rtcp(bench, 5001, 4001);
  const auto told = rtcp_of(bench.reports());
  ASSERT_EQ(told.size(), 2U) << "the sender report and its block";
  EXPECT_EQ(told[0].ssrc, 5U);
  EXPECT_FALSE(told[0].rtcp.is_block);
  EXPECT_EQ(told[1].ssrc, 77U);
  EXPECT_TRUE(told[1].rtcp.is_block);
  EXPECT_EQ(told[1].rtcp.fraction_lost, 64);
  EXPECT_EQ(told[1].rtcp.jitter, 80U);
  EXPECT_EQ(told[1].call.index, 1U);
  EXPECT_EQ(told[1].sender, 3);
  EXPECT_EQ(told[1].receiver, 4);
  send_rtcp(bench, 5000, 4000);  // multiplexed
  send_rtcp(bench, 9001, 4001);  // behind an address translation
  EXPECT_EQ(rtcp_of(bench.reports()).size(), 4U);
  send_rtcp(bench, 9001, 9001);
  EXPECT_TRUE(rtcp_of(bench.reports()).empty()) << "of no call";
}

TEST(Media, RtcpThatReportsNothingIsToldAsASignOfLife) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.send(testing::PacketBuilder()
                 .ipv4("192.0.2.2", "192.0.2.1")
                 .udp(5001, 4001)
                 .append({0x80, 201, 0, 1, 0, 0, 0, 5})
                 .bytes());
  bench.step();
  const auto told = rtcp_of(bench.reports());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].rtcp.is_sign);
  EXPECT_EQ(told[0].call.index, 1U);
  EXPECT_EQ(told[0].rtcp.time_ns, kStartNs);
  send_rtcp(bench, 5001, 4001);
  for (const StreamReport& report : rtcp_of(bench.reports())) EXPECT_FALSE(report.rtcp.is_sign);
}

TEST(Media, RtcpThatIsNotToldHasAName) {
  Bench bench;
  send_rtcp(bench, 5001, 4001);
  EXPECT_EQ(bench.count(DropReason::kRtcpUnbound), 1U);
  bench.tell(BindOperation::kBind, 1, kDestination);
  constexpr std::size_t kHeaders = 14 + 20 + 8;
  std::vector<std::uint8_t> packet = testing::PacketBuilder()
                                         .ipv4("192.0.2.2", "192.0.2.1")
                                         .udp(5001, 4001)
                                         .rtcp_sender_report(5, 77, 64, 80)
                                         .bytes();
  packet[kHeaders] = 0x9f;  // 31 report blocks
  bench.send(packet);
  bench.step();
  EXPECT_EQ(bench.count(DropReason::kRtcpMalformed), 1U);
  EXPECT_TRUE(rtcp_of(bench.reports()).empty());
}

TEST(Media, AnAddressOfRtcpAloneExplainsNoRtp) {
  Bench bench;
  BindMessage message = bench.message(BindOperation::kBind, 1, kDestination);
  message.no_rtp = true;
  ASSERT_TRUE(bench.rings_->push_bind(message));
  bench.rtp(1);
  bench.rtp(2);
  EXPECT_EQ(bench.count(PacketClass::kRtpBound), 0U);
  bench.reports();
  send_rtcp(bench, 5000, 9000);
  EXPECT_EQ(rtcp_of(bench.reports()).size(), 2U);
}

TEST(Media, RtcpLeavesRoomForWhatIsSaidOfStreams) {
  Bench::Options options;
  options.rings.report_slots = 64;
  Bench bench(options);
  bench.tell(BindOperation::kBind, 1, kSource);
  send_rtcp(bench, 5001, 4001);
  EXPECT_TRUE(bench.reports().empty());
  EXPECT_EQ(bench.count(DropReason::kRtcpNotTold), 2U);
}

TEST(Media, ActivityIsReportedAtTheIntervalAndOnlyWithPackets) {
  Bench bench;
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1);
  bench.reports();
  bench.wait_ms(5'000);
  bench.rtp(2);
  EXPECT_EQ(bench.reports().size(), 1U);
  bench.wait_ms(5'000);
  bench.step();
  bench.wait_ms(5'000);
  bench.step();
  EXPECT_TRUE(bench.reports().empty());
}

TEST(Media, ReleaseWaitsForRoomInTheReportRing) {
  Bench::Options options;
  options.rings.report_slots = 32;
  Bench bench(options);
  bench.tell(BindOperation::kBind, 1, kDestination);
  for (std::uint32_t ssrc = 1; ssrc <= 20; ++ssrc) bench.rtp(1, ssrc);  // 20 activity reports
  bench.tell(BindOperation::kRelease, 1, nullptr);
  auto reports = bench.reports();
  bench.step();
  for (const StreamReport& more : bench.reports()) reports.push_back(more);
  std::size_t finals = 0;
  for (const StreamReport& report : reports) finals += report.kind == StreamReportKind::kFinal;
  EXPECT_EQ(finals, 20U);
  EXPECT_EQ(reports.back().kind, StreamReportKind::kReleased);
  EXPECT_EQ(bench.count(DropReason::kReportRingFull), 0U);
}

TEST(Media, UnboundStreamsAreListedUntilTheyAreIdle) {
  Bench bench;
  bench.rtp(1, 50);
  bench.rtp(2, 50);
  bench.rtp(1, 51);
  std::vector<StreamView> views;
  bench.worker_->for_each_stream([&](const StreamView& view) { views.push_back(view); });
  ASSERT_EQ(views.size(), 2U);
  EXPECT_TRUE(views[0].proven);
  EXPECT_FALSE(views[0].bound);
  EXPECT_EQ(views[0].report.statistics.packet_count, 2U);
  EXPECT_FALSE(views[1].proven);
  for (int i = 0; i < 14; ++i) {
    bench.wait_ms(5'000);
    bench.step();
  }
  views.clear();
  bench.worker_->for_each_stream([&](const StreamView& view) { views.push_back(view); });
  EXPECT_TRUE(views.empty());
  EXPECT_EQ(bench.worker_->counters().addresses.value(), 0U);
}

TEST(Media, AStaleHandleIsCountedAndIgnored) {
  Bench bench;
  bench.tell(BindOperation::kBind, 101, kDestination);
  EXPECT_EQ(bench.count(DropReason::kBadCallHandle), 1U);
}

// A call that names a new port with every re-INVITE: it fills no table, others find room, and its
// running stream stays with it.
TEST(Media, ACallWithEverNewAddressesTakesNoRoomFromOthers) {
  Bench bench({.worker = {.streams_max = 64, .claims_max = 128, .calls_max = 100}});
  bench.tell(BindOperation::kBind, 1, kDestination);
  bench.rtp(1);
  for (int port = 10'000; port < 11'000; ++port) {
    const std::string address = "192.0.2.7:" + std::to_string(port);
    bench.tell(BindOperation::kBind, 1, address.c_str());
    bench.tell(BindOperation::kUnbind, 1, address.c_str());
  }
  EXPECT_EQ(bench.count(DropReason::kAddressTableFull), 0U);
  EXPECT_EQ(bench.count(DropReason::kClaimEvicted), 1'001 - kClaimsPerCall);
  bench.rtp(2);
  bench.tell(BindOperation::kRelease, 1, kDestination);
  EXPECT_EQ(packets_in(bench.chunks()), 2U);
  EXPECT_EQ(bench.worker_->counters().addresses.value(), 0U);
}

}  // namespace
}  // namespace tapdeck::engine
