#include "pipelines/calls/stream_book.h"

#include <algorithm>
#include <optional>
#include <strings.h>
#include <tuple>

#include "pipelines/calls/mos.h"
#include "pipelines/calls/recording_session.h"

namespace tapdeck::calls {
namespace {

constexpr std::string_view kFaxCodec = "t38";

struct StreamEnds {
  std::optional<std::uint8_t> sender;
  std::optional<std::uint8_t> receiver;
};

std::optional<std::uint8_t> known_party(std::uint8_t party) {
  if (party == kNoParty) return std::nullopt;
  return party;
}

std::optional<std::uint8_t> other_party(std::optional<std::uint8_t> party,
                                        const StreamParties& parties) {
  if (!party || parties.count < 2) return std::nullopt;
  return *party == kCallerParty ? parties.callee : kCallerParty;
}

StreamEnds ends_of(const StreamReport& report, const StreamParties& parties) {
  StreamEnds ends{known_party(report.sender), known_party(report.receiver)};
  // A border element may send from an address it declared to the other side: then the address
  // names the receiver, and the sender is the other one.
  if (ends.sender && ends.sender == ends.receiver) ends.sender.reset();
  if (!ends.sender) ends.sender = other_party(ends.receiver, parties);
  if (!ends.receiver) ends.receiver = other_party(ends.sender, parties);
  return ends;
}

PayloadDeclaration declared(const OfferAnswer& media,
                            const StreamEnds& ends,
                            std::uint16_t media_index,
                            std::uint8_t payload_type) {
  // RFC 3264 5.1: the number on the wire is the one that the receiver has declared.
  for (const std::optional<std::uint8_t>& party : {ends.receiver, ends.sender}) {
    if (!party) continue;
    const PayloadDeclaration* payload = media.find_payload(*party, media_index, payload_type);
    if (payload != nullptr) return *payload;
  }
  for (const std::optional<std::uint8_t>& party : {ends.receiver, ends.sender}) {
    const PayloadDeclaration* payload = party ? media.find_payload(*party, payload_type) : nullptr;
    if (payload != nullptr) return *payload;
  }
  const StaticPayload known = static_payload(payload_type);
  return {payload_type, known.clock_rate_hz, PoolString(known.codec)};
}

bool is_auxiliary(std::string_view codec) {
  for (const std::string_view name : {"telephone-event", "CN", "tone"}) {
    if (codec.size() == name.size() && ::strncasecmp(codec.data(), name.data(), name.size()) == 0) {
      return true;
    }
  }
  return false;
}

std::optional<double> known_figure(double value) {
  if (value < 0) return std::nullopt;
  return value;
}

void fill_codec(const StreamReport& report,
                const OfferAnswer& media,
                const StreamEnds& ends,
                MediaRecord& row) {
  const StreamStatistics& statistics = report.statistics;
  std::tuple<bool, std::uint32_t> best{false, 0};
  for (std::size_t i = 0; i < statistics.payload_type_count && i < kStreamPayloadTypesMax; ++i) {
    const PayloadCount& count = statistics.payload_types[i];
    const PayloadDeclaration payload =
        declared(media, ends, report.media_index, count.payload_type);
    const std::string_view codec = registered_codec(payload.codec);
    row.codecs[count.payload_type] = codec;
    row.payload_packets[count.payload_type] += count.packet_count;
    const std::tuple<bool, std::uint32_t> rank{!is_auxiliary(payload.codec), count.packet_count};
    if (row.payload_type && rank <= best) continue;
    best = rank;
    row.payload_type = count.payload_type;
    row.codec = codec;
    if (payload.kind != MediaKind::kUnknown) row.kind = payload.kind;
    row.clock_rate_hz = payload.clock_rate_hz;
  }
}

MediaRecord make_row(const StreamReport& report,
                     const OfferAnswer& media,
                     const StreamParties& parties) {
  const StreamStatistics& statistics = report.statistics;
  const StreamEnds ends = ends_of(report, parties);
  MediaRecord row;
  row.kind = report.media_kind;
  row.party = ends.sender;
  row.source = report.source;
  row.destination = report.destination;
  row.ssrc = report.ssrc;
  if (report.is_fax()) {
    row.codec = kFaxCodec;
  } else {
    fill_codec(report, media, ends, row);
  }
  row.first_us = statistics.first_ns / 1000;
  row.last_us = statistics.last_ns / 1000;
  row.packets = statistics.packet_count;
  row.bytes = statistics.payload_bytes;
  row.expected = statistics.expected_count;
  row.lost = statistics.lost_count();
  row.lost_by_us = statistics.lost_by_us_count;
  row.duplicated = statistics.duplicate_count;
  row.reordered = statistics.reordered_count;
  if (report.is_fax()) {
    // What is sent several times over is meant so: it makes up for no loss.
    row.lost = static_cast<std::int64_t>(missing_packets(row));
    return row;
  }
  row.jitter_ms = known_figure(statistics.jitter_ms);
  if (row.jitter_ms) row.jitter_max_ms = known_figure(statistics.jitter_max_ms);
  row.srtp = media.security().is_secure({ends.sender, report.source},
                                        {ends.receiver, report.destination},
                                        report.media_index,
                                        {statistics.first_ns, statistics.last_ns});
  row.mos_est = estimate_mos(row.codec, loss_pct(row));
  if (row.mos_est) row.mos_model = kMosModel;
  return row;
}

void fill_rtcp(const RtcpBook& book, MediaRecord& row) {
  const RtcpFigures figures = book.about({row.source, row.destination, row.ssrc, row.party});
  row.rtcp_loss_pct = figures.loss_pct;
  if (figures.jitter && row.clock_rate_hz != 0) {
    row.rtcp_jitter_ms = *figures.jitter * 1e3 / row.clock_rate_hz;
  }
  row.rtcp_rtt_ms = figures.rtt_ms;
}

bool is_same_stream(const MediaRecord& a, const MediaRecord& b) {
  return a.is_datagrams() == b.is_datagrams() && a.ssrc == b.ssrc && a.source == b.source &&
         a.destination == b.destination;
}

// Puts the earlier part of a stream into the row of its later part.
void join(const MediaRecord& earlier, MediaRecord& row) {
  if (row.codec.empty()) {
    row.codec = earlier.codec;
    row.payload_type = earlier.payload_type;
    row.clock_rate_hz = earlier.clock_rate_hz;
  }
  if (!row.party) row.party = earlier.party;
  if (!row.speaker) row.speaker = earlier.speaker;
  row.codecs.insert(earlier.codecs.begin(), earlier.codecs.end());
  for (const auto& [type, packets] : earlier.payload_packets) row.payload_packets[type] += packets;
  row.first_us = std::min(row.first_us, earlier.first_us);
  row.last_us = std::max(row.last_us, earlier.last_us);
  row.packets += earlier.packets;
  row.bytes += earlier.bytes;
  row.expected += earlier.expected;
  row.lost += earlier.lost;
  row.lost_by_us += earlier.lost_by_us;
  row.lost_suspect += earlier.lost_suspect;
  row.duplicated += earlier.duplicated;
  row.reordered += earlier.reordered;
  if (!row.jitter_ms) row.jitter_ms = earlier.jitter_ms;
  if (earlier.jitter_max_ms) {
    row.jitter_max_ms = std::max(row.jitter_max_ms.value_or(0), *earlier.jitter_max_ms);
  }
  if (earlier.rtcp_loss_pct) {
    row.rtcp_loss_pct = std::max(row.rtcp_loss_pct.value_or(0), *earlier.rtcp_loss_pct);
  }
  if (!row.rtcp_jitter_ms) row.rtcp_jitter_ms = earlier.rtcp_jitter_ms;
  if (!row.rtcp_rtt_ms) row.rtcp_rtt_ms = earlier.rtcp_rtt_ms;
  row.srtp = row.srtp || earlier.srtp;
  row.mos_est = estimate_mos(row.codec, loss_pct(row));
}

}  // namespace

std::uint64_t missing_packets(const MediaRecord& row) {
  const std::uint64_t distinct = row.packets - std::min(row.packets, row.duplicated);
  return row.expected - std::min(row.expected, distinct);
}

double loss_pct(const MediaRecord& row) {
  if (row.expected == 0) return 0;
  return 100.0 * static_cast<double>(missing_packets(row)) / static_cast<double>(row.expected);
}

StreamBook::Stream* StreamBook::find(const StreamReport& report) {
  for (Stream& stream : streams_) {
    const StreamReport& known = stream.report;
    // A final row takes nothing more: the same stream after a long silence is a row of its own.
    if (!stream.final && known.is_fax() == report.is_fax() && known.ssrc == report.ssrc &&
        known.source == report.source && known.destination == report.destination &&
        known.worker == report.worker && known.vlan == report.vlan) {
      return &stream;
    }
  }
  return nullptr;
}

bool StreamBook::take(const StreamReport& report) {
  if (report.kind == StreamReportKind::kRtcp) {
    if (!report.rtcp.is_sign) rtcp_.take(report);
    last_rtcp_ns_ = std::max(last_rtcp_ns_, report.rtcp.time_ns);
    return true;
  }
  Stream* stream = find(report);
  const std::uint64_t before = stream == nullptr ? 0 : stream->report.statistics.packet_count;
  if (stream == nullptr) {
    if (streams_.size() >= kStreamsMax) {
      ++dropped_;
      return false;
    }
    if (streams_.empty()) streams_.reserve(kStreamsUsual);
    stream = &streams_.emplace_back();
  }
  stream->report = report;
  take_losses(report, *stream);
  stream->final = report.kind == StreamReportKind::kFinal;
  last_ns_ = std::max(last_ns_, report.statistics.last_ns);
  return report.statistics.packet_count > before;
}

void StreamBook::take_losses(const StreamReport& report, Stream& stream) {
  for (std::size_t cause = 0; cause < kLossCauses; ++cause) {
    const LossSpan& span = report.losses[cause];
    if (span.packet_count == 0) continue;
    PoolVector<LossSpan>& known = stream.losses[cause];
    // What we dropped or left out goes on from report to report.
    const bool goes_on = cause != static_cast<std::size_t>(LossCause::kWire) && !known.empty() &&
                         span.from_ns - known.back().to_ns < 1'000'000'000;
    if (goes_on || known.size() == kLossesPerStreamMax) {
      known.back().add(span.from_ns, span.to_ns, span.packet_count);
    } else {
      known.push_back(span);
    }
  }
}

std::uint64_t StreamBook::count_suspect(const Stream& stream, const DropHistory& drops) {
  std::uint64_t packets = 0;
  for (const LossSpan& span : stream.losses[static_cast<std::size_t>(LossCause::kWire)]) {
    if (drops.overlaps(stream.report.port_index, span.from_ns, span.to_ns)) {
      packets += span.packet_count;
    }
  }
  return packets;
}

bool StreamBook::has_missed(LossCause cause) const {
  return std::any_of(streams_.begin(), streams_.end(), [cause](const Stream& stream) {
    return !stream.losses[static_cast<std::size_t>(cause)].empty();
  });
}

std::vector<RecordingGap> StreamBook::gaps() const {
  constexpr std::array<const char*, kLossCauses> kReasons = {
      "loss", "loss_by_us", "paused", "truncated"};
  std::vector<RecordingGap> gaps;
  for (const Stream& stream : streams_) {
    std::uint64_t told_by_us = 0;
    for (std::size_t cause = 0; cause < kLossCauses; ++cause) {
      const bool wire = cause == static_cast<std::size_t>(LossCause::kWire);
      for (const LossSpan& span : stream.losses[cause]) {
        if (wire && span.packet_count < kGapPacketsMin) continue;
        gaps.push_back(
            {span.from_ns / 1000, span.to_ns / 1000, kReasons[cause], span.packet_count});
        if (cause == static_cast<std::size_t>(LossCause::kByUs)) told_by_us += span.packet_count;
      }
    }
    // What an earlier process dropped is known by its number alone.
    const StreamStatistics& statistics = stream.report.statistics;
    if (statistics.lost_by_us_count > told_by_us) {
      gaps.push_back({statistics.first_ns / 1000,
                      statistics.last_ns / 1000,
                      "loss_by_us",
                      statistics.lost_by_us_count - told_by_us});
    }
  }
  for (const MediaRecord& row : carried_) {
    if (row.lost_by_us > 0)
      gaps.push_back({row.first_us, row.last_us, "loss_by_us", row.lost_by_us});
  }
  return gaps;
}

void StreamBook::carry(std::vector<MediaRecord> rows, const std::vector<StreamReport>& kept) {
  for (const StreamReport& report : kept) {
    const bool is_same = !streams_.empty() && streams_.back().report.ssrc == report.ssrc &&
                         streams_.back().report.source == report.source &&
                         streams_.back().report.destination == report.destination;
    if (!is_same && streams_.size() >= kStreamsMax) break;
    if (!is_same) streams_.push_back({.report = report, .final = true, .earlier = true});
    take_losses(report, streams_.back());
    last_ns_ = std::max(last_ns_, report.statistics.last_ns);
  }
  for (MediaRecord& row : rows) {
    last_ns_ = std::max(last_ns_, row.last_us * 1000);
    const bool is_kept = std::any_of(kept.begin(), kept.end(), [&row](const StreamReport& report) {
      return !row.is_datagrams() && report.ssrc == row.ssrc && report.source == row.source &&
             report.destination == row.destination;
    });
    if (!is_kept) carried_.push_back(std::move(row));
  }
}

std::int64_t StreamBook::first_ns() const {
  std::int64_t first_ns = 0;
  for (const Stream& stream : streams_) {
    const StreamStatistics& statistics = stream.report.statistics;
    if (stream.earlier || statistics.packet_count == 0) continue;
    if (first_ns == 0 || statistics.first_ns < first_ns) first_ns = statistics.first_ns;
  }
  return first_ns;
}

std::vector<MediaRecord> StreamBook::rows(const OfferAnswer& media,
                                          const StreamParties& parties,
                                          const DropHistory& drops) const {
  std::vector<MediaRecord> rows;
  std::vector<MediaRecord> earlier = carried_;
  for (const Stream& stream : streams_) {
    if (stream.report.statistics.packet_count == 0) continue;
    MediaRecord row = make_row(stream.report, media, parties);
    if (!stream.earlier && !row.is_datagrams()) fill_rtcp(rtcp_, row);
    if (parties.recording != nullptr) {
      parties.recording->name_speaker(stream.report.media_index, row);
    }
    row.lost_suspect = std::min(count_suspect(stream, drops), missing_packets(row));
    (stream.earlier ? earlier : rows).push_back(std::move(row));
  }
  for (const MediaRecord& part : earlier) {
    const auto later = std::find_if(rows.begin(), rows.end(), [&part](const MediaRecord& row) {
      return is_same_stream(row, part);
    });
    if (later == rows.end()) {
      rows.push_back(part);
    } else {
      join(part, *later);
    }
  }
  std::sort(rows.begin(), rows.end(), [](const MediaRecord& a, const MediaRecord& b) {
    return std::tie(a.first_us, a.source, a.destination, a.ssrc, a.last_us, a.packets) <
           std::tie(b.first_us, b.source, b.destination, b.ssrc, b.last_us, b.packets);
  });
  return rows;
}

}  // namespace tapdeck::calls
