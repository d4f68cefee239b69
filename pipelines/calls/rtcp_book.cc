#include "pipelines/calls/rtcp_book.h"

#include <algorithm>

namespace tapdeck::calls {
namespace {

constexpr double kNsPerDelayUnit = 1e9 / 65'536;

}  // namespace

RtcpBook::Entry* RtcpBook::find_or_add(const StreamReport& report) {
  // A block travels against the stream that it is about.
  const bool against = report.rtcp.is_block;
  const IpAddress& sender_ip = against ? report.destination.ip : report.source.ip;
  const IpAddress& receiver_ip = against ? report.source.ip : report.destination.ip;
  for (Entry& entry : entries_) {
    if (entry.ssrc == report.ssrc && entry.sender_ip == sender_ip &&
        entry.receiver_ip == receiver_ip) {
      return &entry;
    }
  }
  if (entries_.size() >= kRtcpStreamsMax) return nullptr;
  Entry& entry = entries_.emplace_back();
  entry.ssrc = report.ssrc;
  entry.sender_ip = sender_ip;
  entry.receiver_ip = receiver_ip;
  entry.sender = against ? report.receiver : report.sender;
  return &entry;
}

void RtcpBook::take(const StreamReport& report) {
  Entry* entry = find_or_add(report);
  if (entry == nullptr) return;
  if (report.rtcp.is_block) {
    take_block(*entry, report.rtcp);
  } else {
    take_sender_report(*entry, report.rtcp);
  }
}

void RtcpBook::take_sender_report(Entry& entry, const RtcpFacts& facts) {
  if (facts.ntp == 0 || entry.sender_reports[0].ntp == facts.ntp) return;  // again: a second tap
  entry.sender_reports[1] = entry.sender_reports[0];
  entry.sender_reports[0] = {facts.ntp, facts.time_ns};
  if (entry.unmatched.ntp == facts.ntp && measure(entry, entry.unmatched)) entry.unmatched = {};
}

void RtcpBook::take_block(Entry& entry, const RtcpFacts& facts) {
  entry.fraction_lost = std::max(entry.fraction_lost, facts.fraction_lost);
  if (!entry.reported || facts.time_ns >= entry.jitter_ns) {
    entry.jitter = facts.jitter;
    entry.jitter_ns = facts.time_ns;
  }
  entry.reported = true;
  if (facts.ntp != 0 && !measure(entry, facts)) entry.unmatched = facts;
}

// False when the block's sender report is not known.
bool RtcpBook::measure(Entry& entry, const RtcpFacts& block) {
  for (const SenderReport& report : entry.sender_reports) {
    if (report.ntp != block.ntp) continue;
    const auto waited_ns = static_cast<std::int64_t>(block.delay * kNsPerDelayUnit);
    const std::int64_t rtt_ns = block.time_ns - report.time_ns - waited_ns;
    // Below zero the receiver's clock is coarser than the path is long: that tells nothing.
    if (rtt_ns >= 0 && (!entry.rtt_ns || block.time_ns >= entry.rtt_time_ns)) {
      entry.rtt_ns = rtt_ns;
      entry.rtt_time_ns = block.time_ns;
    }
    return true;
  }
  return false;
}

RtcpFigures RtcpBook::about(const StreamName& stream) const {
  const Entry* best = nullptr;
  int best_score = 0;
  for (const Entry& entry : entries_) {
    if (entry.ssrc != stream.ssrc || !entry.reported) continue;
    const int same = (entry.sender_ip == stream.source.ip ? 1 : 0) +
                     (entry.receiver_ip == stream.destination.ip ? 1 : 0);
    const bool same_party = stream.party && entry.sender == *stream.party;
    const int score = same * 2 + (same_party ? 1 : 0);
    if (score <= best_score) continue;
    best = &entry;
    best_score = score;
  }
  RtcpFigures figures;
  if (best == nullptr) return figures;
  figures.loss_pct = best->fraction_lost * 100.0 / 256;
  figures.jitter = best->jitter;
  if (best->rtt_ns) figures.rtt_ms = static_cast<double>(*best->rtt_ns) / 1e6;
  return figures;
}

}  // namespace tapdeck::calls
