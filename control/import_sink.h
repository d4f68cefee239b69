// What a client that imports captures hands to the process that owns the store: the other end of
// ImportClient.  Made by apps/ for ServerCallbacks::open_import.
//
// Threads: one, that of the client's connection; destroyed there.  Memory: one frame, and staging
// buffers.  Full: every method waits for the disk, and so the client does.
// Destroying it without finish(): calls that were not over stay unfinished, and the next import of
// the same files makes them anew.
#pragma once

#include <string>

#include "base/result.h"
#include "model/call.h"
#include "model/chunk.h"
#include "model/event.h"
#include "model/pause.h"
#include "storage/record_intake.h"
#include "storage/segment_id.h"

namespace tapdeck::control {

class ImportSink {
 public:
  virtual ~ImportSink() = default;

  // storage::RecordIntake::presence_of; to be asked, and answered with kAbsent, before anything
  // else is done under `uid`.
  virtual Result<storage::Presence> presence_of(const Uid& uid) = 0;

  // kInvalidArgument: under a uid that presence_of() has not said is absent.  What the disk refuses
  // is told by finish().
  virtual Result<void> add_chunk(Chunk& chunk) = 0;
  virtual Result<void> add_messages(const Uid& recording, std::string records) = 0;
  virtual Result<void> add_call(CallRecord call) = 0;

  // storage::RecordIntake::shred(); done when finish() is.
  virtual Result<void> shred(const Uid& recording, storage::ShredParts parts) = 0;

  // storage::RecordIntake::shred_media(), of what was added before; done when finish() is.
  virtual Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) = 0;

  // A pause of its recording, or the end of one: in the journal when finish() is done.
  virtual Result<void> note_pause(const PauseTold& told) = 0;

  virtual Result<void> add_event(EventRecord event) = 0;  // of no call, so it is not asked for

  // Moves what is under way; called when nothing else is.
  virtual void tick() = 0;

  // Everything is durable and in the call log.  kIo: the disk refused some of it.
  virtual Result<void> finish() = 0;
};

}  // namespace tapdeck::control
