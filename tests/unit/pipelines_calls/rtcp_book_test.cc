#include "pipelines/calls/rtcp_book.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapdeck::calls {
namespace {

constexpr std::uint32_t kSsrc = 7;

const Endpoint kSender = *parse_endpoint("10.0.0.1:4000");
const Endpoint kReceiver = *parse_endpoint("10.0.0.2:5000");

StreamReport sender_report(std::uint32_t ntp, std::int64_t time_ms) {
  StreamReport report;
  report.kind = StreamReportKind::kRtcp;
  report.source = kSender;
  report.destination = kReceiver;
  report.sender = 0;
  report.receiver = 1;
  report.ssrc = kSsrc;
  report.rtcp.ntp = ntp;
  report.rtcp.time_ns = time_ms * kNsPerMs;
  return report;
}

StreamReport block(std::uint32_t ntp, std::int64_t delay_ms, std::int64_t time_ms) {
  StreamReport report = sender_report(ntp, time_ms);
  std::swap(report.source, report.destination);
  std::swap(report.sender, report.receiver);
  report.rtcp.is_block = true;
  report.rtcp.delay = static_cast<std::uint32_t>(delay_ms * 65'536 / 1'000);
  return report;
}

RtcpFigures figures_of(const RtcpBook& book, const Endpoint& source, const Endpoint& destination) {
  return book.about({source, destination, kSsrc, 0});
}

TEST(RtcpBook, LossIsTheWorstAndJitterTheLatest) {
  RtcpBook book;
  EXPECT_FALSE(figures_of(book, kSender, kReceiver).loss_pct);
  StreamReport report = block(0, 0, 2'000);
  report.rtcp.fraction_lost = 64;
  report.rtcp.jitter = 10;
  book.take(report);
  report.rtcp.time_ns = 1'000 * kNsPerMs;  // came late
  report.rtcp.fraction_lost = 0;
  report.rtcp.jitter = 99;
  book.take(report);
  const RtcpFigures figures = figures_of(book, kSender, kReceiver);
  EXPECT_EQ(figures.loss_pct, 25);
  EXPECT_EQ(figures.jitter, 10U);
  EXPECT_FALSE(figures.rtt_ms) << "nothing was echoed";
}

TEST(RtcpBook, ARoundTripNeedsTheSenderReportThatIsEchoed) {
  RtcpBook book;
  book.take(sender_report(1, 1'000));
  book.take(sender_report(2, 2'000));
  book.take(block(1, 500, 1'540));
  EXPECT_NEAR(*figures_of(book, kSender, kReceiver).rtt_ms, 40, 0.1);
  book.take(block(2, 500, 2'530));
  EXPECT_NEAR(*figures_of(book, kSender, kReceiver).rtt_ms, 30, 0.1);
  book.take(block(9, 500, 3'000));
  book.take(block(2, 5'000, 3'000));
  EXPECT_NEAR(*figures_of(book, kSender, kReceiver).rtt_ms, 30, 0.1)
      << "an unknown report, or a wait longer than there was time, tells nothing";
}

TEST(RtcpBook, TheOrderInWhichWorkersTellDoesNotMatter) {
  RtcpBook book;
  book.take(block(1, 500, 1'540));
  book.take(sender_report(1, 1'000));
  EXPECT_NEAR(*figures_of(book, kSender, kReceiver).rtt_ms, 40, 0.1);
}

TEST(RtcpBook, AReportSeenTwiceCountsFromTheFirstTime) {
  RtcpBook book;
  book.take(sender_report(1, 1'000));
  book.take(sender_report(1, 1'010));
  book.take(block(1, 500, 1'540));
  EXPECT_NEAR(*figures_of(book, kSender, kReceiver).rtt_ms, 40, 0.1);
}

TEST(RtcpBook, EachHopHasItsOwnAndAnAddressOfRtcpAloneIsTakenByItsParty) {
  RtcpBook book;
  StreamReport report = block(0, 0, 1'000);
  report.rtcp.fraction_lost = 64;
  book.take(report);
  report.source = *parse_endpoint("10.0.0.9:5001");
  report.rtcp.fraction_lost = 128;
  book.take(report);
  EXPECT_EQ(figures_of(book, kSender, kReceiver).loss_pct, 25);
  EXPECT_EQ(figures_of(book, kSender, *parse_endpoint("10.0.0.9:5000")).loss_pct, 50);
  const Endpoint elsewhere = *parse_endpoint("10.0.0.7:1");
  EXPECT_TRUE(figures_of(book, elsewhere, elsewhere).loss_pct);
  EXPECT_FALSE(book.about({elsewhere, elsewhere, kSsrc, 1}).loss_pct);
  EXPECT_FALSE(book.about({kSender, kReceiver, kSsrc + 1, 0}).loss_pct);
}

}  // namespace
}  // namespace tapdeck::calls
