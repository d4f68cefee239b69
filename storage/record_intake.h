// Where a pipeline leaves what it records: media and messages with a SegmentWriter, call records
// with the call store.  A store is one; Store::open_import() gives a second one, for an import
// beside the live capture; control::ImportClient is one on the other side of a control socket.
//
// Threads: one thread for writer() and presence_of(), one (the same or another) for put_*; shred()
// is for any. Memory: see SegmentWriter.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "model/call.h"
#include "model/event.h"
#include "model/media_span.h"
#include "storage/segment_writer.h"

namespace tapdeck::storage {

enum class Presence : std::uint8_t {
  kAbsent,   // what an earlier attempt left of it has been destroyed, but for its call record
  kPresent,  // in full, or being recorded by another intake at this moment
  kErased,   // on purpose: nothing of it is recorded again
};

class RecordIntake {
 public:
  virtual ~RecordIntake() = default;

  virtual SegmentWriter& writer() = 0;

  // Commits `calls` (new versions replace, older ones are kept) with all their indexes in one
  // synced batch.
  virtual Result<void> put_calls(std::span<const CallRecord> calls) = 0;

  // Commits events; older ones may go for them: StoreOptions::events_max.
  virtual Result<void> put_events(std::span<const EventRecord> events) = 0;

  // Commits the extent rows of ended recordings and sealed segments that wait for the next
  // put_calls().  Call on the put_calls() thread when there are no calls for a while.
  virtual Result<void> put_pending_rows() = 0;

  // Asked before anything is recorded under `uid` from a file, which is done only when it is
  // absent.
  virtual Result<Presence> presence_of(const Uid& uid) = 0;

  // Destroys for good what was kept of these parts of a recording, and abandons them if it is not
  // over: keys first, durable before it returns, then the rows that list them.  After an error some
  // may still be there: to be asked again.  Waits for the disk.
  virtual Result<void> shred(const Uid& recording, ShredParts parts) = 0;

  // Destroys for good what is durable of a stretch of a recording's media
  // (storage/span_shredder.h): the rest of the recording goes on.  After an error some may still be
  // there: to be asked again.  Waits for the disk.  The journal names the cause.
  virtual Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) = 0;
};

}  // namespace tapdeck::storage
