#include "control/remote_store.h"

#include <cerrno>
#include <functional>
#include <optional>
#include <utility>

#include "control/connection.h"
#include "model/call_codec.h"
#include "model/event_codec.h"

namespace tapdeck::control {
namespace {

// Decodes a frame of the expected type with `decode` and appends it to `to`.
template <typename T, typename Decode>
std::function<Result<bool>(const Frame&)> collect(std::vector<T>& to,
                                                  FrameType expected,
                                                  Decode decode) {
  return [&to, expected, decode](const Frame& frame) -> Result<bool> {
    std::optional<T> value;
    if (frame.type == expected) value = decode(frame.payload);
    if (!value) return bad_answer();
    to.push_back(std::move(*value));
    return true;
  };
}

// The service closed the connection (it was idle, or restarted) before it answered.
bool is_hangup(const Error& error) {
  return error.code == ErrorCode::kNotFound || error.system_errno == EPIPE ||
         error.system_errno == ECONNRESET;
}

Result<bool> no_frames(const Frame& /*frame*/) { return bad_answer(); }

}  // namespace

RemoteStore::RemoteStore(std::string store_directory, AccessKind purpose)
    : store_directory_(std::move(store_directory)), purpose_(purpose) {}

Result<std::unique_ptr<RemoteStore>> RemoteStore::connect(const std::string& store_directory,
                                                          AccessKind purpose) {
  std::unique_ptr<RemoteStore> store(new RemoteStore(store_directory, purpose));
  TD_TRY(store->open_connection());
  return store;
}

Result<void> RemoteStore::open_connection() {
  auto socket = connect_to_service(store_directory_, purpose_);
  if (!socket) return Error(socket.error());
  socket_ = std::move(*socket);
  return {};
}

// The first frame of the answer.  A connection that the service closed since the last request is
// opened once more: nothing of the answer has been used yet.
Result<Frame> RemoteStore::send_request(FrameType type, const std::string& payload) {
  const bool was_open = socket_.is_open();
  if (!was_open) TD_TRY(open_connection());
  const auto exchange = [&]() -> Result<Frame> {
    TD_TRY(send_frame(socket_, type, payload));
    return receive_frame(socket_, kAnswerBytesMax);
  };
  auto frame = exchange();
  if (frame || !was_open || !is_hangup(frame.error())) return frame;
  if (type == FrameType::kAdminister) return frame;  // nothing is ordered twice
  socket_.close();
  TD_TRY(open_connection());
  return exchange();
}

Result<std::string> RemoteStore::ask(FrameType type,
                                     const std::string& payload,
                                     const FrameSink& sink) {
  if (asking_) {
    return make_error(ErrorCode::kBusy, "a sink must not ask the store that is calling it.");
  }
  asking_ = true;
  auto end = read_answer(type, payload, sink);
  asking_ = false;
  return end;
}

Result<std::string> RemoteStore::read_answer(FrameType type,
                                             const std::string& payload,
                                             const FrameSink& sink) {
  auto frame = send_request(type, payload);
  while (true) {
    if (!frame) {
      socket_.close();
      return make_error(ErrorCode::kIo, "the service went away: " + frame.error().message);
    }
    if (frame->type == FrameType::kEnd) return std::move(frame->payload);
    if (frame->type == FrameType::kError) {
      return decode_error(frame->payload).value_or(bad_answer());
    }
    auto wants_more = sink(*frame);
    if (!wants_more || !*wants_more) {
      socket_.close();  // the rest of the answer is not wanted
      if (!wants_more) return Error(wants_more.error());
      return std::string();
    }
    frame = receive_frame(socket_, kAnswerBytesMax);
  }
}

Result<std::string> RemoteStore::ask_text(FrameType type) {
  return ask(type, std::string(), no_frames);
}

Result<CallPage> RemoteStore::find_calls(const CallQuery& query) {
  CallPage page;
  CallQuery rest = query;
  do {
    if (query.limit != 0) rest.limit = query.limit - static_cast<std::uint32_t>(page.calls.size());
    auto cursor = ask(FrameType::kFindCalls,
                      encode_query(rest),
                      collect(page.calls, FrameType::kCall, decode_call));
    if (!cursor) return Error(cursor.error());
    rest.cursor = page.next_cursor = std::move(*cursor);
  } while (!rest.cursor.empty() && (query.limit == 0 || page.calls.size() < query.limit));
  return page;
}

Result<EventPage> RemoteStore::find_events(const EventQuery& query) {
  EventPage page;
  EventQuery rest = query;
  do {
    if (query.limit != 0) rest.limit = query.limit - static_cast<std::uint32_t>(page.events.size());
    auto cursor = ask(FrameType::kFindEvents,
                      encode_event_query(rest),
                      collect(page.events, FrameType::kEvent, decode_event));
    if (!cursor) return Error(cursor.error());
    rest.cursor = page.next_cursor = std::move(*cursor);
  } while (!rest.cursor.empty() && (query.limit == 0 || page.events.size() < query.limit));
  return page;
}

Result<CallRecord> RemoteStore::get_call(const Uid& uid) {
  std::vector<CallRecord> calls;
  auto end =
      ask(FrameType::kGetCall, encode_uid(uid), collect(calls, FrameType::kCall, decode_call));
  if (!end) return Error(end.error());
  if (calls.size() != 1) return bad_answer();
  return std::move(calls.front());
}

Result<std::vector<CallRecord>> RemoteStore::get_versions(const Uid& uid) {
  std::vector<CallRecord> calls;
  auto end =
      ask(FrameType::kGetVersions, encode_uid(uid), collect(calls, FrameType::kCall, decode_call));
  if (!end) return Error(end.error());
  return calls;
}

Result<void> RemoteStore::read_media(const Uid& uid, const storage::SectionSink& sink) {
  auto end = ask(FrameType::kReadMedia, encode_uid(uid), [&](const Frame& frame) -> Result<bool> {
    const auto section = decode_section(frame.payload);
    if (frame.type != FrameType::kSection || !section) return bad_answer();
    return sink(section->header, section->records);
  });
  if (!end) return Error(end.error());
  return {};
}

Result<void> RemoteStore::read_messages(const Uid& uid, const storage::MessageSink& sink) {
  auto end =
      ask(FrameType::kReadMessages, encode_uid(uid), [&](const Frame& frame) -> Result<bool> {
        Cursor cursor(as_bytes(frame.payload));
        const auto message = storage::read_message_record(cursor);
        if (frame.type != FrameType::kMessage || !message) return bad_answer();
        return sink(*message);
      });
  if (!end) return Error(end.error());
  return {};
}

Result<std::vector<storage::StreamDurability>> RemoteStore::durability(const Uid& uid) {
  std::vector<storage::StreamDurability> streams;
  auto end = ask(
      FrameType::kDurability, encode_uid(uid), collect(streams, FrameType::kStream, decode_stream));
  if (!end) return Error(end.error());
  return streams;
}

Result<storage::StoreStatistics> RemoteStore::statistics() {
  storage::StoreStatistics statistics;
  auto end = ask(FrameType::kStatistics,
                 std::string(),
                 collect(statistics.figures, FrameType::kFigure, decode_figure));
  if (!end) return Error(end.error());
  return statistics;
}

Result<std::vector<storage::StoreFault>> RemoteStore::check() {
  std::vector<storage::StoreFault> faults;
  auto end =
      ask(FrameType::kCheck, std::string(), collect(faults, FrameType::kFault, decode_fault));
  if (!end) return Error(end.error());
  return faults;
}

Result<std::string> RemoteStore::order_pause(const Uid& uid, bool resume) {
  return ask(resume ? FrameType::kResume : FrameType::kPause, encode_uid(uid), no_frames);
}

Result<std::string> RemoteStore::administer(const RetentionRequest& request) {
  const auto payload = encode_retention_request(request);
  if (!payload) return Error(payload.error());
  return ask(FrameType::kAdminister, *payload, no_frames);
}

Result<std::string> RemoteStore::stats_json() { return ask_text(FrameType::kStatsJson); }

Result<std::string> RemoteStore::status_json() { return ask_text(FrameType::kStatusJson); }

}  // namespace tapdeck::control
