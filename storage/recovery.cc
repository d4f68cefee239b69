#include "storage/recovery.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "storage/segment_checkpoint.h"
#include "storage/segment_file.h"
#include "storage/segment_scan.h"

namespace tapdeck::storage {
namespace {

void list_into(const std::string& directory, int depth, std::vector<std::string>& paths) {
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return;
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name.starts_with(".")) continue;
    const std::string path = directory + "/" + name;
    if (depth == 0 && (name.ends_with(".seg") || name.ends_with(".ckpt"))) paths.push_back(path);
    if (depth > 0) list_into(path, depth - 1, paths);
  }
  closedir(stream);
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

}  // namespace

SegmentFiles list_segment_files(const std::string& store_directory) {
  std::vector<std::string> paths;
  list_into(store_directory + "/segments", 3, paths);  // class, kind, day
  std::sort(paths.begin(), paths.end());
  SegmentFiles files;
  for (std::string& path : paths) {
    (path.ends_with(".seg") ? files.segments : files.checkpoints).push_back(std::move(path));
  }
  return files;
}

std::optional<SegmentPath> parse_segment_path(const std::string& path) {
  SegmentPath parsed;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || path.size() - slash - 1 != 36 || slash < 10) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < parsed.id.size(); ++i) {
    const int high = hex_digit(path[slash + 1 + 2 * i]);
    const int low = hex_digit(path[slash + 2 + 2 * i]);
    if (high < 0 || low < 0) return std::nullopt;
    parsed.id[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  const std::string above = path.substr(0, slash - 9);  // without "/YYYYMMDD"
  if (above.ends_with("/sip")) parsed.kind = SegmentKind::kSip;
  return parsed;
}

ExtentRow make_row(const SegmentExtents& extents) {
  ExtentRow row;
  row.recording = extents.recording;
  row.kind = extents.kind;
  row.segment = extents.segment;
  row.packed = encode_extent_row(extents.entries);
  return row;
}

std::vector<ExtentEntry> ExtentIndexer::entries_of(const ExtentHeader& header, ByteView extent) {
  ExtentEntry entry = entry_of(header);
  if ((header.flags & kExtentShredded) != 0) {
    std::copy_n(extent.begin() + kExtentHeaderBytes, kHashBytes, entry.leaf.begin());
    return {entry};
  }
  const auto key = keys_.read(header.key_id, header.recording);
  if (!key || !codec_.open(header, *key, extent, plaintext_)) return {entry};
  const ByteView plaintext(plaintext_);
  entry.leaf = codec_.leaf(*key, {&plaintext, 1});
  if (header.kind != ExtentType::kMediaPacked) return {entry};
  std::vector<ExtentEntry> entries;
  for_each_section(header, plaintext_, [&](const SectionView& section) {
    entry.stream = section.stream;
    entry.sequence = section.sequence;
    entry.first_us = section.header.base_us;
    entry.duration_us = section.duration_us;
    entries.push_back(entry);
  });
  if (entries.empty()) entries.push_back(entry);
  return entries;
}

namespace {

std::uint64_t count_extents(const std::vector<FooterEntry>& entries) {
  std::uint64_t count = 0;
  std::uint64_t end = 0;
  for (const FooterEntry& entry : entries) {
    if (entry.entry.offset >= end) ++count;  // sections of a packed extent follow each other
    end = entry.entry.end();
  }
  return count;
}

class SegmentRecovery {
 public:
  SegmentRecovery(const RecoveryContext& context, RecoveryFigures& figures)
      : context_(context), figures_(figures), indexer_(context.keys) {}

  Result<void> recover(const std::string& path);

 private:
  Result<void> recover_unsealed(int file, const std::string& path, std::uint64_t file_bytes);
  Result<void> commit_rows(const std::string& path, const std::vector<FooterEntry>& entries);
  Result<void> leave_out_destroyed(SegmentExtents& extents) const;
  Result<void> refuse_or_remove(const std::string& path, bool blank);

  const RecoveryContext& context_;
  RecoveryFigures& figures_;
  ExtentIndexer indexer_;
  SegmentHeader header_;
};

Result<void> SegmentRecovery::refuse_or_remove(const std::string& path, bool blank) {
  if (blank && unlink(path.c_str()) == 0) {
    ++figures_.segments_removed;
    return {};
  }
  ++figures_.segments_unreadable;
  log_error("Segment " + path + " has no readable header and is left alone.");
  return {};
}

Result<void> SegmentRecovery::recover(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));

  struct stat status {};

  if (!file.valid() || fstat(file.get(), &status) != 0) {
    return make_errno_error(ErrorCode::kIo, "The segment " + path + " cannot be opened", errno);
  }
  const auto file_bytes = static_cast<std::uint64_t>(status.st_size);
  std::vector<std::uint8_t> block(kBlockBytes);
  read_up_to(file.get(), block, 0);
  const auto header = decode_segment_header(block);
  if (!header) {
    // The header is written with the first extents: a blank one means that none was.
    return refuse_or_remove(
        path, std::all_of(block.begin(), block.end(), [](auto byte) { return byte == 0; }));
  }
  header_ = *header;
  if (const auto footer = read_segment_footer(file.get(), header_.id)) {
    ++figures_.segments_reindexed;
    context_.index.add_segment(header_.id, {path, header_.kind, footer->at, true});
    return commit_rows(path, footer->entries);
  }
  return recover_unsealed(file.get(), path, file_bytes);
}

