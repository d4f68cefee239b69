// Destroys extents inside a recording: header and leaf hash stay, so that the recording's digest
// can still be checked, and the ciphertext is overwritten.  Layout: docs/formats/segment.md,
// shredded extents.
//
// Threads: one at a time for a recording.  Memory: one extent, and 200 bytes for each that goes.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/media_span.h"
#include "storage/extent_codec.h"
#include "storage/files.h"

namespace tapdeck::storage {

// What goes in one segment's file: looked at first, then overwritten.
class SegmentShred {
 public:
  // kIo: it cannot be read.
  static Result<SegmentShred> open(std::string path);

  // When the segment was begun, UTC; nullopt: its header is damaged.
  [[nodiscard]] Result<std::optional<std::int64_t>> created_us() const;

  // Adds the media extent at `offset` if a packet of `span` is in it, or if it was destroyed before
  // and not to its end.  False: it is not, or it was destroyed whole.  kCorrupt when it is not
  // intact or does not open under `key`.
  Result<bool> add(std::uint64_t offset,
                   const RecordingKey& key,
                   const MediaSpan& span,
                   ExtentCodec& codec);

  // Of the last packet of the spans in what was added, UTC; the least there is: none.
  [[nodiscard]] std::int64_t last_us() const { return last_us_; }

  // Overwrites what was added, durable when it returns.  Failing: to be done again as a whole.
  Result<void> carry_out() const;

 private:
  struct Gone {
    std::uint64_t offset = 0;
    std::uint32_t stored_bytes = 0;
    std::array<std::uint8_t, kExtentHeaderBytes + sizeof(Hash)> head{};  // what stays
  };

  SegmentShred(std::string path, Descriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  Descriptor file_;  // for reading
  std::vector<Gone> gone_;
  std::int64_t last_us_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace tapdeck::storage
