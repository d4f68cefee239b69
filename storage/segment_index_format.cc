// Index entries, packed rows, footers and checkpoints of segments: the second half of
// segment_format.h.
#include <cstring>

#include "storage/crc32c.h"
#include "storage/segment_format.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kEntryBytes = 64;
constexpr std::size_t kFooterEntryBytes = 16 + kEntryBytes;
constexpr std::size_t kTrailerBytes = 64;
constexpr std::size_t kRowHeaderBytes = 8;
constexpr std::uint16_t kRowVersion = 1;
constexpr std::uint64_t kTrailerMagic = 0x3145'4745'5350'4454ULL;  // "TDPSEGE1"
constexpr std::uint32_t kTrailerVersion = 1;
constexpr std::size_t kCheckpointHeaderBytes = 64;
constexpr std::uint64_t kCheckpointMagic = 0x3143'4745'5350'4454ULL;  // "TDPSEGC1"
constexpr std::uint32_t kCheckpointVersion = 1;

void encode_entry(const ExtentEntry& entry, std::uint8_t* to) {
  store_le(to, static_cast<std::uint32_t>(entry.offset / kBlockBytes));
  store_le(to + 4, static_cast<std::uint16_t>(entry.stored_bytes / kBlockBytes));
  to[6] = static_cast<std::uint8_t>(entry.kind);
  to[7] = entry.flags;
  store_le(to + 8, entry.stream);
  store_le(to + 10, std::uint16_t{0});
  store_le(to + 12, entry.sequence);
  store_le(to + 16, entry.key_id);
  store_le(to + 20, static_cast<std::uint64_t>(entry.first_us));
  store_le(to + 28, entry.duration_us);
  std::memcpy(to + 32, entry.leaf.data(), kHashBytes);
}

bool decode_entry(const std::uint8_t* from, ExtentEntry& entry) {
  if (from[6] < 1 || from[6] > 4) return false;
  entry.offset = std::uint64_t{load_le<std::uint32_t>(from)} * kBlockBytes;
  entry.stored_bytes = static_cast<std::uint32_t>(load_le<std::uint16_t>(from + 4) * kBlockBytes);
  entry.kind = static_cast<ExtentType>(from[6]);
  entry.flags = from[7];
  entry.stream = load_le<std::uint16_t>(from + 8);
  entry.sequence = load_le<std::uint32_t>(from + 12);
  entry.key_id = load_le<std::uint32_t>(from + 16);
  entry.first_us = static_cast<std::int64_t>(load_le<std::uint64_t>(from + 20));
  entry.duration_us = load_le<std::uint32_t>(from + 28);
  std::memcpy(entry.leaf.data(), from + 32, kHashBytes);
  return entry.stored_bytes > 0 && entry.stored_bytes <= kExtentBytesMax;
}

void encode_footer_entries(std::span<const FooterEntry> entries, std::uint8_t* at) {
  for (const FooterEntry& entry : entries) {
    std::memcpy(at, entry.recording.bytes.data(), entry.recording.bytes.size());
    encode_entry(entry.entry, at + 16);
    at += kFooterEntryBytes;
  }
}

bool decode_footer_entries(const std::uint8_t* at, std::span<FooterEntry> entries) {
  for (FooterEntry& entry : entries) {
    std::memcpy(entry.recording.bytes.data(), at, entry.recording.bytes.size());
    if (!decode_entry(at + 16, entry.entry)) return false;
    at += kFooterEntryBytes;
  }
  return true;
}

// Each extent begins where the one before it ends; sections of a packed extent share theirs.
bool extents_tile(std::span<const FooterEntry> entries, std::uint64_t from, std::uint64_t to) {
  std::uint64_t begin = from;
  std::uint64_t end = from;
  for (const FooterEntry& footer : entries) {
    const ExtentEntry& entry = footer.entry;
    const bool shares = end > begin && entry.offset == begin && entry.end() == end;
    if (shares && entry.kind == ExtentType::kMediaPacked) continue;
    if (entry.offset != end) return false;
    begin = end;
    end = entry.end();
  }
  return end == to;
}

}  // namespace

std::string encode_extent_row(std::span<const ExtentEntry> entries) {
  std::string row(kRowHeaderBytes + entries.size() * kEntryBytes, '\0');
  std::uint8_t* at = reinterpret_cast<std::uint8_t*>(row.data());
  store_le(at, kRowVersion);
  store_le(at + 4, static_cast<std::uint32_t>(entries.size()));
  at += kRowHeaderBytes;
  for (const ExtentEntry& entry : entries) {
    encode_entry(entry, at);
    at += kEntryBytes;
  }
  return row;
}

std::optional<std::vector<ExtentEntry>> decode_extent_row(std::string_view bytes) {
  const ByteView view = as_bytes(bytes);
  if (view.size() < kRowHeaderBytes || load_le<std::uint16_t>(view.data()) != kRowVersion) {
    return std::nullopt;
  }
  const std::size_t count = load_le<std::uint32_t>(view.data() + 4);
  if ((view.size() - kRowHeaderBytes) / kEntryBytes != count ||
      (view.size() - kRowHeaderBytes) % kEntryBytes != 0) {
    return std::nullopt;
  }
  std::vector<ExtentEntry> entries(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!decode_entry(view.data() + kRowHeaderBytes + i * kEntryBytes, entries[i])) {
      return std::nullopt;
    }
  }
  return entries;
}

