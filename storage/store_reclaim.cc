// What becomes of segments whose recordings are gone: unlinked as a whole where nothing of them is
// needed, else with holes where those were.
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "storage/segment_file.h"
#include "storage/store_impl.h"

namespace tapdeck::storage {
namespace {

// Only with this mark are all rows of a segment in the call store.
bool is_indexed(const std::string& path) {
  struct stat status {};

  return stat(path.c_str(), &status) == 0 && (status.st_mode & 0222) == 0;
}

std::uint64_t allocated_bytes(int file) {
  struct stat status {};

  return fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * 512 : 0;
}

using Spans = std::map<std::uint64_t, std::uint64_t>;  // from offset to end, whole blocks

// Extents lie side by side and begin on blocks; those of `kept` stay.
Spans gone_spans(const std::vector<FooterEntry>& entries, const std::set<std::uint64_t>& kept) {
  Spans extents;
  for (const FooterEntry& entry : entries) {
    if (kept.contains(entry.entry.offset)) continue;
    const std::uint64_t end = entry.entry.end() / kBlockBytes * kBlockBytes;
    const std::uint64_t from = (entry.entry.offset + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    if (from < end) extents[from] = end;
  }
  Spans joined;
  for (const auto& [from, end] : extents) {
    if (!joined.empty() && joined.rbegin()->second == from) {
      joined.rbegin()->second = end;
    } else {
      joined.emplace(from, end);
    }
  }
  return joined;
}

}  // namespace

// Where the file system has no holes, the bytes stay until the segment goes: nothing in them can be
// read anyway.
Result<std::uint64_t> StoreImpl::punch(const SegmentId& id, const SegmentInfo& info) {
  const auto discards = calls_->discards_in(id);
  if (!discards) return Error(discards.error());
  const auto before = punched_.find(id);
  if (discards->empty() || (before != punched_.end() && before->second == discards->size())) {
    return 0;
  }
  std::set<std::uint64_t> kept;
  bool damaged = false;
  TD_TRY(calls_->for_each_row(id, [&](const ExtentRow& row) {
    const auto entries = decode_extent_row(row.packed);
    damaged = damaged || !entries;
    if (!entries) return false;
    for (const ExtentEntry& entry : *entries) kept.insert(entry.offset);
    return true;
  }));
  const Descriptor file = open_segment_to_write(info.path);
  if (!file.valid()) {
    return make_errno_error(
        ErrorCode::kIo, "The segment " + info.path + " cannot be opened", errno);
  }
  const auto footer = read_segment_footer(file.get(), id);
  if (damaged || !footer) return 0;  // `store check` names it
  const std::uint64_t bytes = allocated_bytes(file.get());
  for (const auto& [from, end] : gone_spans(footer->entries, kept)) {
    if (fallocate(file.get(),
                  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(from),
                  static_cast<off_t>(end - from)) == 0) {
      continue;
    }
    if (errno == EOPNOTSUPP) break;
    return make_errno_error(ErrorCode::kIo, "The segment " + info.path + " takes no holes", errno);
  }
  if (fdatasync(file.get()) != 0) {
    return make_errno_error(
        ErrorCode::kIo, "The segment " + info.path + " cannot be synced", errno);
  }
  punched_[id] = discards->size();
  const std::uint64_t left = allocated_bytes(file.get());
  return bytes > left ? bytes - left : 0;
}

// A segment goes out of the index before its file does: whoever has that open reads on.
Result<Reclaimed> StoreImpl::reclaim() {
  const std::lock_guard one_at_a_time(retention_mutex_);
  Reclaimed reclaimed;
  std::set<std::string> directories;
  for (const auto& [id, info] : index_.segments()) {
    // Then no row is added to it any more.
    if (!info.sealed || !is_indexed(info.path)) continue;
    const auto needed = calls_->has_rows(id);
    if (!needed) return Error(needed.error());
    if (*needed) {
      const auto punched = punch(id, info);
      if (!punched) return Error(punched.error());
      reclaimed.bytes_punched += *punched;
      continue;
    }
    const Descriptor file(::open(info.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!index_.remove_sealed(id)) continue;
    const std::uint64_t bytes = allocated_bytes(file.get());
    if (unlink(info.path.c_str()) != 0 && errno != ENOENT) {
      const int cause = errno;
      index_.add_segment(id, info);
      return make_errno_error(
          ErrorCode::kIo, "The segment " + info.path + " cannot be removed", cause);
    }
    punched_.erase(id);
    directories.insert(info.path.substr(0, info.path.rfind('/')));
    ++reclaimed.segments_removed;
    reclaimed.bytes_removed += bytes;
  }
  for (const std::string& directory : directories) TD_TRY(sync_directory(directory));
  TD_TRY(forget_removed_segments());
  return reclaimed;
}

// What is known of segments that are there no more, whoever removed them.
Result<void> StoreImpl::forget_removed_segments() {
  if (recovery_.segments_unreadable != 0) return {};  // those are there, and not in the index
  const auto known = calls_->segments_with_discards();
  if (!known) return Error(known.error());
  std::vector<SegmentId> gone;
  for (const SegmentId& id : *known) {
    if (!index_.find_segment(id)) gone.push_back(id);
  }
  return calls_->forget_discards(gone);
}

}  // namespace tapdeck::storage
