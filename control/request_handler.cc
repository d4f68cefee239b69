#include "control/request_handler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/clock.h"
#include "control/actor.h"
#include "control/call_json.h"
#include "control/import_handler.h"
#include "control/protocol.h"
#include "model/call_codec.h"
#include "model/event_codec.h"

namespace tapdeck::control {
namespace {

// Answers one client's requests.  Every method returns an error only when the connection is of no
// more use; what a store refuses is told to the client in a kError frame.
class RequestHandler {
 public:
  RequestHandler(const Socket& socket,
                 const ClientInfo& client,
                 storage::StoreAccess& store,
                 const ServerCallbacks& callbacks)
      : socket_(socket), client_(client), store_(store), callbacks_(callbacks) {}

  Result<void> answer(const Frame& request) {
    switch (request.type) {
      case FrameType::kFindCalls: return find_calls(request.payload);
      case FrameType::kFindEvents: return find_events(request.payload);
      case FrameType::kGetCall: return get_call(request.payload);
      case FrameType::kGetVersions: return get_versions(request.payload);
      case FrameType::kReadMedia: return read_media(request.payload);
      case FrameType::kReadMessages: return read_messages(request.payload);
      case FrameType::kDurability: return durability(request.payload);
      case FrameType::kStatistics: return statistics();
      case FrameType::kCheck: return check();
      case FrameType::kStatsJson: return end(callbacks_.stats_json());
      case FrameType::kStatusJson: return end(callbacks_.status_json());
      case FrameType::kPause: return order_pause(request.payload, false);
      case FrameType::kResume: return order_pause(request.payload, true);
      case FrameType::kAdminister: return administer(request.payload);
      case FrameType::kImportBegin: return import(request.payload);
      default: return fail(make_error(ErrorCode::kInvalidArgument, "that is not a request."));
    }
  }

 private:
  Result<void> end(std::string_view text = {}) {
    return send_frame(socket_, FrameType::kEnd, text);
  }

  Result<void> fail(const Error& error) {
    return send_frame(socket_, FrameType::kError, encode_error(error));
  }

  Result<void> fail_unreadable() {
    return fail(make_error(ErrorCode::kInvalidArgument, "the request cannot be read."));
  }

  Result<void> send_call(const CallRecord& call) {
    return send_frame(socket_, FrameType::kCall, encode_call(call));
  }

  Result<void> find_calls(const std::string& payload) {
    auto query = decode_query(payload);
    if (!query) return fail_unreadable();
    query->limit = query->limit == 0 ? kPageCallsMax : std::min(query->limit, kPageCallsMax);
    const auto page = store_.find_calls(*query);
    if (!page) return fail(page.error());
    for (const CallRecord& call : page->calls) TD_TRY(send_call(call));
    return end(page->next_cursor);
  }

  Result<void> find_events(const std::string& payload) {
    auto query = decode_event_query(payload);
    if (!query) return fail_unreadable();
    query->limit = query->limit == 0 ? kPageCallsMax : std::min(query->limit, kPageCallsMax);
    const auto page = store_.find_events(*query);
    if (!page) return fail(page.error());
    for (const EventRecord& event : page->events) {
      TD_TRY(send_frame(socket_, FrameType::kEvent, encode_event(event)));
    }
    return end(page->next_cursor);
  }

  Result<void> get_call(const std::string& payload) {
    const auto uid = decode_uid(payload);
    if (!uid) return fail_unreadable();
    const auto call = store_.get_call(*uid);
    if (!call) return fail(call.error());
    TD_TRY(send_call(*call));
    return end();
  }

  Result<void> get_versions(const std::string& payload) {
    const auto uid = decode_uid(payload);
    if (!uid) return fail_unreadable();
    const auto calls = store_.get_versions(*uid);
    if (!calls) return fail(calls.error());
    for (const CallRecord& call : *calls) TD_TRY(send_call(call));
    return end();
  }

  // Ends a walk: a client that is gone, a store that failed, or all of it.
  Result<void> end_walk(const Result<void>& sent, const Result<void>& walked) {
    if (!sent) return sent;
    if (!walked) return fail(walked.error());
    return end();
  }

  Result<void> read_media(const std::string& payload) {
    const auto uid = decode_uid(payload);
    if (!uid) return fail_unreadable();
    Result<void> sent;
    const auto walked = store_.read_media(*uid, [&](const SectionHeader& header, ByteView records) {
      sent = send_frame(socket_, FrameType::kSection, encode_section(header, records));
      return sent.has_value();
    });
    return end_walk(sent, walked);
  }

