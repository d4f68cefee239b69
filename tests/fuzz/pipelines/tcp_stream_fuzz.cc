// Any segments of one connection through TcpConnections: nothing is held beyond its bounds, every
// message lies within them, and the end of the capture leaves nothing behind.  Each segment is
// {direction and flags, sequence (2 bytes), missing, seconds, length, bytes}.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "pipelines/signalling/message.h"
#include "pipelines/signalling/tcp_connections.h"

namespace {

using namespace tapdeck;

class Sink final : public sip::ConnectionSink {
 public:
  void on_sip(ByteView message, const SignalMessage& around) override {
    TD_ASSERT(!message.empty() && message.size() <= sip::kMessageBytesMax);
    TD_ASSERT(around.source != around.destination);
    for (const std::uint8_t byte : message) sum_ += byte;
  }

  void on_hep(ByteView packet, const SignalMessage& around) override {
    TD_ASSERT(packet.size() >= 6 && around.length == 0);
    for (const std::uint8_t byte : packet) sum_ += byte;
  }

  std::uint64_t sum_ = 0;
};

constexpr sip::TcpLimits kLimits{.connections_max = 2, .bytes_max = 16'384};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Sink sink;
  sip::StreamCounters counters;
  sip::TcpConnections connections(kLimits, 1, sink, counters);
  Cursor cursor({data, size});
  std::int64_t now_ns = 0;
  while (!cursor.at_end() && !cursor.failed()) {
    const auto kind = cursor.read_be<std::uint8_t>();
    SignalMessage segment;
    segment.transport = SignalTransport::kTcp;
    segment.source.port = static_cast<std::uint16_t>(1 + (kind >> 6));
    segment.destination.port = 9;
    if ((kind & 0x20) != 0) std::swap(segment.source, segment.destination);
    segment.tcp_flags = kind & 0x17;
    segment.tcp_sequence = 0xffff'8000U + cursor.read_be<std::uint16_t>();
    segment.tcp_acknowledgement = segment.tcp_sequence;  // both directions count from near there
    segment.missing_bytes = cursor.read_be<std::uint8_t>() % 8U;
    now_ns += std::int64_t{cursor.read_be<std::uint8_t>()} * 10'000'000;
    const std::size_t length = cursor.read_be<std::uint8_t>();
    const ByteView bytes = cursor.read_bytes(std::min(length, cursor.remaining()));
    segment.time_ns = now_ns;
    segment.bytes = bytes.data();
    segment.length = static_cast<std::uint32_t>(bytes.size());
    connections.take(segment, now_ns);
    connections.advance(now_ns);
    TD_ASSERT(connections.count() <= kLimits.connections_max);
    TD_ASSERT(connections.held_bytes() <= kLimits.bytes_max);
  }
  connections.finish();
  connections.advance(now_ns + 7'200'000'000'000);
  TD_ASSERT(connections.count() == 0 && connections.held_bytes() == 0);
  return 0;
}
