// Any frame of any link type: decode() and the classifiers stay within it and keep their promises.
// The first two bytes choose the link type and how much the capture cut off.
#include <cstdlib>
#include <memory>

#include "engine/decode/classify.h"
#include "engine/decode/decode.h"
#include "engine/decode/udptl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapdeck::engine;
  constexpr std::uint16_t kLinkTypes[] = {0,   1, 12, 14, 101, 108, 113, 228, 229, 276, 147,
                                          197, 9, 50, 51, 104, 105, 117, 127, 204, 239};
  static const PortSet sip_ports = [] {
    PortSet ports;
    ports.add(5060);
    return ports;
  }();
  if (size < 2) return 0;
  const std::uint16_t link_type = kLinkTypes[data[0] % std::size(kLinkTypes)];
  const std::uint32_t cut_off = data[1] * 8U;
  size -= 2;
  // A copy of the exact size, so that the address sanitizer sees a read beyond the end.
  const auto frame = std::make_unique<std::uint8_t[]>(size);
  std::memcpy(frame.get(), data + 2, size);
  Decoded out;
  decode({{frame.get(), size}, static_cast<std::uint32_t>(size) + cut_off, link_type}, {}, out);
  if (out.packet_class >= PacketClass::kCount) std::abort();
  if (out.payload.size() > out.payload_length) std::abort();
  if (!out.payload.empty() && (out.payload.data() < frame.get() ||
                               out.payload.data() + out.payload.size() > frame.get() + size)) {
    std::abort();
  }
  if (out.is_udp) {
    classify_udp(out, sip_ports);
    is_udptl(out.payload, out.payload_length);
  } else {
    if (classify_stream(out, sip_ports, sip_ports) >= PacketClass::kCount) std::abort();
    if (is_wanted_fragment(out) && out.payload.empty()) std::abort();
  }
  return 0;
}
