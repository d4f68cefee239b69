// Decoding and classifying bursts of frames, without a worker around it.
#include <array>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "engine/decode/classify.h"
#include "engine/decode/decode.h"
#include "tests/support/packet_builder.h"
#include "tests/support/tunnel_builder.h"

namespace tapdeck::engine {
namespace {

using Frame = std::vector<std::uint8_t>;
using testing::PacketBuilder;

constexpr std::size_t kBurstFrames = 32;

Frame rtp_ipv4(std::uint16_t sequence) {
  return PacketBuilder()
      .ipv4("192.0.2.1", "192.0.2.2")
      .udp(4'000, 5'000)
      .rtp({.sequence = sequence})
      .bytes();
}

Frame rtp_vlan_ipv6(std::uint16_t sequence) {
  return PacketBuilder()
      .vlan(7)
      .ipv6("2001:db8::1", "2001:db8::2")
      .udp(4'000, 5'000)
      .rtp({.sequence = sequence})
      .bytes();
}

Frame rtp_vlan(std::uint16_t sequence) {
  return PacketBuilder()
      .vlan(7)
      .ipv4("192.0.2.1", "192.0.2.2")
      .udp(4'000, 5'000)
      .rtp({.sequence = sequence})
      .bytes();
}

Frame rtp_vxlan(std::uint16_t sequence) {
  const Frame inner = rtp_ipv4(sequence);
  return testing::ethernet(0x0800,
                           testing::ipv4(17, testing::udp(4'789, testing::vxlan(5'000, inner))));
}

Frame rtp_gtpu(std::uint16_t sequence) {
  Frame inner = rtp_ipv4(sequence);
  inner.erase(inner.begin(), inner.begin() + 14);
  return testing::ethernet(0x0800,
                           testing::ipv4(17, testing::udp(2'152, testing::gtp(0, 255, {}, inner))));
}

Frame sip_ipv4(std::uint16_t) {
  const std::string message =
      "INVITE sip:200@example.org SIP/2.0\r\nCall-ID: 1@example.org\r\n" + std::string(700, 'x');
  return PacketBuilder().ipv4("192.0.2.1", "192.0.2.2").udp(5'060, 5'060).text(message).bytes();
}

template <Frame (*make)(std::uint16_t), PayloadKind expected>
void decode_and_classify(benchmark::State& state) {
  std::vector<Frame> frames;
  for (std::size_t i = 0; i < kBurstFrames; ++i) {
    frames.push_back(make(static_cast<std::uint16_t>(i)));
  }
  PortSet sip_ports;
  sip_ports.add(5'060);
  const DecodeRules rules;
  std::array<Decoded, kBurstFrames> decoded{};
  std::size_t wrong = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurstFrames; ++i) {
      const auto length = static_cast<std::uint32_t>(frames[i].size());
      decode({.bytes = frames[i], .original_length = length}, rules, decoded[i]);
      wrong += classify_udp(decoded[i], sip_ports) == expected ? 0 : 1;
    }
    benchmark::DoNotOptimize(decoded);
  }
  if (wrong != 0) state.SkipWithError("a frame was classified as something else");
  state.counters["allocations/op"] = static_cast<double>(bench::allocations - before) /
                                     static_cast<double>(state.iterations() * kBurstFrames);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBurstFrames));
}

BENCHMARK(decode_and_classify<rtp_ipv4, PayloadKind::kRtp>)->Name("decode/rtp_ipv4");
BENCHMARK(decode_and_classify<rtp_vlan, PayloadKind::kRtp>)->Name("decode/rtp_vlan");
BENCHMARK(decode_and_classify<rtp_vxlan, PayloadKind::kRtp>)->Name("decode/rtp_vxlan");
BENCHMARK(decode_and_classify<rtp_gtpu, PayloadKind::kRtp>)->Name("decode/rtp_gtpu");
BENCHMARK(decode_and_classify<rtp_vlan_ipv6, PayloadKind::kRtp>)->Name("decode/rtp_vlan_ipv6");
BENCHMARK(decode_and_classify<sip_ipv4, PayloadKind::kSip>)->Name("decode/sip_ipv4");

}  // namespace
}  // namespace tapdeck::engine

BENCHMARK_MAIN();
