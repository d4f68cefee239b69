#include "storage/segment_format.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "storage/crc32c.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint64_t kSegmentMagic = 0x3153'4745'5350'4454ULL;  // "TDPSEGS1"
constexpr std::uint32_t kExtentMagic = 0x3158'4454U;               // "TDX1"
constexpr std::uint16_t kMediaSegmentVersion = 1;
constexpr std::uint16_t kSipSegmentVersion = 2;  // 1: without call records
constexpr std::uint16_t kExtentVersion = 1;
constexpr std::size_t kExtentTagAt = 92;
constexpr std::size_t kExtentCrcAt = 108;

template <std::size_t N>
void put(std::uint8_t* to, const std::array<std::uint8_t, N>& bytes) {
  std::memcpy(to, bytes.data(), N);
}

template <std::size_t N>
void get(const std::uint8_t* from, std::array<std::uint8_t, N>& bytes) {
  std::memcpy(bytes.data(), from, N);
}

bool lengths_make_sense(const ExtentHeader& header) {
  if (header.stored_bytes > kExtentBytesMax || header.offset % kBlockBytes != 0) return false;
  if (header.raw_bytes > kMessageBytesMax) return false;
  return header.stored_bytes == stored_extent_bytes(header.plaintext_bytes);
}

}  // namespace

SegmentId make_segment_id() {
  SegmentId id;
  random_bytes(id);
  return id;
}

void encode_segment_header(const SegmentHeader& header, std::span<std::uint8_t, kBlockBytes> to) {
  TD_ASSERT(header.retention_class.size() <= kRetentionClassBytesMax);
  std::memset(to.data(), 0, to.size());
  std::uint8_t* at = to.data();
  store_le(at, kSegmentMagic);
  store_le(at + 8, header.kind == SegmentKind::kSip ? kSipSegmentVersion : kMediaSegmentVersion);
  at[10] = static_cast<std::uint8_t>(header.kind);
  at[11] = static_cast<std::uint8_t>(header.retention_class.size());
  store_le(at + 12, static_cast<std::uint32_t>(header.utc_day));
  put(at + 16, header.id);
  store_le(at + 32, static_cast<std::uint64_t>(header.created_us));
  std::ranges::copy(header.retention_class, at + 40);  // its length stands above
  store_le(at + kBlockBytes - 4, crc32c({at, kBlockBytes - 4}));
}

std::optional<SegmentHeader> decode_segment_header(ByteView block) {
  if (block.size() < kBlockBytes) return std::nullopt;
  const std::uint8_t* at = block.data();
  if (load_le<std::uint64_t>(at) != kSegmentMagic ||
      load_le<std::uint32_t>(at + kBlockBytes - 4) != crc32c({at, kBlockBytes - 4})) {
    return std::nullopt;
  }
  if (at[10] < 1 || at[10] > 2 || at[11] > kRetentionClassBytesMax) return std::nullopt;
  SegmentHeader header;
  header.kind = static_cast<SegmentKind>(at[10]);
  const auto version = load_le<std::uint16_t>(at + 8);
  const bool sip = header.kind == SegmentKind::kSip;
  if (version < 1 || version > (sip ? kSipSegmentVersion : kMediaSegmentVersion)) {
    return std::nullopt;
  }
  header.utc_day = static_cast<std::int32_t>(load_le<std::uint32_t>(at + 12));
  get(at + 16, header.id);
  header.created_us = static_cast<std::int64_t>(load_le<std::uint64_t>(at + 32));
  header.retention_class = as_text({at + 40, at[11]});
  return header;
}

ExtentHeaderBytes encode_extent_header(const ExtentHeader& header) {
  ExtentHeaderBytes bytes{};
  std::uint8_t* at = bytes.data();
  store_le(at, kExtentMagic);
  store_le(at + 4, kExtentVersion);
  at[6] = static_cast<std::uint8_t>(header.kind);
  at[7] = header.flags;
  put(at + 8, header.segment);
  store_le(at + 24, header.offset);
  put(at + 32, header.recording.bytes);
  store_le(at + 48, header.stream);
  store_le(at + 50, header.section_count);
  store_le(at + 52, header.sequence);
  store_le(at + 56, static_cast<std::uint64_t>(header.first_us));
  store_le(at + 64, header.duration_us);
  store_le(at + 68, header.plaintext_bytes);
  store_le(at + 72, header.stored_bytes);
  store_le(at + 76, header.key_id);
  put(at + 80, header.nonce);
  put(at + kExtentTagAt, header.tag);
  store_le(at + kExtentCrcAt, header.crc);
  store_le(at + 112, header.raw_bytes);
  return bytes;
}

