#include "storage/extent_shred.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <vector>

#include "storage/files.h"
#include "storage/segment_file.h"

namespace tapdeck::storage {

namespace {

bool has_any_of(const MediaSpan& span, const ExtentHeader& header, ByteView plaintext) {
  bool found = false;
  const bool whole = for_each_section(header, plaintext, [&](const SectionView& section) {
    found = found || span.has(section.header.kind);
  });
  return found || !whole;
}

}  // namespace

Result<bool> shred_extent(const std::string& path,
                          std::uint64_t offset,
                          const RecordingKey& key,
                          const MediaSpan& span,
                          ExtentCodec& codec) {
  const std::string where = path + ":" + std::to_string(offset);
  const Descriptor file = open_segment_to_write(path);
  if (!file.valid()) {
    return make_errno_error(ErrorCode::kIo, "The segment " + path + " cannot be opened", errno);
  }
  std::vector<std::uint8_t> extent(kExtentHeaderBytes);
  const bool got = read_fully(file.get(), extent, offset);
  auto header = got ? decode_extent_header(extent) : std::nullopt;
  if (!header || header->offset != offset) {
    return make_error(ErrorCode::kCorrupt, "There is no extent at " + where + ".");
  }
  extent.resize(header->stored_bytes);
  std::vector<std::uint8_t> plaintext;
  if (!read_fully(file.get(), extent, offset) || !extent_is_intact(*header, extent)) {
    return make_error(ErrorCode::kCorrupt, "The extent at " + where + " is damaged.");
  }
  if ((header->flags & kExtentShredded) != 0) return false;
  if (!codec.open(*header, key, extent, plaintext)) {
    return make_error(ErrorCode::kCorrupt, "The extent at " + where + " does not open.");
  }
  const ByteView whole(plaintext);
  if (!has_any_of(span, *header, whole)) return false;
  const Hash leaf = codec.leaf(key, {&whole, 1});
  secure_zero(plaintext);
  std::memset(extent.data(), 0, extent.size());
  header->flags |= kExtentShredded;
  std::memcpy(extent.data() + kExtentHeaderBytes, leaf.data(), leaf.size());
  header->crc = extent_crc(*header, leaf);
  const ExtentHeaderBytes bytes = encode_extent_header(*header);
  std::memcpy(extent.data(), bytes.data(), bytes.size());
  if (!write_fully(file.get(), extent, offset) || fdatasync(file.get()) != 0) {
    return make_errno_error(
        ErrorCode::kIo, "The extent at " + where + " cannot be overwritten", errno);
  }
  return true;
}

}  // namespace tapdeck::storage
