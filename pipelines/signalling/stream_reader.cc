#include "pipelines/signalling/stream_reader.h"

#include "pipelines/signalling/hep.h"
#include "pipelines/signalling/message.h"

namespace tapdeck::sip {
namespace {

bool may_begin(ByteView bytes, std::string_view whole) {
  const std::string_view text = as_text(bytes);
  return text.starts_with(whole) || whole.starts_with(text);
}

bool begins_http(ByteView bytes) {
  return may_begin(bytes, "GET ") || may_begin(bytes, "HTTP/1.1 101");
}

// As when a proxy refuses a WebSocket before it agrees to the next one.
bool surely_begins(ByteView bytes) {
  return begins_message(as_text(bytes)) == StartVerdict::kYes || begins_hep(bytes) ||
         as_text(bytes).starts_with("HTTP/1.1 101") || begins_sip_frame(bytes);
}

}  // namespace

bool StreamReader::begins_here(ByteView bytes) {
  if (bytes.empty()) return false;
  return is_filler(as_text(bytes).front()) || begins_message(as_text(bytes)) != StartVerdict::kNo ||
         may_begin(bytes, "HEP3") || begins_http(bytes) || begins_sip_frame(bytes);
}

void StreamReader::take(ByteView bytes, MessageSink& sink, StreamCounters& counters) {
  if (mode_ == Mode::kForeign) {
    if (!surely_begins(bytes)) return;
    mode_ = Mode::kUnknown;
  }
  const Work work{sink, counters};
  const bool buffered = !buffer_.empty();
  if (buffered) buffer_.append(as_text(bytes));
  ByteView rest = buffered ? as_bytes(buffer_) : bytes;
  while (!rest.empty()) {
    const std::size_t taken = step(rest, work);
    if (taken == 0) break;
    rest = rest.subspan(taken);
  }
  if (rest.empty()) {
    std::string().swap(buffer_);  // with its memory
  } else if (!buffered) {
    buffer_ = as_text(rest);
  } else {
    buffer_.erase(0, buffer_.size() - rest.size());
  }
}

void StreamReader::on_gap(StreamCounters& counters) {
  counters.add(StreamCount::kGap);
  if (!buffer_.empty() || web_socket_.memory() > 64) counters.add(StreamCount::kMessageLost);
  std::string().swap(buffer_);
  framer_.reset();
  web_socket_.reset();
  lost_ = true;
  // A handshake of which a part is missing cannot be told from other HTTP; its frames can.
  if (mode_ == Mode::kHandshake) mode_ = Mode::kUnknown;
}

void StreamReader::on_cut(MessageSink& sink, StreamCounters& counters) {
  if (mode_ == Mode::kSip && begins_message(buffer_) == StartVerdict::kYes) {
    counters.add(StreamCount::kMessageCut);
    sink.on_sip(as_bytes(buffer_), SignalTransport::kTcp);
    std::string().swap(buffer_);
  }
  on_gap(counters);
}

void StreamReader::on_end(StreamCounters& counters) {
  if (!buffer_.empty()) counters.add(StreamCount::kMessageLost);
  std::string().swap(buffer_);
}

std::size_t StreamReader::step(ByteView bytes, const Work& work) {
  switch (mode_) {
    case Mode::kUnknown: return recognise(bytes, work);
    case Mode::kSip: return step_sip(bytes, work);
    case Mode::kHep: return step_hep(bytes, work);
    case Mode::kHandshake: return step_handshake(bytes, work);
    case Mode::kWebSocket: return step_web_socket(bytes, work);
    case Mode::kForeign: return bytes.size();
  }
  return bytes.size();
}

std::size_t StreamReader::recognise(ByteView bytes, const Work& work) {
  if (begins_hep(bytes)) {
    mode_ = Mode::kHep;
  } else if (begins_sip_frame(bytes)) {
    mode_ = Mode::kWebSocket;
  } else if (begins_http(bytes) && bytes.size() >= 4) {
    mode_ = Mode::kHandshake;
  } else if (is_filler(as_text(bytes).front()) || lost_) {
    mode_ = Mode::kSip;
  } else {
    switch (begins_message(as_text(bytes))) {
      case StartVerdict::kYes: mode_ = Mode::kSip; break;
      case StartVerdict::kMaybe: return 0;
      case StartVerdict::kNo:
        if (may_begin(bytes, "HEP3")) return 0;
        work.counters.add(StreamCount::kForeign);
        mode_ = Mode::kForeign;
        return bytes.size();
    }
  }
  lost_ = false;
  return step(bytes, work);
}

std::size_t StreamReader::step_sip(ByteView bytes, const Work& work) {
  const StreamStep step = framer_.next(as_text(bytes));
  switch (step.item) {
    case StreamItem::kNeedMore: return 0;
    case StreamItem::kKeepAlive: work.counters.add(StreamCount::kKeepAlive); break;
    case StreamItem::kGarbage: work.counters.add(StreamCount::kGarbage); break;
    case StreamItem::kTooLong: work.counters.add(StreamCount::kMessageTooLong); break;
    case StreamItem::kMessage:
      if (step.without_length) work.counters.add(StreamCount::kWithoutLength);
      work.sink.on_sip(bytes.first(step.length), SignalTransport::kTcp);
      break;
  }
  return step.length;
}

std::size_t StreamReader::step_hep(ByteView bytes, const Work& work) {
  if (!begins_hep(bytes)) {
    if (may_begin(bytes, "HEP3")) return 0;
    work.counters.add(StreamCount::kGarbage);
    const std::size_t next = as_text(bytes).find("HEP3");
    if (next != std::string_view::npos) return next;
    return bytes.size();
  }
  const std::optional<std::size_t> length = hep_length(bytes);
  if (!length || *length > bytes.size()) return 0;
  work.sink.on_hep(bytes.first(*length));
  return *length;
}

std::size_t StreamReader::step_handshake(ByteView bytes, const Work& work) {
  const HandshakeStep step = read_handshake(as_text(bytes));
  switch (step.verdict) {
    case HandshakeVerdict::kNeedMore: return 0;
    case HandshakeVerdict::kSip: mode_ = Mode::kWebSocket; return step.length;
    case HandshakeVerdict::kOther: break;
  }
  work.counters.add(StreamCount::kForeign);
  mode_ = Mode::kForeign;
  return bytes.size();
}

std::size_t StreamReader::step_web_socket(ByteView bytes, const Work& work) {
  if (lost_ && !begins_sip_frame(bytes)) return bytes.size();
  lost_ = false;
  const WebSocketStep step = web_socket_.next(bytes);
  switch (step.item) {
    case WebSocketItem::kNeedMore:
    case WebSocketItem::kFragment:
    case WebSocketItem::kPassedOver: break;
    case WebSocketItem::kMessage: give_web_socket_message(web_socket_.message(), work); break;
    case WebSocketItem::kControl: work.counters.add(StreamCount::kKeepAlive); break;
    case WebSocketItem::kCompressed: work.counters.add(StreamCount::kWebSocketCompressed); break;
    case WebSocketItem::kTooLong: work.counters.add(StreamCount::kMessageTooLong); break;
    case WebSocketItem::kBad:
      work.counters.add(StreamCount::kWebSocketBad);
      web_socket_.reset();
      lost_ = true;
      return bytes.size();
  }
  return step.length;
}

void StreamReader::give_web_socket_message(std::string_view text, const Work& work) {
  if (text.find_first_not_of(std::string_view("\r\n\0", 3)) == std::string_view::npos) {
    work.counters.add(StreamCount::kKeepAlive);
  } else {
    work.sink.on_sip(as_bytes(text), SignalTransport::kWebSocket);
  }
}

}  // namespace tapdeck::sip
