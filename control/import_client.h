// A store that another process owns, as the intake of an `ingest`: chunks, messages and call
// records travel over its control socket, in the order in which they were handed over.
//
// Threads: one.  Memory: one frame.  Full: the socket makes the caller wait while the service's
// disk is busy.  After a failure (the service refused something, or went away) everything is taken
// and thrown away, and failure() says why: look at it now and then.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "control/frame_io.h"
#include "control/protocol.h"
#include "storage/record_intake.h"

namespace tapdeck::control {

class ImportClient final : public storage::RecordIntake {
 public:
  // As connect_to_service(); also kBusy: another import goes through the service, and
  // kInvalidArgument: it does not know the retention class.
  static Result<std::unique_ptr<ImportClient>> connect(const std::string& store_directory,
                                                       const std::string& retention_class);
  ~ImportClient() override;

  // Its digests are empty: the service makes them.
  storage::SegmentWriter& writer() override;
  Result<void> put_calls(std::span<const CallRecord> calls) override;
  Result<void> put_events(std::span<const EventRecord> events) override;
  Result<void> put_pending_rows() override;
  Result<storage::Presence> presence_of(const Uid& uid) override;
  // After writer().abandon(); durable when finish() has returned.
  Result<void> shred(const Uid& recording, storage::ShredParts parts) override;
  // Of what has been handed over; durable when finish() has returned.
  Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override;

  // Not answered; in the journal when finish() has returned.
  void note_pause(const PauseTold& told);

  // The end: waits until all that was handed over is durable and in the call log.
  Result<void> finish();

  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  class Writer;

  explicit ImportClient(Socket socket);

  void send(FrameType type, const std::string& payload);
  Result<std::string> ask(FrameType type, const std::string& payload);
  void fail(const Error& error);

  Socket socket_;
  std::optional<Error> failure_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace tapdeck::control
