#include "pipelines/export/media_index.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/clock.h"
#include "pipelines/export/rtp_view.h"

namespace tapdeck::exports {
namespace {

constexpr std::int64_t kArrivalMaxUs = 253'402'300'800 * kUsPerSecond;  // year 9999
constexpr int kDropoutMax = 3'000;  // RFC 3550 A.1: a jump beyond these is a restart or a stray
constexpr int kMisorderMax = 1'000;

Endpoint make_endpoint(const std::array<std::uint8_t, 16>& ip, std::uint16_t port) {
  return {IpAddress{ip}, port};
}

// Finds the stream of a section; sections of one stream need not follow each other.
class StreamFinder {
 public:
  explicit StreamFinder(std::size_t known) : next_(known) {}

  std::size_t find(const SectionHeader& header) {
    const Key key{header.source_ip,
                  header.source_port,
                  header.destination_ip,
                  header.destination_port,
                  header.ssrc};
    const auto [at, added] = streams_.try_emplace(key, next_);
    if (added) ++next_;
    return at->second;
  }

 private:
  using Key = std::tuple<std::array<std::uint8_t, 16>,
                         std::uint16_t,
                         std::array<std::uint8_t, 16>,
                         std::uint16_t,
                         std::uint32_t>;
  std::map<Key, std::size_t> streams_;
  std::size_t next_;
};

Error corrupt_section() {
  return make_error(ErrorCode::kCorrupt, "A media section does not consist of whole records.");
}

PacketEntry make_entry(std::int64_t arrival_us, ByteView packet) {
  PacketEntry entry;
  entry.arrival_us = arrival_us;
  entry.bytes = static_cast<std::uint16_t>(packet.size());  // 14 bits on disk
  const std::optional<RtpView> rtp = view_rtp(packet);
  if (!rtp) return entry;
  entry.is_rtp = true;
  entry.timestamp = rtp->timestamp;
  entry.sequence = rtp->sequence;
  entry.payload_type = rtp->payload_type;
  entry.payload_bytes = static_cast<std::uint16_t>(rtp->payload.size());
  return entry;
}

void add_mark(MediaStream& stream, std::int64_t arrival_us, ByteView bytes) {
  if (bytes.size() < kGapRecordBytes) return;
  stream.gap_marks.push_back(
      {arrival_us, load_le<std::uint32_t>(bytes.data()), static_cast<GapReason>(bytes[4])});
}

}  // namespace

bool for_each_record(const SectionHeader& header, ByteView records, const RecordSink& sink) {
  Cursor cursor(records);
  while (!cursor.at_end()) {
    const std::uint16_t head = cursor.read_le<std::uint16_t>();
    const std::uint32_t delta_us = cursor.read_le<std::uint32_t>();
    const ByteView bytes = cursor.read_bytes(head & kRecordLengthMax);
    if (cursor.failed()) return false;
    std::int64_t arrival_us = 0;
    if (__builtin_add_overflow(header.base_us, std::int64_t{delta_us}, &arrival_us)) return false;
    if (arrival_us < 0 || arrival_us > kArrivalMaxUs) return false;
    sink(static_cast<RecordKind>(head >> 14), arrival_us, bytes);
  }
  return true;
}

Result<MediaIndex> index_media(storage::StoreAccess& store, const Uid& uid) {
  MediaIndex index;
  StreamFinder finder(0);
  bool good = true;
  const auto read = store.read_media(uid, [&](const SectionHeader& header, ByteView records) {
    const std::size_t at = finder.find(header);
    if (at == index.streams.size()) {
      MediaStream& added = index.streams.emplace_back();
      added.source = make_endpoint(header.source_ip, header.source_port);
      added.destination = make_endpoint(header.destination_ip, header.destination_port);
      added.ssrc = header.ssrc;
    }
    MediaStream& stream = index.streams[at];
    // Later sections may know what the first did not: a binding by source learns its parties late.
    if (header.kind != MediaKind::kUnknown) stream.kind = header.kind;
    if (header.sender != 0xff) stream.sender = header.sender;
    if (header.receiver != 0xff) stream.receiver = header.receiver;
    good = for_each_record(
        header, records, [&](RecordKind kind, std::int64_t arrival_us, ByteView bytes) {
          if (kind == RecordKind::kGap) add_mark(stream, arrival_us, bytes);
          if (kind != RecordKind::kRtp || index.packet_count == kPacketsMax) return;
          stream.packets.push_back(make_entry(arrival_us, bytes));
          ++index.packet_count;
        });
    index.too_long = index.packet_count == kPacketsMax;
    return good && !index.too_long;
  });
  if (!read) return Error(read.error());
  if (!good) return corrupt_section();
  return index;
}

Result<void> for_each_packet(storage::StoreAccess& store,
                             const Uid& uid,
                             const MediaIndex& index,
                             const PacketSink& sink) {
  std::vector<std::size_t> visited(index.streams.size(), 0);
  StreamFinder finder(0);
  bool same = true;
  const auto read = store.read_media(uid, [&](const SectionHeader& header, ByteView records) {
    const std::size_t at = finder.find(header);
    if (at >= index.streams.size()) return true;
    const MediaStream& stream = index.streams[at];
    const bool good =
        for_each_record(header, records, [&](RecordKind kind, std::int64_t, ByteView bytes) {
          if (kind != RecordKind::kRtp || visited[at] == stream.packets.size()) return;
          const PacketEntry& entry = stream.packets[visited[at]++];
          if (entry.bytes == bytes.size()) {
            sink(stream, entry, bytes);
          } else {
            same = false;
          }
        });
    same = same && good;
    return same;
  });
  if (!read) return Error(read.error());
  for (std::size_t i = 0; i < visited.size(); ++i) {
    same = same && visited[i] == index.streams[i].packets.size();
  }
  if (same) return {};
  return make_error(ErrorCode::kBusy,
                    "Recording " + to_string(uid) + " changed while it was read; try again.");
}

std::vector<OrderedPacket> order_packets(const std::vector<PacketEntry>& packets) {
  std::vector<OrderedPacket> ordered;
  std::int64_t highest = -1;
  std::uint16_t highest_sequence = 0;
  for (std::uint32_t i = 0; i < packets.size(); ++i) {
    const PacketEntry& packet = packets[i];
    if (!packet.is_rtp) continue;
    const int step = highest < 0 ? 1
                                 : static_cast<std::int16_t>(static_cast<std::uint16_t>(
                                       packet.sequence - highest_sequence));
    OrderedPacket next{highest + step, i};
    if (step > kDropoutMax || step < -kMisorderMax) {
      const bool followed =
          i + 1 < packets.size() && packets[i + 1].is_rtp &&
          packets[i + 1].sequence == static_cast<std::uint16_t>(packet.sequence + 1);
      if (!followed) continue;  // a stray
      next.order = highest + kRestartGap;
    } else if (highest < 0) {
      next.order = kRestartGap;  // leaves room for packets that the first one overtook
    }
    if (next.order > highest) {
      highest = next.order;
      highest_sequence = packet.sequence;
    }
    ordered.push_back(next);
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.order < b.order;
  });
  const auto last = std::unique(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.order == b.order;
  });
  ordered.erase(last, ordered.end());
  return ordered;
}

