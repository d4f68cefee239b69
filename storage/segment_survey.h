// Reads a segment without the call store: what it is, what stands in it, which of that opens, and
// the call records in it.  For who rebuilds a call store: no row tells there what was discarded, so
// that only the keys do.
//
// Threads: one caller at a time per object.  Memory: the entries of one segment and one extent, and
// a window of the file where it has no footer.  Bad bytes: what is not intact is named by `store
// check` later; a record that makes no sense is counted by the caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/call.h"
#include "storage/extent_codec.h"
#include "storage/files.h"
#include "storage/keys.h"
#include "storage/recovery.h"

namespace tapdeck::storage {

// The record in the plaintext of an extent of kind kRecord; nullopt: the bytes make no sense, or it
// is another call's.
std::optional<CallRecord> decode_record_extent(const ExtentHeader& header,
                                               ByteView plaintext,
                                               MessageCompressor& compressor);

struct SurveyedSegment {
  std::string path;
  Descriptor file = Descriptor();
  SegmentHeader header;
  bool sealed = false;
  std::uint64_t end = 0;             // of its extents
  std::uint64_t bytes_dropped = 0;   // of what is neither zero nor an intact extent; unsealed ones
  std::vector<FooterEntry> entries;  // of all extents, in order of offset
};

class SegmentSurvey {
 public:
  explicit SegmentSurvey(KeyVault& keys) : keys_(keys), indexer_(keys) {}

  enum class Finding : std::uint8_t { kSegment, kBlank, kUnreadable };

  // Fills `segment`; kBlank: nothing ever became durable in it; kUnreadable: its header makes no
  // sense.  kIo: the file cannot be read.
  Result<Finding> read(const std::string& path, SurveyedSegment& segment);

  // Those whose keys are there and open them: the others were discarded, erased or have expired.
  std::vector<FooterEntry> readable(const SurveyedSegment& segment);

  // Of an entry that is readable(); nullopt: damaged.
  std::optional<CallRecord> record_of(const SurveyedSegment& segment, const FooterEntry& entry);

 private:
  [[nodiscard]] bool opens(const SurveyedSegment& segment, const FooterEntry& entry);
  bool load(const SurveyedSegment& segment, const ExtentEntry& entry);

  KeyVault& keys_;
  ExtentIndexer indexer_;
  ExtentCodec codec_;
  MessageCompressor compressor_;
  std::vector<std::uint8_t> extent_;
  std::vector<std::uint8_t> plaintext_;
};

}  // namespace tapdeck::storage
