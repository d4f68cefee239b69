#include "storage/segment_checkpoint.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

#include "storage/files.h"

namespace tapdeck::storage {
namespace {

constexpr std::string_view kSegmentSuffix = ".seg";

std::vector<std::uint8_t> read_at_most(const std::string& path, std::uint64_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));

  struct stat status {};

  if (!file.valid() || fstat(file.get(), &status) != 0) return {};
  const std::uint64_t want = std::min(static_cast<std::uint64_t>(status.st_size), bytes_max);
  std::vector<std::uint8_t> bytes(want);
  bytes.resize(read_up_to(file.get(), bytes, 0));
  return bytes;
}

// Data may be gone that was durable once: a disk that lied about a sync, a file put back from a
// copy. Then the segment's extents end before the checkpoint does, and this one is not there.
bool last_extent_is_there(int segment_file, const SegmentId& id, const CheckpointRecord& record) {
  if (record.entries.empty()) return false;
  const FooterEntry& last = record.entries.back();
  std::vector<std::uint8_t> extent(last.entry.stored_bytes);
  if (!read_fully(segment_file, extent, last.entry.offset)) return false;
  const auto header = decode_extent_header(extent);
  return header && header->segment == id && header->offset == last.entry.offset &&
         header->recording == last.recording && header->kind == last.entry.kind &&
         header->key_id == last.entry.key_id && header->stored_bytes == last.entry.stored_bytes &&
         extent_is_intact(*header, extent);
}

}  // namespace

std::string checkpoint_path(const std::string& segment_path) {
  const std::size_t stem = segment_path.size() - kSegmentSuffix.size();
  return segment_path.substr(0, stem) + ".ckpt";
}

Checkpointed read_checkpoints(int segment_file,
                              const std::string& segment_path,
                              const SegmentId& id) {
  struct stat status {};

  if (fstat(segment_file, &status) != 0) return {};
  // An entry takes less than what it stands for: the checkpoints of a segment are the smaller file.
  const std::vector<std::uint8_t> bytes =
      read_at_most(checkpoint_path(segment_path), static_cast<std::uint64_t>(status.st_size));
  ByteView rest(bytes);
  Checkpointed known;
  while (auto record = take_checkpoint(id, known.end, rest)) {
    if (!last_extent_is_there(segment_file, id, *record)) break;
    known.end = record->to;
    known.entries.insert(known.entries.end(), record->entries.begin(), record->entries.end());
  }
  return known;
}

}  // namespace tapdeck::storage