void append_gaps(const MediaStream& stream,
                 const std::vector<OrderedPacket>& ordered,
                 std::vector<RecordingGap>& gaps) {
  for (const GapMark& mark : stream.gap_marks) {
    gaps.push_back({mark.arrival_us,
                    mark.arrival_us,
                    mark.reason == GapReason::kPaused ? "paused" : "loss_by_us",
                    mark.packets});
  }
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    std::int64_t missing = ordered[i].order - ordered[i - 1].order - 1;
    if (missing <= 0 || begins_run(ordered, i)) continue;
    const std::int64_t from_us = stream.packets[ordered[i - 1].index].arrival_us;
    const std::int64_t to_us = stream.packets[ordered[i].index].arrival_us;
    for (const GapMark& mark : stream.gap_marks) {
      if (mark.arrival_us >= from_us && mark.arrival_us <= to_us) missing -= mark.packets;
    }
    if (missing <= 0) continue;
    gaps.push_back(
        {from_us, std::max(from_us, to_us), "loss", static_cast<std::uint64_t>(missing)});
  }
}

void store_gaps(std::vector<RecordingGap> gaps, ExportedFile& file) {
  std::stable_sort(gaps.begin(), gaps.end(), [](const RecordingGap& a, const RecordingGap& b) {
    return a.from_us < b.from_us;
  });
  file.gaps_left_out = gaps.size() > kGapsMax ? gaps.size() - kGapsMax : 0;
  if (gaps.size() > kGapsMax) gaps.resize(kGapsMax);
  file.gaps = std::move(gaps);
}

std::string missing_media_reason(const CallRecord& call) {
  if (call.recording.lifecycle == RecordingLifecycle::kErased ||
      call.recording.lifecycle == RecordingLifecycle::kExpired) {
    return std::string(recording_lifecycle_name(call.recording.lifecycle));
  }
  if (call.recording.reasons.empty()) return "no_media";
  std::string reason;
  for (const RecordingReason each : call.recording.reasons) {
    if (!reason.empty()) reason += ", ";
    reason += recording_reason_name(each);
  }
  return reason;
}

}  // namespace tapdeck::exports
