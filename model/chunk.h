// A chunk: up to 16 KiB of one stream's consecutive RTP packets as received, on its way from a
// worker to the segment writer. Its bytes are laid out exactly as an extent's section
// (docs/formats/segment.md), so that the writer encrypts from it in place.
//
// Ownership: a worker takes it from its pool, fills it, hands it out by ring; the writer gives it
// home by ring. Threads: one owner at every instant.  Memory: pools are sized and allocated at
// start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/assert.h"
#include "base/bytes.h"
#include "model/ids.h"
#include "model/media.h"

namespace tapdeck {

constexpr std::size_t kExtentBytes = 16'384;  // a full extent on disk
constexpr std::size_t kExtentHeaderBytes = 128;
constexpr std::size_t kSectionBytesMax = kExtentBytes - kExtentHeaderBytes;  // 16 256
constexpr std::size_t kSectionHeaderBytes = 64;
constexpr std::size_t kRecordBytesMax =
    kSectionBytesMax - kSectionHeaderBytes;  // 16 192: room for packet records
constexpr std::size_t kRecordHeaderBytes = 6;

// A packet record: u16 (14 bits length, 2 bits kind), u32 arrival microseconds after the section's
// base, then `length` bytes.
enum class RecordKind : std::uint8_t {
  kRtp = 0,  // the UDP payload as received, keyed digits masked (docs/POLICY.md)
  kGap = 1,  // u32 packets lost by us, u8 GapReason: they would have stood here
};

enum class GapReason : std::uint8_t {
  kNoChunk = 1,
  kWriterFull = 2,
  kQuarantineFull = 3,
  kPaused = 4,
  kTooLong = 5,
  kWithheld = 6,  // the call was refused or cut short for lack of room
};

constexpr std::size_t kGapRecordBytes = 5;
constexpr std::size_t kRecordLengthMax = (1U << 14) - 1;

// What stands before a record's bytes.
struct RecordHead {
  RecordKind kind;
  std::size_t bytes;  // with the head itself
  std::uint32_t delta_us;
};

inline RecordHead read_head(const std::uint8_t* at) {
  const auto head = load_le<std::uint16_t>(at);
  return {static_cast<RecordKind>(head >> 14),
          kRecordHeaderBytes + (head & kRecordLengthMax),
          load_le<std::uint32_t>(at + 2)};
}

// The first 64 bytes of a section, little endian, written to disk as they are.
struct SectionHeader {
  std::uint8_t version = 1;
  MediaKind kind = MediaKind::kUnknown;
  std::uint8_t receiver = 0xff;  // party ids as in StreamReport
  std::uint8_t sender = 0xff;
  std::uint32_t record_bytes = 0;  // bytes of packet records behind this header
  std::int64_t base_us = 0;        // UTC time of the first packet; records count from here
  std::uint32_t packet_count = 0;  // kRtp records
  std::uint32_t ssrc = 0;
  std::array<std::uint8_t, 16> source_ip{};
  std::array<std::uint8_t, 16> destination_ip{};
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t realm = 0;
  std::uint16_t media_index = 0;
};

static_assert(sizeof(SectionHeader) == kSectionHeaderBytes &&
              std::is_trivially_copyable_v<SectionHeader>);

struct alignas(64) Chunk {
  // Not on disk.
  Uid recording{};
  std::int64_t last_us = 0;    // UTC time of the last packet
  std::int64_t opened_ns = 0;  // timer time at which it was opened: ages partial chunks
  std::uint32_t sequence = 0;  // counts the chunks of this stream from 0
  std::uint16_t worker = 0;    // whose home ring it belongs to
  std::uint16_t port_index = 0;
  std::uint16_t retention_class = 0;  // index into the configured classes
  std::uint8_t stream_ended = 0;      // 1: no chunk of this stream follows
  std::uint8_t reserved[21] = {};

  // On disk, contiguous: header, then record_bytes of records.
  SectionHeader section{};
  std::array<std::uint8_t, kRecordBytesMax> records{};

  [[nodiscard]] std::size_t room() const { return kRecordBytesMax - section.record_bytes; }

  // The section as it goes into an extent.
  [[nodiscard]] ByteView section_view() const {
    return {reinterpret_cast<const std::uint8_t*>(&section),
            kSectionHeaderBytes + section.record_bytes};
  }

  // Makes room for a record and writes its header; the caller copies `length` bytes to the returned
  // place. Precondition: room() >= kRecordHeaderBytes + length, length <= kRecordLengthMax.
  std::uint8_t* append(RecordKind kind, std::uint32_t delta_us, std::size_t length) {
    TD_DCHECK(room() >= kRecordHeaderBytes + length && length <= kRecordLengthMax);
    std::uint8_t* at = records.data() + section.record_bytes;
    store_le(at, static_cast<std::uint16_t>(length | (static_cast<std::size_t>(kind) << 14)));
    store_le(at + 2, delta_us);
    section.record_bytes += static_cast<std::uint32_t>(kRecordHeaderBytes + length);
    return at + kRecordHeaderBytes;
  }
};

// Packets that were taken out of a chunk.
struct CutPackets {
  std::uint32_t packets = 0;
  std::int64_t from_us = 0;  // of the first of them
  std::int64_t to_us = 0;    // of the last
};

// Takes the packets of packet time [from_us, to_us) out of a chunk that is not being filled:
// nothing of them stays in its memory.  The chunk may be left without any record.
CutPackets cut_packets(Chunk& chunk, std::int64_t from_us, std::int64_t to_us);

static_assert(sizeof(Chunk) == 64 + kSectionBytesMax + (64 - kSectionBytesMax % 64) % 64);
static_assert(offsetof(Chunk, section) == 64);

}  // namespace tapdeck