  Result<void> read_messages(const std::string& payload) {
    const auto uid = decode_uid(payload);
    if (!uid) return fail_unreadable();
    Result<void> sent;
    const auto walked = store_.read_messages(*uid, [&](const storage::MessageRecord& message) {
      std::string bytes;
      storage::append_message_record(message, bytes);
      sent = send_frame(socket_, FrameType::kMessage, bytes);
      return sent.has_value();
    });
    return end_walk(sent, walked);
  }

  Result<void> durability(const std::string& payload) {
    const auto uid = decode_uid(payload);
    if (!uid) return fail_unreadable();
    const auto streams = store_.durability(*uid);
    if (!streams) return fail(streams.error());
    for (const auto& stream : *streams) {
      TD_TRY(send_frame(socket_, FrameType::kStream, encode_stream(stream)));
    }
    return end();
  }

  Result<void> statistics() {
    const auto statistics = store_.statistics();
    if (!statistics) return fail(statistics.error());
    for (const auto& [name, value] : statistics->figures) {
      TD_TRY(send_frame(socket_, FrameType::kFigure, encode_figure(name, value)));
    }
    return end();
  }

  Result<void> check() {
    const auto faults = store_.check();
    if (!faults) return fail(faults.error());
    for (const auto& fault : *faults) {
      TD_TRY(send_frame(socket_, FrameType::kFault, encode_fault(fault)));
    }
    return end();
  }

  Result<void> order_pause(const std::string& payload, bool resume) {
    const auto uid = decode_uid(payload);
    if (!uid) return fail_unreadable();
    const auto call = store_.get_call(*uid);
    if (!call) return fail(call.error());
    const PauseOrder order{*uid, call->realm, call->call_id, resume, wall_now_ns()};
    const auto answer =
        callbacks_.order_pause(order, actor_of(client_.pid, client_.uid, client_.gid));
    if (!answer) return fail(answer.error());
    if (!answer->known) {
      return fail(
          make_error(ErrorCode::kNotFound,
                     "The call " + to_string(*uid) + " is over; nothing of it is recorded."));
    }
    const Json json = {{"legs", answer->legs}, {"changed", answer->changed}};
    return end(json_line(json));
  }

  Result<void> administer(const std::string& payload) {
    const auto request = decode_retention_request(payload);
    if (!request) return fail_unreadable();
    const auto answer =
        callbacks_.administer(*request, actor_of(client_.pid, client_.uid, client_.gid));
    if (!answer) return fail(answer.error());
    if (answer->size() > kAnswerBytesMax) {
      return fail(make_error(ErrorCode::kResources,
                             "The answer is longer than 16 MiB; ask for less of it."));
    }
    return end(*answer);
  }

  Result<void> import(const std::string& retention_class) {
    auto sink = callbacks_.open_import(retention_class);
    if (!sink) return fail(sink.error());
    return serve_import(socket_, std::move(*sink));
  }

  const Socket& socket_;
  const ClientInfo& client_;
  storage::StoreAccess& store_;
  const ServerCallbacks& callbacks_;
};

// What the client reads for.
Result<AccessKind> shake_hands(const Socket& socket) {
  const auto hello = receive_frame(socket, kRequestBytesMax);
  if (!hello) return Error(hello.error());
  const auto version = decode_hello(hello->payload);
  if (hello->type != FrameType::kHello || !version) {
    return make_error(ErrorCode::kCorrupt, "not a hello.");
  }
  if (*version != kProtocolVersion) {
    const Error error = make_error(
        ErrorCode::kUnsupported,
        "The running service speaks version " + std::to_string(kProtocolVersion) +
            " of the control protocol, this command version " + std::to_string(*version) +
            "; use the tapdeck program that the service runs.");
    TD_TRY(send_frame(socket, FrameType::kError, encode_error(error)));
    return error;
  }
  const auto purpose = decode_purpose(hello->payload);
  if (!purpose) return make_error(ErrorCode::kCorrupt, "not a hello.");
  TD_TRY(send_frame(socket, FrameType::kWelcome, encode_hello()));
  return *purpose;
}

}  // namespace

void serve_client(const Socket& socket, ClientInfo client, const ServerCallbacks& callbacks) {
  const auto purpose = shake_hands(socket);
  if (!purpose) return;
  client.purpose = *purpose;
  const auto store = callbacks.open_reader(client);
  RequestHandler handler(socket, client, *store, callbacks);
  while (true) {
    const auto request = receive_frame(socket, kRequestBytesMax);
    if (!request || !handler.answer(*request)) return;
  }
}

}  // namespace tapdeck::control