std::vector<std::uint8_t> encode_footer(const SegmentId& segment,
                                        std::uint64_t offset,
                                        std::span<const FooterEntry> entries) {
  const std::size_t entry_bytes = entries.size() * kFooterEntryBytes;
  const std::size_t total =
      (entry_bytes + kTrailerBytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  std::vector<std::uint8_t> footer(total);
  encode_footer_entries(entries, footer.data());
  std::uint8_t* trailer = footer.data() + total - kTrailerBytes;
  store_le(trailer, kTrailerMagic);
  store_le(trailer + 8, kTrailerVersion);
  store_le(trailer + 12, static_cast<std::uint32_t>(entries.size()));
  store_le(trailer + 16, offset);
  store_le(trailer + 24, crc32c({footer.data(), entry_bytes}));
  std::memcpy(trailer + 32, segment.data(), segment.size());
  store_le(trailer + kTrailerBytes - 4, crc32c({trailer, kTrailerBytes - 4}));
  return footer;
}

namespace {

struct Trailer {
  std::uint64_t offset = 0;
  std::size_t count = 0;
  std::uint32_t crc = 0;
};

std::optional<Trailer> decode_trailer(const SegmentId& segment, ByteView bytes) {
  const std::uint8_t* at = bytes.data();
  if (load_le<std::uint64_t>(at) != kTrailerMagic ||
      load_le<std::uint32_t>(at + 8) != kTrailerVersion ||
      std::memcmp(at + 32, segment.data(), segment.size()) != 0 ||
      load_le<std::uint32_t>(at + kTrailerBytes - 4) != crc32c({at, kTrailerBytes - 4})) {
    return std::nullopt;
  }
  return Trailer{load_le<std::uint64_t>(at + 16),
                 load_le<std::uint32_t>(at + 12),
                 load_le<std::uint32_t>(at + 24)};
}

}  // namespace

std::optional<std::uint64_t> footer_offset(const SegmentId& segment,
                                           std::uint64_t file_bytes,
                                           ByteView last_block) {
  if (last_block.size() < kTrailerBytes) return std::nullopt;
  const auto trailer = decode_trailer(segment, last_block.last(kTrailerBytes));
  if (!trailer || trailer->offset < kSegmentHeaderBytes || trailer->offset >= file_bytes ||
      trailer->offset % kBlockBytes != 0) {
    return std::nullopt;
  }
  if (file_bytes - trailer->offset < trailer->count * kFooterEntryBytes + kTrailerBytes) {
    return std::nullopt;
  }
  return trailer->offset;
}

std::optional<std::vector<FooterEntry>> decode_footer(const SegmentId& segment, ByteView footer) {
  if (footer.size() < kTrailerBytes) return std::nullopt;
  const auto trailer = decode_trailer(segment, footer.last(kTrailerBytes));
  const std::size_t room = footer.size() - kTrailerBytes;
  if (!trailer || trailer->count > room / kFooterEntryBytes) return std::nullopt;
  const std::size_t entry_bytes = trailer->count * kFooterEntryBytes;
  if (crc32c(footer.first(entry_bytes)) != trailer->crc) return std::nullopt;
  std::vector<FooterEntry> entries(trailer->count);
  if (!decode_footer_entries(footer.data(), entries)) return std::nullopt;
  return entries;
}

std::vector<std::uint8_t> encode_checkpoint(const SegmentId& segment,
                                            std::uint64_t from,
                                            std::uint64_t to,
                                            std::span<const FooterEntry> entries) {
  const std::size_t entry_bytes = entries.size() * kFooterEntryBytes;
  std::vector<std::uint8_t> record(kCheckpointHeaderBytes + entry_bytes);
  std::uint8_t* at = record.data();
  encode_footer_entries(entries, at + kCheckpointHeaderBytes);
  store_le(at, kCheckpointMagic);
  store_le(at + 8, kCheckpointVersion);
  store_le(at + 12, static_cast<std::uint32_t>(entries.size()));
  store_le(at + 16, from);
  store_le(at + 24, to);
  store_le(at + 32, crc32c({at + kCheckpointHeaderBytes, entry_bytes}));
  std::memcpy(at + 40, segment.data(), segment.size());
  store_le(at + kCheckpointHeaderBytes - 4, crc32c({at, kCheckpointHeaderBytes - 4}));
  return record;
}

std::optional<CheckpointRecord> take_checkpoint(const SegmentId& segment,
                                                std::uint64_t from,
                                                ByteView& bytes) {
  if (bytes.size() < kCheckpointHeaderBytes) return std::nullopt;
  const std::uint8_t* at = bytes.data();
  if (load_le<std::uint64_t>(at) != kCheckpointMagic ||
      load_le<std::uint32_t>(at + 8) != kCheckpointVersion ||
      std::memcmp(at + 40, segment.data(), segment.size()) != 0 ||
      load_le<std::uint32_t>(at + kCheckpointHeaderBytes - 4) !=
          crc32c({at, kCheckpointHeaderBytes - 4})) {
    return std::nullopt;
  }
  CheckpointRecord record;
  const std::size_t count = load_le<std::uint32_t>(at + 12);
  record.from = load_le<std::uint64_t>(at + 16);
  record.to = load_le<std::uint64_t>(at + 24);
  if (record.from != from || count > (bytes.size() - kCheckpointHeaderBytes) / kFooterEntryBytes) {
    return std::nullopt;
  }
  const ByteView entries = bytes.subspan(kCheckpointHeaderBytes, count * kFooterEntryBytes);
  record.entries.resize(count);
  if (crc32c(entries) != load_le<std::uint32_t>(at + 32) ||
      !decode_footer_entries(entries.data(), record.entries) ||
      !extents_tile(record.entries, record.from, record.to)) {
    return std::nullopt;
  }
  bytes = bytes.subspan(kCheckpointHeaderBytes + entries.size());
  return record;
}

}  // namespace tapdeck::storage
