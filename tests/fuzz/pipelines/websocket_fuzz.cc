// Any bytes as one direction of a WebSocket, at once and byte by byte: the same messages, within
// their bounds.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "pipelines/signalling/message.h"
#include "pipelines/signalling/websocket.h"

namespace {

using namespace tapdeck::sip;

// All messages one behind the other, each with a mark.
std::string messages_of(std::string_view bytes, std::size_t step) {
  WebSocketReader reader;
  std::string out;
  std::size_t begin = 0;
  for (std::size_t end = 0; end < bytes.size();) {
    end = std::min(bytes.size(), end + step);
    while (true) {
      const WebSocketStep next = reader.next(tapdeck::as_bytes(bytes.substr(begin, end - begin)));
      if (next.item == WebSocketItem::kBad) return out;
      if (next.item == WebSocketItem::kNeedMore) break;
      TD_ASSERT(next.length > 0 && next.length <= end - begin);
      TD_ASSERT(reader.message().size() <= kMessageBytesMax);
      if (next.item == WebSocketItem::kMessage) out.append(reader.message()).append("|");
      begin += next.length;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = tapdeck::as_text({data, size});
  const HandshakeStep handshake = read_handshake(bytes);
  TD_ASSERT(handshake.length <= size);
  begins_sip_frame({data, size});
  TD_ASSERT(messages_of(bytes, size + 1) == messages_of(bytes, 1));
  return 0;
}
