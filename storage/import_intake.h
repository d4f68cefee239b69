// The second way into a store (Store::open_import): a segment writer of its own over the store's
// keys and index; call records go through the store, which takes them one batch at a time.
//
// Threads: as RecordIntake; destroyed on the thread that used writer(), whose io_uring it is.
// Memory: two to four staging buffers, allocated here.
#pragma once

#include <functional>
#include <memory>

#include "storage/record_intake.h"
#include "storage/segment_writer_impl.h"

namespace tapdeck::storage {

class ImportIntake final : public RecordIntake {
 public:
  // What it needs of the store, which must outlive it.  The functions may be called on any thread.
  struct Parts {
    KeyVault& keys;
    OpenIndex& index;
    std::function<Result<void>(std::span<const CallRecord>)> put_calls;
    std::function<Result<void>(std::span<const EventRecord>)> put_events;
    std::function<Result<Presence>(const Uid&)> presence_of;
    std::function<Result<void>(const Uid&, ShredParts)> shred;
    std::function<Result<void>(const Uid&, const MediaSpan&, CutCause)> shred_media;
    std::function<void()> on_closed;
  };

  ImportIntake(const StoreOptions& options, Parts parts);
  ~ImportIntake() override;
  ImportIntake(const ImportIntake&) = delete;
  ImportIntake& operator=(const ImportIntake&) = delete;

  SegmentWriter& writer() override { return writer_; }

  Result<void> put_calls(std::span<const CallRecord> calls) override {
    return parts_.put_calls(calls);
  }

  Result<void> put_events(std::span<const EventRecord> events) override {
    return parts_.put_events(events);
  }

  Result<void> put_pending_rows() override { return parts_.put_calls({}); }

  Result<Presence> presence_of(const Uid& uid) override { return parts_.presence_of(uid); }

  Result<void> shred(const Uid& recording, ShredParts parts) override {
    return parts_.shred(recording, parts);
  }

  Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override {
    return parts_.shred_media(recording, span, cause);
  }

 private:
  Parts parts_;
  SegmentWriterImpl writer_;
};

}  // namespace tapdeck::storage
