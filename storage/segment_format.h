// The bytes of a segment file: header block, extents, footer index, checkpoints. Pure encoding and
// decoding, no files. Layout and its reasons: docs/formats/segment.md.
//
// Threads: any; plain values.  Memory: views borrow; vectors for decoded indexes.  Bad bytes:
// decode functions give nullopt or false, never a partial result that looks whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/chunk.h"
#include "model/extent.h"
#include "model/ids.h"
#include "storage/crypto.h"
#include "storage/segment_id.h"

namespace tapdeck::storage {

constexpr std::size_t kSegmentHeaderBytes = kBlockBytes;
constexpr std::size_t kRetentionClassBytesMax = 64;
constexpr std::size_t kExtentBytesMax = 64U << 20;    // what a reader accepts, on disk
constexpr std::size_t kMessageBytesMax = 256U << 20;  // what a reader accepts, decompressed
constexpr std::uint16_t kNoStream = 0xffff;           // message extents have none
constexpr std::uint32_t kNoKey = 0xffff'ffff;

enum class ExtentType : std::uint8_t { kMedia = 1, kMediaPacked = 2, kMessages = 3, kRecord = 4 };

// Which segments, and which key, an extent of that type belongs to.
constexpr SegmentKind segment_kind_of(ExtentType type) {
  return type == ExtentType::kMedia || type == ExtentType::kMediaPacked ? SegmentKind::kMedia
                                                                        : SegmentKind::kSip;
}

constexpr std::uint8_t kExtentShredded = 1;  // flag: the ciphertext is gone, its leaf hash stays

SegmentId make_segment_id();

struct SegmentHeader {
  SegmentId id{};
  SegmentKind kind = SegmentKind::kMedia;
  std::int32_t utc_day = 0;  // of call start, as base/clock.h counts days
  std::int64_t created_us = 0;
  std::string retention_class;  // at most kRetentionClassBytesMax
};

void encode_segment_header(const SegmentHeader& header, std::span<std::uint8_t, kBlockBytes> to);
std::optional<SegmentHeader> decode_segment_header(ByteView block);

struct ExtentHeader {
  ExtentType kind = ExtentType::kMedia;
  std::uint8_t flags = 0;
  SegmentId segment{};
  std::uint64_t offset = 0;  // of this header in its segment
  Uid recording{};
  std::uint16_t stream = kNoStream;  // of the first section when packed
  std::uint16_t section_count = 0;
  // Of the first section when packed; counts a recording's messages; a record's version.
  std::uint32_t sequence = 0;
  std::int64_t first_us = 0;
  std::uint32_t duration_us = 0;      // first to last packet or message; saturates
  std::uint32_t plaintext_bytes = 0;  // what was encrypted, and the length of the ciphertext
  std::uint32_t stored_bytes = 0;     // header, ciphertext and padding: whole blocks
  std::uint32_t key_id = kNoKey;
  Nonce nonce{};
  Tag tag{};
  std::uint32_t crc = 0;
  std::uint32_t raw_bytes = 0;  // kMessages, kRecord: length before compression
};

using ExtentHeaderBytes = std::array<std::uint8_t, kExtentHeaderBytes>;

constexpr std::uint64_t stored_extent_bytes(std::uint64_t plaintext_bytes) {
  return (kExtentHeaderBytes + plaintext_bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

ExtentHeaderBytes encode_extent_header(const ExtentHeader& header);

// Magic, version, kind and lengths are checked; the CRC is not.
std::optional<ExtentHeader> decode_extent_header(ByteView bytes);

// Authenticated with the ciphertext: the header without tag, CRC.
ExtentHeaderBytes extent_associated_bytes(const ExtentHeader& header);

// Over the header with a zero CRC field and `body`: the ciphertext, or the leaf hash when shredded.
std::uint32_t extent_crc(const ExtentHeader& header, ByteView body);

// The part of an extent's body under the CRC.
std::size_t extent_body_bytes(const ExtentHeader& header);

// `extent` starts with this header and holds at least its body.
bool extent_is_intact(const ExtentHeader& header, ByteView extent);

// One section of a media extent.
struct SectionView {
  std::uint16_t stream = 0;
  std::uint32_t sequence = 0;
  std::uint32_t duration_us = 0;
  SectionHeader header{};
  ByteView records;
};

// Before each section of a packed extent.
void encode_packed_entry(const SectionView& section, std::uint8_t* to);

// Calls `sink` for the sections of a decrypted media extent; false when its bytes make no sense,
// after those before the bad one.
bool for_each_section(const ExtentHeader& header,
                      ByteView plaintext,
                      const std::function<void(const SectionView&)>& sink);

// What indexes know of one section or message extent; sections of a packed extent share the offset.
struct ExtentEntry {
  std::uint64_t offset = 0;
  std::uint32_t stored_bytes = 0;
  ExtentType kind = ExtentType::kMedia;
  std::uint8_t flags = 0;
  std::uint16_t stream = kNoStream;
  std::uint32_t sequence = 0;
  std::uint32_t key_id = kNoKey;
  std::int64_t first_us = 0;
  std::uint32_t duration_us = 0;
  Hash leaf{};  // of the whole extent

  bool operator==(const ExtentEntry&) const = default;

  [[nodiscard]] std::uint64_t end() const { return offset + stored_bytes; }

  [[nodiscard]] std::int64_t last_us() const { return first_us + duration_us; }
};

// Of first and last packet or message, as headers and entries have it: saturates.
std::uint32_t duration_between(std::int64_t first_us, std::int64_t last_us);

// What `header` says of its first section, or of its messages; the leaf is to follow, and of an
// extent that has no place yet that, too.
ExtentEntry entry_of(const ExtentHeader& header);

// The packed row of one recording in one segment.
std::string encode_extent_row(std::span<const ExtentEntry> entries);
std::optional<std::vector<ExtentEntry>> decode_extent_row(std::string_view bytes);

struct FooterEntry {
  Uid recording{};
  ExtentEntry entry{};

  bool operator==(const FooterEntry&) const = default;
};

// One record of a checkpoint file: the entries of the extents in [from, to) of its segment, which
// they tile.
struct CheckpointRecord {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::vector<FooterEntry> entries;

  bool operator==(const CheckpointRecord&) const = default;
};

std::vector<std::uint8_t> encode_checkpoint(const SegmentId& segment,
                                            std::uint64_t from,
                                            std::uint64_t to,
                                            std::span<const FooterEntry> entries);

// Takes the record at the start of `bytes` off them; nullopt: there is no whole one of this segment
// that goes on at `from`.
std::optional<CheckpointRecord> take_checkpoint(const SegmentId& segment,
                                                std::uint64_t from,
                                                ByteView& bytes);

// Footer index and trailer, a multiple of kBlockBytes, to stand at `offset` as the segment's end.
std::vector<std::uint8_t> encode_footer(const SegmentId& segment,
                                        std::uint64_t offset,
                                        std::span<const FooterEntry> entries);

// The last block of a segment tells where its footer starts; nullopt: not sealed.
std::optional<std::uint64_t> footer_offset(const SegmentId& segment,
                                           std::uint64_t file_bytes,
                                           ByteView last_block);

// `footer` is everything from footer_offset() to the end of the file.
std::optional<std::vector<FooterEntry>> decode_footer(const SegmentId& segment, ByteView footer);

}  // namespace tapdeck::storage
