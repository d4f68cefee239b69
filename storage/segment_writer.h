// Writes chunks and SIP messages of recordings into segments: encrypts from chunk into a registered
// staging buffer, writes large with io_uring, syncs, and says what is durable.  One instance per
// store directory. Format: docs/formats/segment.md.
//
// Threads: every method on the owner (writer) thread, which is the only issuer of its io_uring;
// `open_index()` is safe from any thread. Memory: staging buffers are allocated and registered in
// create(); recordings' state grows with open recordings. Full: when every staging buffer is in
// flight try_append* returns kBusy and has taken nothing: call step() and try again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/call.h"
#include "model/chunk.h"
#include "storage/segment_id.h"

namespace tapdeck::storage {

enum class AppendVerdict : std::uint8_t {
  kTaken,   // copied; the chunk is free to go home
  kBusy,    // nothing taken; step() and try again
  kFailed,  // the disk refused; counted, the bytes are lost and the recording is told to have a gap
  kAbandoned,  // this part of the recording was abandoned; counted, and never written
};

// Media that was appended and could not be kept; neighbours are joined.
struct LostMedia {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::uint64_t packets = 0;
};

// What is known of a recording once all of it has been appended.
struct RecordingSummary {
  std::string sha256;  // Merkle root over the extents' salted plaintext hashes, hex; empty when
                       // nothing was kept
  std::uint64_t bytes = 0;               // media bytes on disk, headers and padding included
  std::uint64_t failed_chunk_count = 0;  // media refused by the disk
  std::vector<LostMedia> lost = {};      // that media, in order of loss
};

class SegmentWriter {
 public:
  virtual ~SegmentWriter() = default;

  // A hint: these are about to be appended, in this order, and stay as they are until then or until
  // others are announced; what is cheaper for several at once is done so.
  virtual void announce(std::span<const Chunk* const> /*chunks*/) {}

  // Keeps the section of `chunk` under chunk.recording, in the segment of its retention class and
  // of the recording's UTC start day.
  [[nodiscard]] virtual AppendVerdict try_append(const Chunk& chunk) = 0;

  // Keeps encoded message records (storage/message_record.h) of `recording` as one extent under its
  // SIP key.
  [[nodiscard]] virtual AppendVerdict try_append_messages(const Uid& recording,
                                                          std::uint16_t retention_class,
                                                          std::string_view records) = 0;

  // All media and messages of the call have been appended: writes out what is staged for packing.
  // What is known of the recording so far; lost media is told here once, and not again.
  virtual RecordingSummary sum_up(const CallRecord& record) = 0;

  // Keeps the record of a call that is over, as the call store will, as an extent under its SIP
  // key, beside its messages: for storage/store_rebuild.h.  Before end_recording().
  [[nodiscard]] virtual AppendVerdict try_append_record(const CallRecord& record) = 0;

  // Everything of `recording` has been appended: writes out what is staged for packing, hands its
  // extents to the index and forgets it.
  virtual void end_recording(const Uid& recording) = 0;

  // What was kept of an ended recording and what the disk refused since sum_up().  Once for each,
  // and when it is settled: what is refused later is not in it.
  virtual RecordingSummary take_summary(const Uid& recording) = 0;

  // True when nothing of an ended recording waits for the disk any more: what it kept is durable,
  // or lost and counted.
  [[nodiscard]] virtual bool is_settled(const Uid& recording) = 0;

  // These parts of `recording` are to be destroyed, whether they have begun or not: forgets their
  // keys and what waits to be packed, which is zeroed; from now on they are refused as kAbandoned,
  // and what is in flight leads to nothing.  What was written goes with RecordIntake::shred(),
  // which abandons them, too.
  virtual void abandon(const Uid& recording, ShredParts parts) = 0;

  // Reaps completions, flushes what is older than the flush interval, seals full segments.  Call
  // often; `timer_now_ns` is monotonic. Returns how many completions it handled.
  virtual std::uint32_t step(std::int64_t timer_now_ns) = 0;

  // Waits until all that was appended is durable.  kIo when the disk refused some of it.
  virtual Result<void> flush() = 0;
};

}  // namespace tapdeck::storage