std::optional<ExtentHeader> decode_extent_header(ByteView bytes) {
  if (bytes.size() < kExtentHeaderBytes) return std::nullopt;
  const std::uint8_t* at = bytes.data();
  if (load_le<std::uint32_t>(at) != kExtentMagic ||
      load_le<std::uint16_t>(at + 4) != kExtentVersion || at[6] < 1 || at[6] > 4 ||
      (at[7] & ~kExtentShredded) != 0) {
    return std::nullopt;
  }
  ExtentHeader header;
  header.kind = static_cast<ExtentType>(at[6]);
  header.flags = at[7];
  get(at + 8, header.segment);
  header.offset = load_le<std::uint64_t>(at + 24);
  get(at + 32, header.recording.bytes);
  header.stream = load_le<std::uint16_t>(at + 48);
  header.section_count = load_le<std::uint16_t>(at + 50);
  header.sequence = load_le<std::uint32_t>(at + 52);
  header.first_us = static_cast<std::int64_t>(load_le<std::uint64_t>(at + 56));
  header.duration_us = load_le<std::uint32_t>(at + 64);
  header.plaintext_bytes = load_le<std::uint32_t>(at + 68);
  header.stored_bytes = load_le<std::uint32_t>(at + 72);
  header.key_id = load_le<std::uint32_t>(at + 76);
  get(at + 80, header.nonce);
  get(at + kExtentTagAt, header.tag);
  header.crc = load_le<std::uint32_t>(at + kExtentCrcAt);
  header.raw_bytes = load_le<std::uint32_t>(at + 112);
  if (!lengths_make_sense(header)) return std::nullopt;
  return header;
}

ExtentHeaderBytes extent_associated_bytes(const ExtentHeader& header) {
  ExtentHeaderBytes bytes = encode_extent_header(header);
  std::memset(bytes.data() + kExtentTagAt, 0, kTagBytes);
  std::memset(bytes.data() + kExtentCrcAt, 0, sizeof header.crc);
  return bytes;
}

std::uint32_t extent_crc(const ExtentHeader& header, ByteView body) {
  ExtentHeaderBytes bytes = encode_extent_header(header);
  std::memset(bytes.data() + kExtentCrcAt, 0, sizeof header.crc);
  return crc32c(body, crc32c(bytes));
}

std::size_t extent_body_bytes(const ExtentHeader& header) {
  return (header.flags & kExtentShredded) != 0 ? kHashBytes : header.plaintext_bytes;
}

bool extent_is_intact(const ExtentHeader& header, ByteView extent) {
  const std::size_t body = extent_body_bytes(header);
  if (extent.size() < kExtentHeaderBytes + body) return false;
  // The header's spare bytes are zero when written: comparing all of it covers them too.
  const ExtentHeaderBytes bytes = encode_extent_header(header);
  if (std::memcmp(bytes.data(), extent.data(), bytes.size()) != 0) return false;
  return extent_crc(header, extent.subspan(kExtentHeaderBytes, body)) == header.crc;
}

void encode_packed_entry(const SectionView& section, std::uint8_t* to) {
  store_le(to, section.stream);
  store_le(to + 2, std::uint16_t{0});
  store_le(to + 4, section.sequence);
  store_le(to + 8, static_cast<std::uint32_t>(kSectionHeaderBytes + section.records.size()));
  store_le(to + 12, section.duration_us);
}

namespace {

bool read_section(Cursor& cursor, std::size_t section_bytes, SectionView& section) {
  if (section_bytes < kSectionHeaderBytes) return false;
  const ByteView bytes = cursor.read_bytes(section_bytes);
  if (cursor.failed()) return false;
  std::memcpy(&section.header, bytes.data(), kSectionHeaderBytes);
  section.records = bytes.subspan(kSectionHeaderBytes);
  return section.header.version == 1 && section.header.record_bytes == section.records.size();
}

}  // namespace

bool for_each_section(const ExtentHeader& header,
                      ByteView plaintext,
                      const std::function<void(const SectionView&)>& sink) {
  Cursor cursor(plaintext);
  SectionView section;
  if (header.kind == ExtentType::kMedia) {
    section.stream = header.stream;
    section.sequence = header.sequence;
    section.duration_us = header.duration_us;
    if (!read_section(cursor, plaintext.size(), section)) return false;
    sink(section);
    return true;
  }
  if (header.kind != ExtentType::kMediaPacked) return false;
  while (!cursor.at_end()) {
    section.stream = cursor.read_le<std::uint16_t>();
    cursor.skip(2);
    section.sequence = cursor.read_le<std::uint32_t>();
    const std::uint32_t section_bytes = cursor.read_le<std::uint32_t>();
    section.duration_us = cursor.read_le<std::uint32_t>();
    if (cursor.failed() || !read_section(cursor, section_bytes, section)) return false;
    sink(section);
  }
  return true;
}

std::uint32_t duration_between(std::int64_t first_us, std::int64_t last_us) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(last_us - first_us, 0, UINT32_MAX));
}

ExtentEntry entry_of(const ExtentHeader& header) {
  ExtentEntry entry;
  entry.offset = header.offset;
  entry.stored_bytes = header.stored_bytes;
  entry.kind = header.kind;
  entry.flags = header.flags;
  entry.stream = header.stream;
  entry.sequence = header.sequence;
  entry.key_id = header.key_id;
  entry.first_us = header.first_us;
  entry.duration_us = header.duration_us;
  return entry;
}

}  // namespace tapdeck::storage
