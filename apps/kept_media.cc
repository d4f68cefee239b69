#include "apps/kept_media.h"

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "engine/rtp/statistics.h"
#include "pipelines/export/media_index.h"

namespace tapdeck::apps {
namespace {

constexpr std::int64_t kOnePauseNs = kNsPerSecond;  // apart, of what was left out of the same one

struct KeptStream {
  StreamReport report;
  std::vector<LossSpan> paused;
  engine::StreamHot hot{};
  engine::StreamCold cold{};
};

StreamReport report_of(const Uid& uid, const SectionHeader& section) {
  StreamReport report;
  report.kind = StreamReportKind::kFinal;
  report.media_kind = section.kind;
  report.receiver = section.receiver;
  report.sender = section.sender;
  report.media_index = section.media_index;
  report.realm = section.realm;
  report.recording = uid;
  report.source = {{section.source_ip}, section.source_port};
  report.destination = {{section.destination_ip}, section.destination_port};
  report.ssrc = section.ssrc;
  return report;
}

class StreamCounter {
 public:
  explicit StreamCounter(const Uid& uid) : uid_(uid) {}

  void add(const SectionHeader& section, ByteView records) {
    KeptStream& stream = stream_of(report_of(uid_, section));
    exports::for_each_record(
        section, records, [&stream](RecordKind kind, std::int64_t arrival_us, ByteView bytes) {
          if (kind == RecordKind::kRtp) add_packet(stream, arrival_us, bytes);
          if (kind == RecordKind::kGap) add_gap(stream, arrival_us, bytes);
        });
  }

  [[nodiscard]] std::vector<StreamReport> reports() const {
    std::vector<StreamReport> reports;
    for (const auto& stream : streams_) {
      reports.push_back(stream->report);
      engine::fill_statistics(stream->hot, stream->cold, reports.back().statistics);
      const std::size_t first = reports.size() - 1;
      for (const LossSpan& span : stream->paused) {                   // a report has room for one
        reports[first].statistics.packet_count += span.packet_count;  // they came
        reports.push_back(stream->report);
        reports.back().losses[static_cast<std::size_t>(LossCause::kPaused)] = span;
      }
    }
    return reports;
  }

 private:
  // Sections come stream by stream, and a call has few.
  KeptStream& stream_of(const StreamReport& report) {
    for (const auto& stream : streams_) {
      const StreamReport& known = stream->report;
      if (known.ssrc == report.ssrc && known.source == report.source &&
          known.destination == report.destination) {
        return *stream;
      }
    }
    streams_.push_back(std::make_unique<KeptStream>());
    streams_.back()->report = report;
    return *streams_.back();
  }

  static void add_packet(KeptStream& stream, std::int64_t arrival_us, ByteView bytes) {
    engine::RtpArrival arrival;
    arrival.payload_length = static_cast<std::uint32_t>(bytes.size());
    arrival.time_ns = arrival_us * kNsPerUs;
    if (!engine::parse_rtp(bytes, arrival.payload_length, arrival.header)) return;
    const bool first = stream.hot.packet_count == 0;
    const std::uint8_t type_before = stream.hot.jitter_payload_type;
    engine::update_statistics(stream.hot, stream.cold, arrival);
    const std::uint8_t type = stream.hot.jitter_payload_type;
    if (first || type != type_before) {
      engine::set_clock_rate(stream.hot, static_payload(type).clock_rate_hz);
    }
  }

  static void add_gap(KeptStream& stream, std::int64_t arrival_us, ByteView bytes) {
    if (bytes.size() < kGapRecordBytes) return;
    const auto packets = load_le<std::uint32_t>(bytes.data());
    if (bytes[4] != static_cast<std::uint8_t>(GapReason::kPaused)) {
      stream.cold.lost_by_us_count += packets;
      return;
    }
    const std::int64_t to_ns = arrival_us * kNsPerUs;
    const std::int64_t from_ns = stream.hot.last_ns == 0 ? to_ns : stream.hot.last_ns;
    const bool goes_on =
        !stream.paused.empty() && from_ns - stream.paused.back().to_ns < kOnePauseNs;
    if (!goes_on) stream.paused.emplace_back();
    stream.paused.back().add(from_ns, to_ns, packets);
  }

  Uid uid_;
  std::vector<std::unique_ptr<KeptStream>> streams_;
};

}  // namespace

std::vector<StreamReport> count_kept_media(storage::StoreAccess& store, const Uid& uid) {
  StreamCounter counter(uid);
  const Result<void> read =
      store.read_media(uid, [&counter](const SectionHeader& section, ByteView records) {
        counter.add(section, records);
        return true;
      });
  if (!read) {
    log_warning("call " + to_string(uid) +
                " goes on without some of its earlier media: " + read.error().message);
  }
  return counter.reports();
}

}  // namespace tapdeck::apps
