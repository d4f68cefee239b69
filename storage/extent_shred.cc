#include "storage/extent_shred.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <unistd.h>
#include <utility>

#include "model/chunk.h"
#include "storage/segment_file.h"

namespace tapdeck::storage {
namespace {

// The time of the last packet of `span` in a section; nullopt: there is none.  Of records that make
// no sense: that of the section's end.
std::optional<std::int64_t> last_packet_of(const MediaSpan& span, const SectionView& section) {
  if (!span.has(section.header.kind)) return std::nullopt;
  const ByteView records = section.records;
  std::optional<std::int64_t> last_us;
  for (std::size_t at = 0; at < records.size();) {
    const bool has_head = records.size() - at >= kRecordHeaderBytes;
    const RecordHead head = has_head ? read_head(records.data() + at) : RecordHead{};
    if (!has_head || head.bytes > records.size() - at) {
      return section.header.base_us + section.duration_us;
    }
    const std::int64_t time_us = section.header.base_us + head.delta_us;
    const bool goes = time_us >= span.from_us && time_us < span.to_us;
    if (head.kind == RecordKind::kRtp && goes)
      last_us = std::max(last_us.value_or(time_us), time_us);
    at += head.bytes;
  }
  return last_us;
}

// An extent whose sections cannot be told apart goes, too.
std::optional<std::int64_t> last_packet_of(const MediaSpan& span,
                                           const ExtentHeader& header,
                                           ByteView plaintext) {
  std::optional<std::int64_t> last_us;
  const bool whole = for_each_section(header, plaintext, [&](const SectionView& section) {
    const auto found = last_packet_of(span, section);
    if (found) last_us = std::max(last_us.value_or(*found), *found);
  });
  return whole || last_us ? last_us : std::optional(header.first_us + header.duration_us);
}

bool has_rest(std::span<const std::uint8_t> shredded) {
  const auto rest = shredded.subspan(kExtentHeaderBytes + sizeof(Hash));
  return std::ranges::any_of(rest, [](std::uint8_t byte) { return byte != 0; });
}

}  // namespace

Result<SegmentShred> SegmentShred::open(std::string path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    return make_errno_error(ErrorCode::kIo, "The segment " + path + " cannot be opened", errno);
  }
  return SegmentShred(std::move(path), std::move(file));
}

Result<std::optional<std::int64_t>> SegmentShred::created_us() const {
  std::vector<std::uint8_t> block(kSegmentHeaderBytes);
  if (!read_fully(file_.get(), block, 0)) {
    return make_errno_error(ErrorCode::kIo, "The segment " + path_ + " cannot be read", errno);
  }
  const auto header = decode_segment_header(block);
  return header ? std::optional(header->created_us) : std::nullopt;
}

Result<bool> SegmentShred::add(std::uint64_t offset,
                               const RecordingKey& key,
                               const MediaSpan& span,
                               ExtentCodec& codec) {
  const std::string where = path_ + ":" + std::to_string(offset);
  std::vector<std::uint8_t> extent(kExtentHeaderBytes);
  const bool got = read_fully(file_.get(), extent, offset);
  auto header = got ? decode_extent_header(extent) : std::nullopt;
  if (!header || header->offset != offset) {
    return make_error(ErrorCode::kCorrupt, "There is no extent at " + where + ".");
  }
  extent.resize(header->stored_bytes);
  if (!read_fully(file_.get(), extent, offset) || !extent_is_intact(*header, extent)) {
    return make_error(ErrorCode::kCorrupt, "The extent at " + where + " is damaged.");
  }
  Gone gone{.offset = offset, .stored_bytes = header->stored_bytes};
  if ((header->flags & kExtentShredded) != 0) {
    if (!has_rest(extent)) return false;
    std::copy_n(extent.begin(), gone.head.size(), gone.head.begin());
    gone_.push_back(gone);
    return true;
  }
  std::vector<std::uint8_t> plaintext;
  if (!codec.open(*header, key, extent, plaintext)) {
    return make_error(ErrorCode::kCorrupt, "The extent at " + where + " does not open.");
  }
  const ByteView whole(plaintext);
  const auto last_us = last_packet_of(span, *header, whole);
  const Hash leaf = codec.leaf(key, {&whole, 1});
  secure_zero(plaintext);
  if (!last_us) return false;
  header->flags |= kExtentShredded;
  header->crc = extent_crc(*header, leaf);
  const ExtentHeaderBytes bytes = encode_extent_header(*header);
  std::copy(bytes.begin(), bytes.end(), gone.head.begin());
  std::copy(leaf.begin(), leaf.end(), gone.head.begin() + kExtentHeaderBytes);
  gone_.push_back(gone);
  last_us_ = std::max(last_us_, *last_us);
  return true;
}

// The blocks with the headers first, so that who is interrupted leaves extents that say what they
// are rather than torn ones; what is left behind them goes when the order is carried out again.
Result<void> SegmentShred::carry_out() const {
  if (gone_.empty()) return {};
  const auto failed = [this] {
    return make_errno_error(
        ErrorCode::kIo, "Extents of the segment " + path_ + " cannot be overwritten", errno);
  };
  const Descriptor file = open_segment_to_write(path_);
  if (!file.valid()) return failed();
  bool has_more = false;
  std::vector<std::uint8_t> bytes;
  for (const Gone& gone : gone_) {
    bytes.assign(std::min<std::size_t>(gone.stored_bytes, kBlockBytes), 0);
    std::copy(gone.head.begin(), gone.head.end(), bytes.begin());
    if (!write_fully(file.get(), bytes, gone.offset)) return failed();
    has_more = has_more || gone.stored_bytes > kBlockBytes;
  }
  if (fdatasync(file.get()) != 0) return failed();
  if (!has_more) return {};
  for (const Gone& gone : gone_) {
    if (gone.stored_bytes <= kBlockBytes) continue;
    bytes.assign(gone.stored_bytes - kBlockBytes, 0);
    if (!write_fully(file.get(), bytes, gone.offset + kBlockBytes)) return failed();
  }
  return fdatasync(file.get()) == 0 ? Result<void>() : failed();
}

}  // namespace tapdeck::storage
