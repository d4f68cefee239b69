// A store served by another process over its control socket: what storage::StoreAccess promises,
// plus the figures of the running service.
// Threads: one caller at a time.  Memory: one frame, and the page asked for.  When the service
// goes away in the middle of an answer: kIo.  A connection that was closed between two requests is
// made again, once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/frame_io.h"
#include "control/protocol.h"
#include "control/retention_codec.h"
#include "storage/store_access.h"

namespace tapdeck::control {

class RemoteStore final : public storage::StoreAccess {
 public:
  // Errors as of connect_to_service().
  static Result<std::unique_ptr<RemoteStore>> connect(const std::string& store_directory,
                                                      AccessKind purpose = AccessKind::kShow);

  Result<CallPage> find_calls(const CallQuery& query) override;
  Result<EventPage> find_events(const EventQuery& query) override;
  Result<CallRecord> get_call(const Uid& uid) override;
  Result<std::vector<CallRecord>> get_versions(const Uid& uid) override;
  Result<void> read_media(const Uid& uid, const storage::SectionSink& sink) override;
  Result<void> read_messages(const Uid& uid, const storage::MessageSink& sink) override;
  Result<std::vector<storage::StreamDurability>> durability(const Uid& uid) override;
  Result<storage::StoreStatistics> statistics() override;
  Result<std::vector<storage::StoreFault>> check() override;

  Result<std::string> stats_json();   // ServerCallbacks::stats_json
  Result<std::string> status_json();  // ServerCallbacks::status_json

  // JSON: how many open calls the conversation of this one has (`legs`), and how many of them were
  // not so already (`changed`).
  Result<std::string> order_pause(const Uid& uid, bool resume);

  // JSON of the answer (control/retention_json.h).  Asked once: when the service goes away it may
  // have been done or not.
  Result<std::string> administer(const RetentionRequest& request);

 private:
  // Returns false to stop reading the answer.
  using FrameSink = std::function<Result<bool>(const Frame& frame)>;

  RemoteStore(std::string store_directory, AccessKind purpose);

  Result<void> open_connection();
  Result<Frame> send_request(FrameType type, const std::string& payload);
  // Sends a request and hands every frame of the answer but the last to `sink`; the text of the
  // kEnd frame is the result.
  Result<std::string> ask(FrameType type, const std::string& payload, const FrameSink& sink);
  Result<std::string> read_answer(FrameType type,
                                  const std::string& payload,
                                  const FrameSink& sink);
  Result<std::string> ask_text(FrameType type);

  std::string store_directory_;
  AccessKind purpose_;
  Socket socket_;
  bool asking_ = false;  // one connection carries one answer at a time
};

}  // namespace tapdeck::control
