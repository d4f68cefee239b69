// Reads a recording back: its extents from the open index and the call store's rows, each verified
// and decrypted. Threads: one caller at a time per object.  Memory: one extent, the recording's
// entries, and up to kPackedCacheExtents packed extents.  Failing: kCorrupt names file and offset;
// kNotFound when the key has been destroyed, or all of that part of the recording.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/call_store.h"
#include "storage/extent_codec.h"
#include "storage/files.h"
#include "storage/keys.h"
#include "storage/open_index.h"

namespace tapdeck::storage {

struct LocatedExtent {
  SegmentId segment{};
  ExtentEntry entry;
};

class RecordingReader {
 public:
  RecordingReader(KeyVault& keys, const CallStore& calls, OpenIndex& index)
      : keys_(keys), calls_(calls), index_(index) {}

  // Durable extents of one kind, each section once, in no order.
  Result<std::vector<LocatedExtent>> locate(const Uid& recording, SegmentKind kind);

  Result<void> read_media(const Uid& recording, const SectionSink& sink);
  Result<void> read_messages(const Uid& recording, const MessageSink& sink);
  Result<std::vector<StreamDurability>> durability(const Uid& recording);

 private:
  struct Opened {  // a decrypted extent
    SegmentId segment{};
    ExtentHeader header;
    std::vector<std::uint8_t> plaintext;
  };

  Result<void> tell_if_destroyed(const Uid& recording, SegmentKind kind);
  Error gone_or(Error damage, const Uid& recording, const LocatedExtent& extent);
  Result<std::vector<LocatedExtent>> media_in_order(const Uid& recording);
  Result<void> load(const Uid& recording, const LocatedExtent& extent);
  Result<const Opened*> open(const Uid& recording, const LocatedExtent& extent);
  Result<const Opened*> open_anew(const Uid& recording, const LocatedExtent& extent);
  Result<bool> give_section(const Uid& recording,
                            const LocatedExtent& extent,
                            const SectionSink& sink);
  Result<bool> give_messages(const Uid& recording,
                             const LocatedExtent& extent,
                             const MessageSink& sink);

  KeyVault& keys_;
  const CallStore& calls_;
  OpenIndex& index_;
  ExtentCodec codec_;
  MessageCompressor compressor_;
  std::deque<Opened> opened_;  // latest last
  SegmentId file_segment_{};
  std::string file_path_;
  Descriptor file_;
  std::vector<std::uint8_t> extent_;  // ciphertext
  std::string raw_;                   // decompressed messages
};

}  // namespace tapdeck::storage
