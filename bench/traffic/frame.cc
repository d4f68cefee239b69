#include "bench/traffic/frame.h"

#include "base/assert.h"

namespace tapdeck::traffic {

std::size_t write_headers(std::uint8_t* frame,
                          const Endpoint& source,
                          const Endpoint& destination,
                          std::size_t payload_bytes) {
  TD_ASSERT(payload_bytes <= kPayloadBytesMax && source.ip.is_v4() && destination.ip.is_v4());
  constexpr std::uint8_t kFixed[kFrameHeaderBytes] = {2, 0, 0,    0, 0, 2, 2, 0, 0,    0, 0,  1,
                                                      8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17};
  std::memcpy(frame, kFixed, kFrameHeaderBytes);
  std::uint8_t* ip = frame + 14;
  store_be(ip + 2, static_cast<std::uint16_t>(28 + payload_bytes));
  std::memcpy(ip + 12, source.ip.bytes.data() + 12, 4);
  std::memcpy(ip + 16, destination.ip.bytes.data() + 12, 4);
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < 20; at += 2) sum += load_be<std::uint16_t>(ip + at);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  store_be(ip + 10, static_cast<std::uint16_t>(~sum));
  std::uint8_t* udp = ip + 20;
  store_be(udp, source.port);
  store_be(udp + 2, destination.port);
  store_be(udp + 4, static_cast<std::uint16_t>(8 + payload_bytes));  // no checksum, as IPv4 allows
  return kFrameHeaderBytes + payload_bytes;
}

}  // namespace tapdeck::traffic
