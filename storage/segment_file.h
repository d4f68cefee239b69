// One segment file on disk: making, sealing and marking it. Mode 0600 means that extents may lack
// rows in the call store; 0400 that it is sealed and all its rows are committed, so that opening a
// store need only stat it. Threads: any.  Memory: the footer while sealing.  Failing: Result.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/files.h"
#include "storage/segment_format.h"

namespace tapdeck::storage {

struct SegmentFile {
  Descriptor descriptor;
  bool direct = false;  // O_DIRECT holds
};

// A sealed segment is read-only to keep accidents out; its owner lifts that for one opening alone.
Descriptor open_segment_to_write(const std::string& path);

// Makes `path`, which must not exist, in a directory that does; the directory is synced.
Result<SegmentFile> create_segment_file(const std::string& path);

// False: errno tells.
bool clear_direct(int file);

// Cuts the file at `end`, where its footer is to be written.  `file` loses O_DIRECT.
Result<void> cut_for_footer(int file, std::uint64_t end);

// cut_for_footer(), writes the footer and syncs: sealed.
Result<void> seal_segment_file(int file,
                               const SegmentId& id,
                               std::uint64_t end,
                               std::span<const FooterEntry> entries);

struct FoundFooter {
  std::uint64_t at = 0;  // where it begins, and the extents end
  std::vector<FooterEntry> entries;
};

// nullopt: there is none that is whole.
std::optional<FoundFooter> read_segment_footer(int file, const SegmentId& id);

Result<void> mark_segment_indexed(const std::string& path);

// "DIRECTORY/segments/CLASS/media|sip/YYYYMMDD"
std::string segment_directory(const std::string& store,
                              const std::string& retention_class,
                              SegmentKind kind,
                              std::int32_t utc_day);

std::string segment_file_name(const SegmentId& id);  // 32 hex digits and ".seg"

}  // namespace tapdeck::storage
