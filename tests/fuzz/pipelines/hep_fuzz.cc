// Any bytes as a HEP packet: what is read of it lies within it.
#include <cstdint>

#include "base/assert.h"
#include "pipelines/signalling/hep.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapdeck::sip;
  HepPacket packet;
  const HepVerdict verdict = parse_hep({data, size}, packet);
  const auto length = hep_length({data, size});
  TD_ASSERT(!length || *length >= kHepHeadBytes);
  for (const tapdeck::ByteView part : {packet.payload, packet.correlation}) {
    if (part.empty()) continue;
    TD_ASSERT(part.data() >= data && part.data() + part.size() <= data + size);
  }
  TD_ASSERT(verdict != HepVerdict::kOk || !packet.payload.empty());
  return 0;
}
