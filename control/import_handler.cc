#include "control/import_handler.h"

#include <memory>
#include <string>
#include <utility>

#include "control/protocol.h"
#include "model/call_codec.h"
#include "model/event_codec.h"

namespace tapdeck::control {
namespace {

Error unreadable() {
  return make_error(ErrorCode::kInvalidArgument, "a frame of the import cannot be read.");
}

Result<void> take_ask(const Socket& socket, const Frame& frame, ImportSink& sink) {
  const auto uid = decode_uid(frame.payload);
  if (!uid) return unreadable();
  const auto presence = sink.presence_of(*uid);
  if (!presence) return Error(presence.error());
  std::string_view answer;
  if (*presence == storage::Presence::kPresent) answer = kImportPresent;
  if (*presence == storage::Presence::kErased) answer = kImportErased;
  return send_frame(socket, FrameType::kEnd, answer);
}

Result<void> take_chunk(const Frame& frame, ImportSink& sink) {
  const auto chunk = std::make_unique<Chunk>();  // too large for a stack
  if (!decode_import_chunk(frame.payload, *chunk)) return unreadable();
  return sink.add_chunk(*chunk);
}

Result<void> take_messages(const Frame& frame, ImportSink& sink) {
  const auto messages = decode_import_messages(frame.payload);
  if (!messages) return unreadable();
  return sink.add_messages(messages->recording, std::string(messages->records));
}

Result<void> take_call(const Frame& frame, ImportSink& sink) {
  auto call = decode_call(frame.payload);
  if (!call) return unreadable();
  return sink.add_call(std::move(*call));
}

Result<void> take_shred(const Frame& frame, ImportSink& sink) {
  const auto shred = decode_import_shred(frame.payload);
  if (!shred) return unreadable();
  if (shred->parts == storage::ShredParts::kNone) {
    return sink.shred_media(shred->recording, shred->span, shred->cause);
  }
  return sink.shred(shred->recording, shred->parts);
}

Result<void> take_pause(const Frame& frame, ImportSink& sink) {
  const auto told = decode_import_pause(frame.payload);
  if (!told) return unreadable();
  return sink.note_pause(*told);
}

Result<void> take_event(const Frame& frame, ImportSink& sink) {
  auto event = decode_event(frame.payload);
  if (!event) return unreadable();
  return sink.add_event(std::move(*event));
}

Result<void> take(const Socket& socket, const Frame& frame, ImportSink& sink) {
  switch (frame.type) {
    case FrameType::kImportAsk: return take_ask(socket, frame, sink);
    case FrameType::kImportChunk: return take_chunk(frame, sink);
    case FrameType::kImportMessages: return take_messages(frame, sink);
    case FrameType::kImportCall: return take_call(frame, sink);
    case FrameType::kImportEvent: return take_event(frame, sink);
    case FrameType::kImportPause: return take_pause(frame, sink);
    case FrameType::kImportShred: return take_shred(frame, sink);
    case FrameType::kImportTick: sink.tick(); return {};
    default: return unreadable();
  }
}

}  // namespace

Result<void> serve_import(const Socket& socket, std::unique_ptr<ImportSink> sink) {
  TD_TRY(send_frame(socket, FrameType::kEnd, {}));
  while (true) {
    const auto frame = receive_frame(socket, kImportBytesMax);
    if (!frame) return Error(frame.error());
    const bool finish = frame->type == FrameType::kImportFinish;
    auto taken = finish ? sink->finish() : take(socket, *frame, *sink);
    if (!taken) {
      TD_TRY(send_frame(socket, FrameType::kError, encode_error(taken.error())));
      return taken;
    }
    if (!finish) continue;
    sink.reset();  // before the answer, so that the client's next import finds nobody
    return send_frame(socket, FrameType::kEnd, {});
  }
}

}  // namespace tapdeck::control
