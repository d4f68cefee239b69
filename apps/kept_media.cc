#include "apps/kept_media.h"

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "engine/rtp/statistics.h"
#include "pipelines/export/media_index.h"

namespace tapdeck::apps {
namespace {

struct KeptStream {
  StreamReport report;
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
          if (kind == RecordKind::kGap) add_gap(stream, bytes);
        });
  }

  [[nodiscard]] std::vector<StreamReport> reports() const {
    std::vector<StreamReport> reports;
    for (const auto& stream : streams_) {
      reports.push_back(stream->report);
      engine::fill_statistics(stream->hot, stream->cold, reports.back().statistics);
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

  static void add_gap(KeptStream& stream, ByteView bytes) {
    if (bytes.size() < kGapRecordBytes) return;
    if (bytes[4] == static_cast<std::uint8_t>(GapReason::kPaused)) return;
    stream.cold.lost_by_us_count += load_le<std::uint32_t>(bytes.data());
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
