// Any bytes as a capture file: plain, gzip or zstd; every packet is hashed as the feeder does.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "engine/capture/flow_hash.h"
#include "engine/capture/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapdeck;
  using namespace tapdeck::engine;
  // A copy of just the size, so that a read behind it is seen.
  const auto copy = std::make_unique<std::uint8_t[]>(size);
  if (size > 0) std::memcpy(copy.get(), data, size);
  auto reader = CaptureReader::open_memory({copy.get(), size}, "fuzz");
  if (!reader) return 0;
  CapturedPacket packet;
  std::uint64_t last = 0;
  // A few hundred bytes can decompress to gigabytes: enough is enough.
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const ReadVerdict verdict = (*reader)->next(packet);
    if (verdict != ReadVerdict::kPacket) {
      if ((verdict == ReadVerdict::kEnd) != (*reader)->reason().empty()) std::abort();
      if ((*reader)->next(packet) != verdict) std::abort();
      return 0;
    }
    if (packet.bytes.size() > kSnaplenMax || packet.original_length < packet.bytes.size()) {
      std::abort();
    }
    if (i > 0 && (*reader)->position() <= last) std::abort();
    last = (*reader)->position();
    if (choose_queue(packet.link_type, packet.bytes, 3) >= 3) std::abort();
  }
  return 0;
}
