// WebSocket as it carries SIP (RFC 6455, RFC 7118): the handshake, frames of both directions, and
// messages in several frames.  Only listens: masks, closes and pings are taken as they come.
// Threads: a WebSocketReader belongs to one thread.  Memory: the message that is being put
// together, at most kMessageBytesMax.  Bad input: an item of its own.  Longer messages and
// compressed ones are passed over by their length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tapdeck::sip {

enum class HandshakeVerdict : std::uint8_t {
  kNeedMore,
  kSip,    // asks for, or agrees to, the subprotocol "sip"
  kOther,  // HTTP of another purpose, or not HTTP
};

struct HandshakeStep {
  HandshakeVerdict verdict = HandshakeVerdict::kNeedMore;
  std::size_t length = 0;  // kSip: of the header section; frames follow
};

// One direction's half of the handshake, at the front of `buffered`.
HandshakeStep read_handshake(std::string_view buffered);

struct WebSocketFrame {
  bool is_final = false;
  bool is_compressed = false;  // RSV1: permessage-deflate (RFC 7692)
  bool is_masked = false;
  std::uint8_t opcode = 0;
  std::array<std::uint8_t, 4> mask{};
  std::size_t header_length = 0;
  std::uint64_t payload_length = 0;

  [[nodiscard]] bool is_control() const { return opcode >= 8; }
};

enum class FrameVerdict : std::uint8_t { kNeedMore, kOk, kBad };

// The header of the frame at the front of `bytes`.
FrameVerdict read_frame_header(ByteView bytes, WebSocketFrame& frame);

// True when a frame is at the front whose payload begins a SIP message: how a connection is known
// whose handshake was not seen.
bool begins_sip_frame(ByteView bytes);

enum class WebSocketItem : std::uint8_t {
  kNeedMore,
  kMessage,     // message() is whole
  kFragment,    // a part of a message
  kControl,     // ping, pong or close
  kCompressed,  // a compressed message: passed over
  kTooLong,     // a message longer than kMessageBytesMax: passed over
  kPassedOver,  // more of one of these two
  kBad,         // no frame; `length` is 0, and there is no way back but begins_sip_frame()
};

struct WebSocketStep {
  WebSocketItem item = WebSocketItem::kNeedMore;
  std::size_t length = 0;  // bytes that it takes off the front
};

class WebSocketReader {
 public:
  // As StreamFramer::next().
  WebSocketStep next(ByteView buffered);

  // After kMessage, until next().
  [[nodiscard]] std::string_view message() const { return message_; }

  [[nodiscard]] std::size_t memory() const { return message_.capacity(); }

  void reset() { *this = WebSocketReader{}; }

 private:
  WebSocketStep begin_data(const WebSocketFrame& frame);
  WebSocketStep take_data(const WebSocketFrame& frame, ByteView payload);

  std::string message_;
  bool is_whole_ = false;         // `message_` was given out
  bool in_message_ = false;       // its last frame has not come
  bool passing_over_ = false;     // the message is not kept
  std::uint64_t skip_bytes_ = 0;  // of a frame that is not kept
};

}  // namespace tapdeck::sip
