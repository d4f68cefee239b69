// One direction of a signalling connection: bytes in order become SIP messages, HEP packets, or
// WebSocket messages with SIP in them.  What the stream carries is known by how it begins.
// Threads: the call-plane thread.  Memory: what a message in the making has brought so far, at most
// about kMessageBytesMax; nothing between messages.  Bad input: counted, then on at the next
// message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/signal.h"
#include "pipelines/signalling/stream_counters.h"
#include "pipelines/signalling/stream_framer.h"
#include "pipelines/signalling/websocket.h"

namespace tapdeck::sip {

// Takes what a StreamReader finds; the bytes are good until it returns.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  virtual void on_sip(ByteView message, SignalTransport transport) = 0;
  virtual void on_hep(ByteView packet) = 0;
};

class StreamReader {
 public:
  // True when `bytes` may be the beginning of something that a StreamReader understands.
  static bool begins_here(ByteView bytes);

  // Takes the next bytes of the stream.
  void take(ByteView bytes, MessageSink& sink, StreamCounters& counters);

  // Bytes are missing before the next ones: the message in the making is lost.
  void on_gap(StreamCounters& counters);

  // Likewise, as the capture cut the segment that brought the last ones: SIP in the making is told
  // as far as it is there, as a datagram that was cut is.
  void on_cut(MessageSink& sink, StreamCounters& counters);

  // There are no more bytes.
  void on_end(StreamCounters& counters);

  // True while no message is in the making.
  [[nodiscard]] bool is_between_messages() const {
    return buffer_.empty() && web_socket_.message().empty();
  }

  [[nodiscard]] std::size_t memory() const { return buffer_.capacity() + web_socket_.memory(); }

  void reset() { *this = StreamReader{}; }

 private:
  enum class Mode : std::uint8_t {
    kUnknown,    // nothing has come
    kSip,        // RFC 3261
    kHep,        // packets of HEP3
    kHandshake,  // HTTP that may become a WebSocket
    kWebSocket,
    kForeign,  // something else: passed over
  };

  struct Work {
    MessageSink& sink;
    StreamCounters& counters;
  };

  // Each takes something off the front of `bytes`, at most all; 0 when more must come.
  std::size_t step(ByteView bytes, const Work& work);
  std::size_t recognise(ByteView bytes, const Work& work);
  std::size_t step_sip(ByteView bytes, const Work& work);
  std::size_t step_hep(ByteView bytes, const Work& work);
  std::size_t step_handshake(ByteView bytes, const Work& work);
  std::size_t step_web_socket(ByteView bytes, const Work& work);
  static void give_web_socket_message(std::string_view text, const Work& work);

  Mode mode_ = Mode::kUnknown;
  bool lost_ = false;  // after a gap: what comes next may be the middle of something
  StreamFramer framer_;
  WebSocketReader web_socket_;
  std::string buffer_;  // what could not be taken yet
};

}  // namespace tapdeck::sip
