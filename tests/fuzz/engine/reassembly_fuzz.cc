// Any sequence of fragments, in a reassembler with little room: a whole packet is no fragment any
// more, and all memory comes back.  Each fragment of the input is a byte that moves the time, two
// of length, and its bytes.
#include <cstdlib>
#include <memory>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/eal.h"
#include "engine/reassembly/reassembler.h"

namespace {

struct Heads final : tapdeck::engine::HeadSink {
  bool on_head(const tapdeck::engine::IpPacket& head) override {
    tapdeck::engine::Decoded out;
    tapdeck::engine::decode_ip_packet(head.bytes, {}, out);
    return out.payload.size() % 2 == 0;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapdeck;
  using namespace tapdeck::engine;
  static const Eal eal = std::move(Eal::start({.hugepages = HugepageUse::kNo}).value());
  static const std::unique_ptr<Reassembler> reassembler =
      std::move(Reassembler::create({.packets_max = 4, .block_count = 64}).value());
  Heads heads;
  std::int64_t now_ns = 0;
  Cursor input(ByteView{data, size});
  while (input.remaining() > 3) {
    now_ns += input.read_be<std::uint8_t>() * std::int64_t{100'000'000};
    const std::size_t length = input.read_be<std::uint16_t>();
    const ByteView bytes = input.read_bytes(std::min(length, input.remaining()));
    // A copy of the exact size, so that the address sanitizer sees a read beyond the end.
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    reassembler->expire(now_ns, &heads);
    IpPacket whole;
    if (!reassembler->add({.bytes = exact, .time_ns = now_ns}, now_ns, whole, &heads)) continue;
    Fragment again;
    if (read_fragment(whole, again)) std::abort();
    Decoded out;
    decode_ip_packet(whole.bytes, {}, out);
  }
  reassembler->finish(&heads);
  if (reassembler->waiting() != 0) std::abort();
  return 0;
}
