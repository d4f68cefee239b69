#include "pipelines/signalling/websocket.h"

#include <algorithm>
#include <utility>

#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/message.h"
#include "pipelines/signalling/stream_framer.h"

namespace tapdeck::sip {
namespace {

constexpr std::size_t kHandshakeBytesMax = 16'384;
constexpr std::size_t kProbeBytes = 256;  // of a payload, to see how it begins
constexpr std::uint8_t kContinuation = 0;
constexpr std::uint8_t kText = 1;
constexpr std::uint8_t kBinary = 2;
constexpr std::uint8_t kClose = 8;
constexpr std::uint8_t kPong = 10;

bool lists_token(std::string_view list, std::string_view token) {
  std::string_view element;
  while (take_list_element(list, element)) {
    if (iequals(element, token)) return true;
  }
  return false;
}

bool agrees_to_sip(std::string_view headers) {
  bool upgrades = false;
  bool names_sip = false;
  std::string_view line;
  while (take_line(headers, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (iequals(name, "upgrade")) upgrades = lists_token(value, "websocket");
    if (iequals(name, "sec-websocket-protocol")) names_sip = names_sip || lists_token(value, "sip");
  }
  return upgrades && names_sip;
}

bool begins_with_part_of(std::string_view text, std::string_view whole) {
  return text.starts_with(whole) || whole.starts_with(text);
}

void unmask(const WebSocketFrame& frame, ByteView payload, std::string& to) {
  const std::size_t begin = to.size();
  to.append(as_text(payload));
  if (!frame.is_masked) return;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    to[begin + i] = static_cast<char>(payload[i] ^ frame.mask[i % frame.mask.size()]);
  }
}

}  // namespace

HandshakeStep read_handshake(std::string_view buffered) {
  if (!begins_with_part_of(buffered, "GET ") && !begins_with_part_of(buffered, "HTTP/1.1 101")) {
    return {HandshakeVerdict::kOther, 0};
  }
  const std::size_t end = buffered.substr(0, kHandshakeBytesMax).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return {buffered.size() < kHandshakeBytesMax ? HandshakeVerdict::kNeedMore
                                                 : HandshakeVerdict::kOther,
            0};
  }
  if (!agrees_to_sip(buffered.substr(0, end + 2))) return {HandshakeVerdict::kOther, 0};
  return {HandshakeVerdict::kSip, end + 4};
}

FrameVerdict read_frame_header(ByteView bytes, WebSocketFrame& frame) {
  if (bytes.size() < 2) return FrameVerdict::kNeedMore;
  frame.is_final = (bytes[0] & 0x80) != 0;
  frame.is_compressed = (bytes[0] & 0x40) != 0;
  frame.opcode = bytes[0] & 0x0f;
  frame.is_masked = (bytes[1] & 0x80) != 0;
  const std::uint8_t length = bytes[1] & 0x7f;
  const bool known = frame.opcode <= kBinary || (frame.opcode >= kClose && frame.opcode <= kPong);
  if (!known || (bytes[0] & 0x30) != 0) return FrameVerdict::kBad;
  if (frame.is_control() && (!frame.is_final || frame.is_compressed || length > 125)) {
    return FrameVerdict::kBad;
  }
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  frame.header_length = 2 + extended + (frame.is_masked ? frame.mask.size() : 0);
  if (bytes.size() < frame.header_length) return FrameVerdict::kNeedMore;
  frame.payload_length = length;
  if (extended == 2) frame.payload_length = load_be<std::uint16_t>(bytes.data() + 2);
  if (extended == 8) frame.payload_length = load_be<std::uint64_t>(bytes.data() + 2);
  if (frame.payload_length >> 63 != 0) return FrameVerdict::kBad;
  if (frame.is_masked) {
    std::copy_n(bytes.data() + 2 + extended, frame.mask.size(), frame.mask.begin());
  }
  return FrameVerdict::kOk;
}

bool begins_sip_frame(ByteView bytes) {
  WebSocketFrame frame;
  if (read_frame_header(bytes, frame) != FrameVerdict::kOk) return false;
  if ((frame.opcode != kText && frame.opcode != kBinary) || frame.is_compressed) return false;
  const std::size_t there = static_cast<std::size_t>(std::min<std::uint64_t>(
      {frame.payload_length, bytes.size() - frame.header_length, kProbeBytes}));
  std::string begin;
  unmask(frame, bytes.subspan(frame.header_length, there), begin);
  // A method alone is too little: one frame in a few thousand of another protocol has that.
  return begin.size() >= 8 && begins_message(begin) != StartVerdict::kNo;
}

WebSocketStep WebSocketReader::next(ByteView buffered) {
  if (std::exchange(is_whole_, false)) std::string().swap(message_);
  if (skip_bytes_ > 0) {
    const auto length =
        static_cast<std::size_t>(std::min<std::uint64_t>(skip_bytes_, buffered.size()));
    if (length == 0) return {};
    skip_bytes_ -= length;
    return {WebSocketItem::kPassedOver, length};
  }
  WebSocketFrame frame;
  switch (read_frame_header(buffered, frame)) {
    case FrameVerdict::kNeedMore: return {};
    case FrameVerdict::kBad: return {WebSocketItem::kBad, 0};
    case FrameVerdict::kOk: break;
  }
  if (!frame.is_control()) {
    const WebSocketStep begun = begin_data(frame);
    if (begun.item != WebSocketItem::kNeedMore) return begun;
  }
  const ByteView rest = buffered.subspan(frame.header_length);
  if (rest.size() < frame.payload_length) return {};
  const ByteView payload = rest.first(static_cast<std::size_t>(frame.payload_length));
  if (frame.is_control()) {
    return {WebSocketItem::kControl, frame.header_length + payload.size()};
  }
  return take_data(frame, payload);
}

// kNeedMore when the frame is to be kept.
WebSocketStep WebSocketReader::begin_data(const WebSocketFrame& frame) {
  const bool continues = frame.opcode == kContinuation;
  // The beginning of a message whose rest was lost is given up for the next one.
  if (!continues && in_message_) std::string().swap(message_);
  if (!continues) passing_over_ = false;
  WebSocketItem why = WebSocketItem::kNeedMore;
  if (continues && (passing_over_ || !in_message_)) {
    why = WebSocketItem::kPassedOver;
  } else if (frame.is_compressed) {
    why = WebSocketItem::kCompressed;
  } else if (frame.payload_length > kMessageBytesMax - message_.size()) {
    why = WebSocketItem::kTooLong;
  } else {
    return {};
  }
  std::string().swap(message_);
  in_message_ = passing_over_ = !frame.is_final;
  skip_bytes_ = frame.payload_length;
  return {why, frame.header_length};
}

WebSocketStep WebSocketReader::take_data(const WebSocketFrame& frame, ByteView payload) {
  unmask(frame, payload, message_);
  in_message_ = !frame.is_final;
  is_whole_ = frame.is_final;
  return {is_whole_ ? WebSocketItem::kMessage : WebSocketItem::kFragment,
          frame.header_length + payload.size()};
}

}  // namespace tapdeck::sip
