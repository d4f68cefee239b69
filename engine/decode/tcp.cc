#include "engine/decode/tcp.h"

#include <algorithm>

#include "engine/decode/ip_header.h"

namespace tapdeck::engine {

void decode_tcp(ByteView bytes, std::size_t length, Decoded& out) {
  out.packet_class = PacketClass::kMalformedTcp;
  if (length < kTcpBytes) return;
  if (bytes.size() < kTcpBytes) {
    out.packet_class = PacketClass::kTruncated;
    return;
  }
  const std::size_t header = (bytes[12] >> 4) * 4U;
  if (header < kTcpBytes || header > length) return;
  out.packet_class = PacketClass::kTcp;
  out.is_tcp = true;
  out.source.port = load_be<std::uint16_t>(bytes.data());
  out.destination.port = load_be<std::uint16_t>(bytes.data() + 2);
  out.tcp_sequence = load_be<std::uint32_t>(bytes.data() + 4);
  out.tcp_acknowledgement = load_be<std::uint32_t>(bytes.data() + 8);
  out.tcp_flags = bytes[13];
  out.payload_length = static_cast<std::uint32_t>(length - header);
  if (header < bytes.size()) {
    out.payload =
        bytes.subspan(header, std::min<std::size_t>(out.payload_length, bytes.size() - header));
  }
}

}  // namespace tapdeck::engine
