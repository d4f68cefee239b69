#include "bench/load/calls_sink.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace tapdeck::load {
namespace {

constexpr std::int64_t kPacketNs = 20 * kNsPerMs;

}  // namespace

void CallsSink::bind(const BindMessage& message) {
  if (message.operation == BindOperation::kRelease) {
    released_.push_back(message.call);
    return;
  }
  if (message.operation != BindOperation::kBind || message.no_rtp || message.receiver > 1) {
    return;
  }
  if (message.call.index >= media_.size()) media_.resize(message.call.index + 1);
  Media& media = media_[message.call.index];
  if (media.call != message.call) media = Media{.call = message.call};
  const bool was_known = media.known[0] && media.known[1];
  media.addresses[message.receiver] = message.address;
  media.known[message.receiver] = true;
  if (was_known || !media.known[0] || !media.known[1]) return;
  media.begin_ns = message.time_ns;
  started_.push_back(message.call);
}

void CallsSink::keep_messages(const Uid&, std::uint16_t, std::string records) {
  kept_bytes_ += records.size();
  kept_.push_back(std::move(records));
}

void CallsSink::put_call(CallRecord record) { records_.push_back(std::move(record)); }

void CallsSink::clear() {
  records_.clear();
  kept_.clear();
}

StreamReport CallsSink::report_of(const Media& media, std::uint8_t sender, std::int64_t now_ns) {
  const std::uint8_t receiver = sender == 0 ? 1 : 0;
  StreamReport report;
  report.media_kind = MediaKind::kAudio;
  report.sender = sender;
  report.receiver = receiver;
  report.call = media.call;
  report.source = media.addresses[sender];
  report.destination = media.addresses[receiver];
  report.ssrc = media.call.index * 2 + sender;
  StreamStatistics& statistics = report.statistics;
  statistics.first_ns = media.begin_ns;
  statistics.last_ns = now_ns;
  statistics.packet_count = 1 + static_cast<std::uint64_t>((now_ns - media.begin_ns) / kPacketNs);
  statistics.expected_count = statistics.packet_count;
  statistics.payload_bytes = statistics.packet_count * 172;
  statistics.payload_type_count = 1;
  statistics.payload_types[0] = {8, static_cast<std::uint32_t>(statistics.packet_count)};
  return report;
}

void CallsSink::add_reports(StreamReportKind kind, const CallHandle& call, std::int64_t now_ns) {
  if (call.index >= media_.size()) return;
  const Media& media = media_[call.index];
  if (media.call != call || !media.known[0] || !media.known[1]) return;
  for (const std::uint8_t sender : {std::uint8_t{0}, std::uint8_t{1}}) {
    reports_.push_back(report_of(media, sender, now_ns));
    reports_.back().kind = kind;
  }
}

void CallsSink::make_reports(std::int64_t now_ns) {
  for (const CallHandle& call : started_) {
    add_reports(StreamReportKind::kActivity, call, now_ns);
  }
  started_.clear();
  for (const CallHandle& call : released_) {
    add_reports(StreamReportKind::kFinal, call, now_ns);
    StreamReport& released = reports_.emplace_back();
    released.kind = StreamReportKind::kReleased;
    released.call = call;
  }
  released_.clear();
}

void CallsSink::report(calls::CallPlane& plane) {
  // As many at a time as the program takes from its rings.
  constexpr std::size_t kTogether = 16;
  for (std::size_t at = 0; at < reports_.size(); at += kTogether) {
    const std::size_t count = std::min(kTogether, reports_.size() - at);
    plane.on_reports({reports_.data() + at, count});
  }
  reports_.clear();
}

}  // namespace tapdeck::load
