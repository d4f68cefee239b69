// The consistency of segments: every extent's CRC, every row's extents, every key.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <unordered_map>

#include "storage/segment_file.h"
#include "storage/segment_scan.h"
#include "storage/store_reader.h"

namespace tapdeck::storage {
namespace {

class SegmentCheck {
 public:
  explicit SegmentCheck(const StoreParts& parts) : parts_(parts), indexer_(parts.keys) {}

  std::vector<StoreFault> run() {
    for (const auto& [id, info] : parts_.index.segments()) check_segment(id, info);
    check_rows_refer_to_segments();
    for (auto& [where, what] : parts_.keys.faults()) faults_.push_back({where, what});
    return std::move(faults_);
  }

 private:
  void report(const std::string& path, std::uint64_t offset, const std::string& what) {
    faults_.push_back({path + ":" + std::to_string(offset), what});
  }

  // Where the extents of a sealed segment end, as its footer says; 0: it has none that is whole.
  std::uint64_t footer_start(int file, const SegmentId& id, const std::string& path) {
    if (const auto footer = read_segment_footer(file, id)) return footer->at;
    report(path, 0, "the footer is missing or damaged");
    return 0;
  }

  void check_segment(const SegmentId& id, const SegmentInfo& info) {
    if (!info.sealed && info.durable_bytes == 0) return;
    const Descriptor file(::open(info.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.valid()) {
      if (errno == ENOENT && !parts_.index.find_segment(id)) return;  // it went meanwhile
      report(info.path, 0, make_errno_error(ErrorCode::kIo, "cannot be opened", errno).message);
      return;
    }
    std::vector<std::uint8_t> block(kBlockBytes);
    const auto header =
        read_fully(file.get(), block, 0) ? decode_segment_header(block) : std::nullopt;
    if (!header || header->id != id) report(info.path, 0, "the segment header is damaged");
    const std::uint64_t end =
        info.sealed ? footer_start(file.get(), id, info.path) : info.durable_bytes;
    if (end == 0) return;
    extents_.clear();
    const auto scanned = scan_segment_file(
        file.get(), id, kSegmentHeaderBytes, end, [&](const ExtentHeader& extent, ByteView bytes) {
          note(extent, bytes);
        });
    if (!scanned) {
      report(info.path, 0, scanned.error().message);
      return;
    }
    if (scanned->bad_blocks > 0) {
      report(info.path,
             scanned->first_bad,
             std::to_string(scanned->bad_blocks) + " blocks are no intact extent");
    }
    check_rows(id, info);
  }

  void note(const ExtentHeader& header, ByteView bytes) {
    extents_[header.offset] = {header.recording, indexer_.entries_of(header, bytes)};
  }

  void check_rows(const SegmentId& id, const SegmentInfo& info) {
    const auto walked = parts_.calls.for_each_row(id, [&](const ExtentRow& row) {
      const auto entries = decode_extent_row(row.packed);
      if (!entries) {
        faults_.push_back({"extents/" + to_string(row.recording), "the row is damaged"});
        return true;
      }
      for (const ExtentEntry& entry : *entries) check_entry(info, row, entry);
      return true;
    });
    if (!walked) faults_.push_back({"extents", walked.error().message});
  }

  void check_entry(const SegmentInfo& info, const ExtentRow& row, const ExtentEntry& entry) {
    const auto found = extents_.find(entry.offset);
    if (found == extents_.end() || found->second.recording != row.recording) {
      report(
          info.path, entry.offset, "recording " + to_string(row.recording) + " has no extent here");
      return;
    }
    const auto& there = found->second.entries.front();
    if (there.leaf == Hash{}) {
      // A key that is gone was destroyed on purpose; one that is there must open its extents,
      // unless the slot has another one by now, of an entry of the journal about this very
      // recording.  An extent without a row was discarded.
      if (parts_.keys.read(there.key_id, row.recording) && !was_destroyed(row.recording, entry)) {
        report(info.path, entry.offset, "the extent does not open under its key");
      }
      return;
    }
    if (there.leaf != entry.leaf)
      report(info.path, entry.offset, "the extent is not the one that was indexed");
  }

  [[nodiscard]] bool was_destroyed(const Uid& recording, const ExtentEntry& entry) {
    const auto at = parts_.calls.destroyed_at(recording, segment_kind_of(entry.kind));
    if (!at) faults_.push_back({"destroyed/" + to_string(recording), at.error().message});
    return at && at->has_value();
  }

  void check_rows_refer_to_segments() {
    const auto walked = parts_.calls.for_each_row([&](const ExtentRow& row) {
      if (!parts_.index.find_segment(row.segment)) {
        faults_.push_back({"extents/" + to_string(row.recording),
                           "segment " + to_hex(row.segment) + " is missing"});
      }
      return true;
    });
    if (!walked) faults_.push_back({"extents", walked.error().message});
  }

  struct Found {
    Uid recording{};
    std::vector<ExtentEntry> entries;
  };

  const StoreParts& parts_;
  ExtentIndexer indexer_;
  std::unordered_map<std::uint64_t, Found> extents_;  // of the segment being checked
  std::vector<StoreFault> faults_;
};

}  // namespace

std::vector<StoreFault> check_segments(const StoreParts& parts) {
  return SegmentCheck(parts).run();
}

}  // namespace tapdeck::storage
