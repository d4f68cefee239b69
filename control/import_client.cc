#include "control/import_client.h"

#include <utility>

#include "control/connection.h"
#include "model/call_codec.h"
#include "model/event_codec.h"

namespace tapdeck::control {

// The media half: everything goes out at once, so nothing is ever busy or waits to settle.
class ImportClient::Writer final : public storage::SegmentWriter {
 public:
  explicit Writer(ImportClient& client) : client_(client) {}

  storage::AppendVerdict try_append(const Chunk& chunk) override {
    client_.send(FrameType::kImportChunk, encode_import_chunk(chunk));
    return storage::AppendVerdict::kTaken;
  }

  // The class was named once, for all of the import.
  storage::AppendVerdict try_append_messages(const Uid& recording,
                                             std::uint16_t /*retention_class*/,
                                             std::string_view records) override {
    client_.send(FrameType::kImportMessages, encode_import_messages({recording, records}));
    return storage::AppendVerdict::kTaken;
  }

  // The service's own writer does these.
  storage::RecordingSummary sum_up(const CallRecord& /*record*/) override { return {}; }

  storage::AppendVerdict try_append_record(const CallRecord& /*record*/) override {
    return storage::AppendVerdict::kTaken;
  }

  void end_recording(const Uid& /*recording*/) override {}

  void abandon(const Uid& recording, storage::ShredParts parts) override {
    client_.send(FrameType::kImportShred, encode_import_shred({recording, parts, {}}));
  }

  // The service's own writer knows, and tells the record there.
  storage::RecordingSummary take_summary(const Uid& /*recording*/) override { return {}; }

  bool is_settled(const Uid& /*recording*/) override { return true; }

  std::uint32_t step(std::int64_t /*timer_now_ns*/) override { return 0; }

  Result<void> flush() override { return {}; }  // finish() does

 private:
  ImportClient& client_;
};

ImportClient::ImportClient(Socket socket)
    : socket_(std::move(socket)), writer_(std::make_unique<Writer>(*this)) {}

ImportClient::~ImportClient() = default;

Result<std::unique_ptr<ImportClient>> ImportClient::connect(const std::string& store_directory,
                                                            const std::string& retention_class) {
  auto socket = connect_to_service(store_directory);
  if (!socket) return Error(socket.error());
  std::unique_ptr<ImportClient> client(new ImportClient(std::move(*socket)));
  const auto begun = client->ask(FrameType::kImportBegin, retention_class);
  if (!begun) return Error(begun.error());
  return client;
}

storage::SegmentWriter& ImportClient::writer() { return *writer_; }

Result<void> ImportClient::put_calls(std::span<const CallRecord> calls) {
  for (const CallRecord& call : calls) send(FrameType::kImportCall, encode_call(call));
  return {};
}

Result<void> ImportClient::put_events(std::span<const EventRecord> events) {
  for (const EventRecord& event : events) send(FrameType::kImportEvent, encode_event(event));
  return {};
}

Result<void> ImportClient::put_pending_rows() {
  send(FrameType::kImportTick, {});
  return {};
}

Result<storage::Presence> ImportClient::presence_of(const Uid& uid) {
  const auto answer = ask(FrameType::kImportAsk, encode_uid(uid));
  if (!answer) return Error(answer.error());
  if (*answer == kImportErased) return storage::Presence::kErased;
  return *answer == kImportPresent ? storage::Presence::kPresent : storage::Presence::kAbsent;
}

// Its writer has said so when it abandoned it, and finish() waits for it.
Result<void> ImportClient::shred(const Uid& /*recording*/, storage::ShredParts /*parts*/) {
  return {};
}

Result<void> ImportClient::shred_media(const Uid& recording,
                                       const MediaSpan& span,
                                       CutCause cause) {
  send(FrameType::kImportShred,
       encode_import_shred({recording, storage::ShredParts::kNone, span, cause}));
  return {};
}

void ImportClient::note_pause(const PauseTold& told) {
  send(FrameType::kImportPause, encode_import_pause(told));
}

Result<void> ImportClient::finish() {
  const auto answer = ask(FrameType::kImportFinish, {});
  if (!answer) return Error(answer.error());
  return {};
}

void ImportClient::fail(const Error& error) {
  if (!failure_) failure_ = error;
  socket_.close();
}

void ImportClient::send(FrameType type, const std::string& payload) {
  if (failure_) return;
  const auto sent = send_frame(socket_, type, payload);
  if (sent) return;
  // Before it hung up, the service may have said why.
  const auto last = receive_frame(socket_, kAnswerBytesMax);
  const auto told = last && last->type == FrameType::kError ? decode_error(last->payload)
                                                            : std::optional<Error>();
  fail(told ? *told : make_error(ErrorCode::kIo, "the service went away: " + sent.error().message));
}

Result<std::string> ImportClient::ask(FrameType type, const std::string& payload) {
  send(type, payload);
  if (failure_) return Error(*failure_);
  auto answer = receive_frame(socket_, kAnswerBytesMax);
  if (!answer) {
    fail(make_error(ErrorCode::kIo, "the service went away: " + answer.error().message));
  } else if (answer->type == FrameType::kError) {
    fail(decode_error(answer->payload).value_or(bad_answer()));
  } else if (answer->type != FrameType::kEnd) {
    fail(bad_answer());
  } else {
    return std::move(answer->payload);
  }
  return Error(*failure_);
}

}  // namespace tapdeck::control
