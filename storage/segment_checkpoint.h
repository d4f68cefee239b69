// The checkpoint file of an open segment, ID.ckpt beside ID.seg: what recovery need not scan again.
// Appended to while the segment is written, removed when it is sealed; only ever a shortcut, so
// that what is torn, missing or wrong costs a longer scan and nothing else. Format:
// docs/formats/segment.md.
//
// Threads: plain functions.  Memory: the file, and the entries of one segment.  Bad bytes: what
// does not agree with the segment ends what is believed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/segment_format.h"

namespace tapdeck::storage {

// "….seg" to "….ckpt"
std::string checkpoint_path(const std::string& segment_path);

struct Checkpointed {
  std::uint64_t end = kSegmentHeaderBytes;  // scan from here
  std::vector<FooterEntry> entries;         // of all extents below
};

// What the checkpoint file of the segment at `segment_path` says that the segment itself, open as
// `segment_file`, bears out: the last extent of each record must be there, intact.
Checkpointed read_checkpoints(int segment_file,
                              const std::string& segment_path,
                              const SegmentId& id);

}  // namespace tapdeck::storage
