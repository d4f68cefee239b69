// What a recording holds, packet by packet, without the payload: a first walk makes this index, an
// export then decides where each packet goes, and a second walk puts its bytes there.
//
// Threads: one.  Memory: 32 bytes for each packet, at most kPacketsMax of them (then `too_long`).
// Bad bytes in a section end the walk with kCorrupt.
// Section layout: model/chunk.h, docs/formats/segment.md.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/chunk.h"
#include "pipelines/export/export.h"
#include "storage/store_access.h"

namespace tapdeck::exports {

constexpr std::int64_t kNowhere = std::numeric_limits<std::int64_t>::min();

struct PacketEntry {
  std::int64_t arrival_us = 0;       // UTC
  std::int64_t position = kNowhere;  // set by the export: sample or byte at which it goes
  std::uint32_t timestamp = 0;       // RTP fields; meaningless unless is_rtp
  std::uint16_t sequence = 0;
  std::uint16_t bytes = 0;  // of the whole packet
  std::uint16_t payload_bytes = 0;
  std::uint16_t skip = 0;  // leading samples that the stream has already filled
  std::uint8_t payload_type = 0;
  bool is_rtp = false;
  bool is_heard_elsewhere = false;  // set by the export: another hop's packet has its audio
};

struct GapMark {
  std::int64_t arrival_us = 0;
  std::uint32_t packets = 0;
  GapReason reason = GapReason::kNoChunk;
};

struct MediaStream {
  Endpoint source{};
  Endpoint destination{};
  std::uint32_t ssrc = 0;
  MediaKind kind = MediaKind::kUnknown;
  std::uint8_t sender = 0xff;  // party ids as in StreamReport
  std::uint8_t receiver = 0xff;
  std::vector<PacketEntry> packets;  // in order of arrival
  std::vector<GapMark> gap_marks;
};

struct MediaIndex {
  std::vector<MediaStream> streams;  // in order of first appearance
  std::uint64_t packet_count = 0;
  bool too_long = false;
};

Result<MediaIndex> index_media(storage::StoreAccess& store, const Uid& uid);

// Visits the packets of `index` again; what a growing recording has gained since is left out.
using PacketSink = std::function<void(const MediaStream&, const PacketEntry&, ByteView packet)>;
Result<void> for_each_packet(storage::StoreAccess& store,
                             const Uid& uid,
                             const MediaIndex& index,
                             const PacketSink& sink);

// Visits the records of one section; false: its bytes are not records.
using RecordSink = std::function<void(RecordKind, std::int64_t arrival_us, ByteView bytes)>;
bool for_each_record(const SectionHeader& header, ByteView records, const RecordSink& sink);

// Positions in `packets` in order of sequence numbers (RFC 3550 A.1: extended, restarts follow what
// was before), without duplicates and strays.  `order` rises by one from packet to packet where
// none is missing, and by kRestartGap or so where the numbers start anew.
constexpr std::int64_t kRestartGap = 1LL << 20;

struct OrderedPacket {
  std::int64_t order = 0;
  std::uint32_t index = 0;
};

std::vector<OrderedPacket> order_packets(const std::vector<PacketEntry>& packets);

// True for the first packet of all and of each restart: no saying what is missing before it.
inline bool begins_run(const std::vector<OrderedPacket>& ordered, std::size_t i) {
  return i == 0 || ordered[i].order - ordered[i - 1].order >= kRestartGap / 2;
}

// Where `stream` lacks packets: what we lost by its marks, the rest as "loss".
void append_gaps(const MediaStream& stream,
                 const std::vector<OrderedPacket>& ordered,
                 std::vector<RecordingGap>& gaps);

// Sorts by time and cuts to kGapsMax.
void store_gaps(std::vector<RecordingGap> gaps, ExportedFile& file);

// Why a call without (usable) media has no file.
std::string missing_media_reason(const CallRecord& call);

}  // namespace tapdeck::exports
