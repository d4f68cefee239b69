#include "storage/segment_survey.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <tuple>
#include <utility>

#include "model/call_codec.h"
#include "storage/segment_checkpoint.h"
#include "storage/segment_file.h"
#include "storage/segment_scan.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kRawRecordBytesMax = 64U << 20;  // decompressed

bool is_blank(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::optional<CallRecord> decode_record_extent(const ExtentHeader& header,
                                               ByteView plaintext,
                                               MessageCompressor& compressor) {
  if (header.kind != ExtentType::kRecord || header.raw_bytes > kRawRecordBytesMax)
    return std::nullopt;
  std::string encoded;
  if (!compressor.decompress(plaintext, header.raw_bytes, encoded)) return std::nullopt;
  std::optional<CallRecord> record = decode_call(encoded);
  if (!record || record->uid != header.recording || !record->final) return std::nullopt;
  return record;
}

Result<SegmentSurvey::Finding> SegmentSurvey::read(const std::string& path,
                                                   SurveyedSegment& segment) {
  segment = {};
  segment.path = path;
  segment.file = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  const int file = segment.file.get();

  struct stat status {};

  if (!segment.file.valid() || fstat(file, &status) != 0) {
    return make_errno_error(ErrorCode::kIo, "The segment " + path + " cannot be opened", errno);
  }
  std::vector<std::uint8_t> block(kBlockBytes);
  read_up_to(file, block, 0);
  const auto header = decode_segment_header(block);
  if (!header) return is_blank(block) ? Finding::kBlank : Finding::kUnreadable;
  segment.header = *header;
  if (auto footer = read_segment_footer(file, header->id)) {
    segment.sealed = true;
    segment.end = footer->at;
    segment.entries = std::move(footer->entries);
  } else {
    Checkpointed known = read_checkpoints(file, path, header->id);
    segment.entries = std::move(known.entries);
    const auto scanned =
        scan_segment_file(file,
                          header->id,
                          known.end,
                          static_cast<std::uint64_t>(status.st_size),
                          [&](const ExtentHeader& extent, ByteView bytes) {
                            for (const ExtentEntry& entry : indexer_.entries_of(extent, bytes)) {
                              segment.entries.push_back({extent.recording, entry});
                            }
                          });
    if (!scanned) return make_error(scanned.error().code, path + ": " + scanned.error().message);
    segment.end = std::max(scanned->end, known.end);
    segment.bytes_dropped = scanned->bad_blocks * kBlockBytes;
  }
  std::stable_sort(
      segment.entries.begin(),
      segment.entries.end(),
      [](const FooterEntry& a, const FooterEntry& b) { return a.entry.offset < b.entry.offset; });
  return Finding::kSegment;
}

bool SegmentSurvey::load(const SurveyedSegment& segment, const ExtentEntry& entry) {
  extent_.resize(entry.stored_bytes);
  return read_fully(segment.file.get(), extent_, entry.offset);
}

// A hole is what is left of something that was given up.  What is damaged counts as there: `store
// check` finds it by its row.
bool SegmentSurvey::opens(const SurveyedSegment& segment, const FooterEntry& entry) {
  const auto key = keys_.read(entry.entry.key_id, entry.recording);
  if (!key) return key.error().code != ErrorCode::kNotFound;
  if (!load(segment, entry.entry)) return true;
  const auto header = decode_extent_header(extent_);
  if (!header) return !is_blank(ByteView(extent_).first(kBlockBytes));
  if (header->stored_bytes != extent_.size() || !extent_is_intact(*header, extent_)) return true;
  if ((header->flags & kExtentShredded) != 0) return true;
  return codec_.open(*header, *key, extent_, plaintext_);
}

// A recording that was made anew may have been given the slot of its first attempt again.  What was
// written under one key lies before what was written under the next, so that few extents tell.
std::vector<FooterEntry> SegmentSurvey::readable(const SurveyedSegment& segment) {
  std::map<std::pair<Uid, std::uint32_t>, std::vector<const FooterEntry*>> by_key;
  for (const FooterEntry& entry : segment.entries) {
    by_key[{entry.recording, entry.entry.key_id}].push_back(&entry);
  }
  std::vector<FooterEntry> found;
  for (const auto& [key, entries] : by_key) {
    auto from = entries.begin();
    if (!opens(segment, *entries.front())) {
      from = !opens(segment, *entries.back())
                 ? entries.end()
                 : std::partition_point(entries.begin(), entries.end(), [&](const auto* entry) {
                     return !opens(segment, *entry);
                   });
    }
    for (; from != entries.end(); ++from) found.push_back(**from);
  }
  std::stable_sort(found.begin(), found.end(), [](const FooterEntry& a, const FooterEntry& b) {
    return std::tie(a.recording.bytes, a.entry.offset) <
           std::tie(b.recording.bytes, b.entry.offset);
  });
  return found;
}

std::optional<CallRecord> SegmentSurvey::record_of(const SurveyedSegment& segment,
                                                   const FooterEntry& entry) {
  const auto key = keys_.read(entry.entry.key_id, entry.recording);
  if (!key || !load(segment, entry.entry)) return std::nullopt;
  const auto header = decode_extent_header(extent_);
  if (!header || header->segment != segment.header.id || header->offset != entry.entry.offset ||
      header->recording != entry.recording || header->stored_bytes != extent_.size() ||
      !extent_is_intact(*header, extent_) || !codec_.open(*header, *key, extent_, plaintext_)) {
    return std::nullopt;
  }
  return decode_record_extent(*header, plaintext_, compressor_);
}

}  // namespace tapdeck::storage
