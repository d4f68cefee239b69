#include "storage/extent_shred.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
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

// The block with the header first, so that who is interrupted leaves an extent that says what it is
// rather than a torn one; what is left behind it goes when the order is carried out again.
bool overwrite(int file, std::uint64_t offset, std::span<const std::uint8_t> extent) {
  const auto first = extent.first(std::min(extent.size(), kBlockBytes));
  const auto rest = extent.subspan(first.size());
  if (!write_fully(file, first, offset) || fdatasync(file) != 0) return false;
  if (rest.empty()) return true;
  return write_fully(file, rest, offset + first.size()) && fdatasync(file) == 0;
}

bool has_rest(std::span<const std::uint8_t> shredded) {
  const auto rest = shredded.subspan(kExtentHeaderBytes + sizeof(Hash));
  return std::ranges::any_of(rest, [](std::uint8_t byte) { return byte != 0; });
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
  const auto failed = [&where] {
    return make_errno_error(
        ErrorCode::kIo, "The extent at " + where + " cannot be overwritten", errno);
  };
  if ((header->flags & kExtentShredded) != 0) {
    if (!has_rest(extent)) return false;
    std::fill(extent.begin() + kExtentHeaderBytes + sizeof(Hash), extent.end(), std::uint8_t{0});
    if (!overwrite(file.get(), offset, extent)) return failed();
    return true;
  }
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
  if (!overwrite(file.get(), offset, extent)) return failed();
  return true;
}

}  // namespace tapdeck::storage
