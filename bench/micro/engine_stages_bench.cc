// The stages of a worker that follow the lookup, and the flow's hash before it: each alone, on data
// in the cache; what memory adds is `tapdeck bench worker`'s to tell.  None may allocate.
#include <array>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "engine/chunker.h"
#include "engine/decode/rtp_frame.h"
#include "engine/dtmf_mask.h"
#include "engine/rtp/statistics.h"
#include "engine/stream_table.h"
#include "tests/support/packet_builder.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kBurstPackets = 32;
constexpr std::int64_t kPacketNs = 20'000'000;

// Tells what happened beside the time: items, and allocations for each.
void finish(benchmark::State& state, std::uint64_t allocated) {
  const auto items = state.iterations() * static_cast<std::int64_t>(kBurstPackets);
  state.SetItemsProcessed(items);
  state.counters["allocations/op"] =
      static_cast<double>(allocated) / static_cast<double>(std::max<std::int64_t>(items, 1));
}

void decode_rtp(benchmark::State& state) {
  std::vector<std::vector<std::uint8_t>> frames;
  for (std::uint16_t i = 0; i < kBurstPackets; ++i) {
    frames.push_back(testing::PacketBuilder()
                         .ipv4("192.0.2.1", "192.0.2.2")
                         .udp(4'000, 5'000)
                         .rtp({.sequence = i})
                         .bytes());
  }
  PortSet sip_ports;
  sip_ports.add(5'060);
  std::array<RtpFrame, kBurstPackets> out;
  std::size_t taken = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurstPackets; ++i) {
      taken += decode_rtp_frame({.bytes = frames[i]}, sip_ports, out[i]) ? 1U : 0U;
    }
    benchmark::DoNotOptimize(out);
  }
  finish(state, bench::allocations - before);
  if (taken != static_cast<std::size_t>(state.iterations()) * kBurstPackets) {
    state.SkipWithError("a frame was not taken");
  }
}

void flow_hash(benchmark::State& state) {
  Arena arena(-1);
  const StreamTable table(arena, 16, 42);
  std::array<StreamKey, kBurstPackets> keys{};
  for (std::uint32_t i = 0; i < kBurstPackets; ++i) keys[i].ssrc = i;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    for (const StreamKey& key : keys) benchmark::DoNotOptimize(table.hash(key));
  }
  finish(state, bench::allocations - before);
}

void rtp_update(benchmark::State& state) {
  std::array<StreamHot, kBurstPackets> all{};
  StreamCold cold{};
  RtpArrival arrival;
  arrival.payload_length = 172;
  for (StreamHot& hot : all) {
    update_statistics(hot, cold, arrival);
    set_clock_rate(hot, 8'000);
  }
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    ++arrival.header.sequence;
    arrival.header.timestamp += 160;
    arrival.time_ns += kPacketNs;
    for (StreamHot& hot : all) {
      benchmark::DoNotOptimize(update_statistics(hot, cold, arrival));
    }
  }
  finish(state, bench::allocations - before);
}

void chunk_append(benchmark::State& state) {
  const auto chunk = std::make_unique<Chunk>();
  StreamHot hot{};
  std::array<std::uint8_t, 172> packet{};
  std::int64_t time_ns = 0;
  const std::uint64_t before = bench::allocations;
  begin_chunk(*chunk, hot, 0, 0);
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurstPackets; ++i) {
      time_ns += kPacketNs;
      if (append_record(*chunk, hot.fill, packet, time_ns)) continue;
      seal_chunk(*chunk, hot.fill);
      begin_chunk(*chunk, hot, time_ns, 0);
    }
    benchmark::ClobberMemory();
  }
  finish(state, bench::allocations - before);
}

// What a packet with keys costs beside its copy: an event, and one that repeats two earlier ones.
void mask_keys(benchmark::State& state, const std::vector<std::uint8_t>& payload) {
  DtmfTypes types;
  types.events.add(101);
  types.redundant.add(121);
  std::array<std::vector<std::uint8_t>, kBurstPackets> packets;
  for (std::vector<std::uint8_t>& packet : packets) {
    packet.assign(12, 0);
    packet[0] = 0x80;
    packet[1] = payload.size() == 4 ? 101 : 121;
    packet.insert(packet.end(), payload.begin(), payload.end());
  }
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    for (std::vector<std::uint8_t>& packet : packets) {
      packet[packet.size() - 4] = 5;
      benchmark::DoNotOptimize(mask_dtmf(packet, types));
    }
    benchmark::ClobberMemory();
  }
  finish(state, bench::allocations - before);
}

void mask_event(benchmark::State& state) { mask_keys(state, {5, 10, 0, 160}); }

void mask_redundant(benchmark::State& state) {
  mask_keys(state,
            {0xe5, 2, 0x80, 4, 0xe5, 1, 0x40, 4, 101, 5, 10, 0, 160, 6, 10, 0, 160, 7, 10, 0, 160});
}

BENCHMARK(decode_rtp)->Name("stage/decode_rtp_frame");
BENCHMARK(flow_hash)->Name("stage/flow_hash");
BENCHMARK(rtp_update)->Name("stage/rtp_update");
BENCHMARK(chunk_append)->Name("stage/chunk_append");
BENCHMARK(mask_event)->Name("stage/mask_event");
BENCHMARK(mask_redundant)->Name("stage/mask_redundant");

}  // namespace
}  // namespace tapdeck::engine

BENCHMARK_MAIN();