Result<void> SegmentRecovery::recover_unsealed(int file,
                                               const std::string& path,
                                               std::uint64_t file_bytes) {
  Checkpointed known = read_checkpoints(file, path, header_.id);
  std::vector<FooterEntry>& entries = known.entries;
  figures_.checkpointed_extents += count_extents(entries);
  const auto scanned = scan_segment_file(
      file, header_.id, known.end, file_bytes, [&](const ExtentHeader& header, ByteView extent) {
        for (const ExtentEntry& entry : indexer_.entries_of(header, extent)) {
          entries.push_back({header.recording, entry});
        }
      });
  if (!scanned) return make_error(scanned.error().code, path + ": " + scanned.error().message);
  const std::uint64_t end = std::max(scanned->end, known.end);
  figures_.bytes_dropped += scanned->bad_blocks * kBlockBytes;
  figures_.extents += count_extents(entries);
  ++figures_.segments_recovered;
  TD_TRY(seal_segment_file(file, header_.id, end, entries));
  context_.index.add_segment(header_.id, {path, header_.kind, end, true});
  return commit_rows(path, entries);
}

// What was on its way to the disk when its recording was shredded.
Result<void> SegmentRecovery::leave_out_destroyed(SegmentExtents& extents) const {
  const auto destroyed = context_.calls.destroyed_at(extents.recording, extents.kind);
  if (!destroyed) return Error(destroyed.error());
  if (!*destroyed) return {};
  std::erase_if(extents.entries, [&](const ExtentEntry& entry) {
    const auto key = context_.keys.read(entry.key_id, extents.recording);
    return !key && key.error().code == ErrorCode::kNotFound;
  });
  return {};
}

Result<void> SegmentRecovery::commit_rows(const std::string& path,
                                          const std::vector<FooterEntry>& entries) {
  // The segment lists what was discarded for ever; its keys are gone, and slots may be used again.
  const auto discards = context_.calls.discards_in(header_.id);
  if (!discards) return Error(discards.error());
  std::map<Uid, SegmentExtents> by_recording;
  for (const FooterEntry& entry : entries) {
    const auto discard = discards->find(entry.recording);
    if (discard != discards->end() && entry.entry.offset < discard->second) continue;
    SegmentExtents& extents = by_recording[entry.recording];
    extents.recording = entry.recording;
    extents.segment = header_.id;
    extents.kind = header_.kind;
    extents.entries.push_back(entry.entry);
  }
  std::vector<ExtentRow> rows;
  for (auto& [uid, extents] : by_recording) {
    TD_TRY(leave_out_destroyed(extents));
    if (extents.entries.empty()) continue;
    rows.push_back(make_row(extents));
    if (rows.size() < kRowsPerBatch) continue;
    TD_TRY(context_.calls.put({}, rows));
    rows.clear();
  }
  if (!rows.empty()) TD_TRY(context_.calls.put({}, rows));
  return mark_segment_indexed(path);
}

}  // namespace

namespace {

// Every segment is sealed by now but those that could not be read, which keep theirs.
void remove_checkpoints(const RecoveryContext& context, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const std::string segment = path.substr(0, path.rfind('.')) + ".seg";
    const auto parsed = parse_segment_path(segment);
    if (!parsed) continue;
    if (context.index.find_segment(parsed->id) || access(segment.c_str(), F_OK) != 0) {
      unlink(path.c_str());
    }
  }
}

}  // namespace

Result<RecoveryFigures> recover_segments(const RecoveryContext& context) {
  RecoveryFigures figures;
  SegmentRecovery recovery(context, figures);
  const SegmentFiles files = list_segment_files(context.store_directory);
  for (const std::string& path : files.segments) {
    const auto parsed = parse_segment_path(path);

    struct stat status {};

    if (!parsed || stat(path.c_str(), &status) != 0) continue;
    if ((status.st_mode & 0222) == 0) {
      ++figures.segments_known;
      const auto bytes = static_cast<std::uint64_t>(status.st_size);
      context.index.add_segment(parsed->id, {path, parsed->kind, bytes, true});
      continue;
    }
    TD_TRY(recovery.recover(path));
  }
  remove_checkpoints(context, files.checkpoints);
  return figures;
}

}  // namespace tapdeck::storage
