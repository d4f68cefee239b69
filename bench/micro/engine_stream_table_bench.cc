// Looking up streams in random order, as a worker does: a burst hashed and prefetched first, and
// one by one for comparison.  The argument is the number of streams.
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "engine/eal.h"
#include "engine/stream_table.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kBurstKeys = 32;
constexpr std::size_t kOrders = 1U << 16;

StreamKey key_of(std::uint32_t number) {
  StreamKey key{};
  key.source_ip = make_ipv4(0x0a000000U + (number >> 4)).bytes;
  key.destination_ip = make_ipv4(0xac100001U).bytes;
  key.source_port = static_cast<std::uint16_t>(10'000U + (number & 15U) * 2U);
  key.destination_port = 20'000;
  key.ssrc = number * 2'654'435'761U;
  return key;
}

struct Table {
  explicit Table(std::uint32_t count) : arena(-1), streams(arena, count, 42) {
    if (arena.failed()) return;
    for (std::uint32_t i = 0; i < count; ++i) {
      const StreamKey key = key_of(i);
      streams.create(key, streams.hash(key));
    }
    std::mt19937 random(1);
    for (std::uint32_t& number : order) number = static_cast<std::uint32_t>(random() % count);
  }

  Arena arena;
  StreamTable streams;
  std::array<std::uint32_t, kOrders> order{};
};

// Filled once, as that takes longer than looking up.
std::map<std::uint32_t, std::unique_ptr<Table>> tables;

Table& table_of(std::uint32_t count) {
  std::unique_ptr<Table>& table = tables[count];
  if (table == nullptr) table = std::make_unique<Table>(count);
  return *table;
}

template <bool prefetches>
void lookup(benchmark::State& state) {
  Table& table = table_of(static_cast<std::uint32_t>(state.range(0)));
  if (table.arena.failed()) return state.SkipWithError("not enough memory");
  StreamTable& streams = table.streams;
  std::array<StreamKey, kBurstKeys> keys{};
  std::array<std::uint64_t, kBurstKeys> hashes{};
  std::size_t at = 0;
  std::uint64_t missing = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurstKeys; ++i) {
      keys[i] = key_of(table.order[at++ % kOrders]);
      hashes[i] = streams.hash(keys[i]);
      if (prefetches) streams.prefetch(hashes[i]);
    }
    if (prefetches) {
      for (const std::uint64_t hash : hashes) streams.prefetch_stream(hash);
    }
    for (std::size_t i = 0; i < kBurstKeys; ++i) {
      const std::uint32_t stream = streams.find(keys[i], hashes[i]);
      missing += stream == kNone ? 1 : 0;
      ++streams.hot(stream).packet_count;
    }
  }
  if (missing != 0) state.SkipWithError("a stream was not found");
  state.counters["allocations/op"] = static_cast<double>(bench::allocations - before) /
                                     static_cast<double>(state.iterations() * kBurstKeys);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBurstKeys));
}

BENCHMARK(lookup<true>)->Name("lookup/prefetched")->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(lookup<false>)->Name("lookup/one_by_one")->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

void run_all() {
  benchmark::RunSpecifiedBenchmarks();
  tables.clear();  // while there is a heap to give them back to
}

}  // namespace
}  // namespace tapdeck::engine

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const auto eal = tapdeck::engine::Eal::start(
      {.hugepages = tapdeck::engine::HugepageUse::kNo, .memory_mib = 2'048});
  if (!eal) {
    std::fprintf(stderr, "%s\n", eal.error().message.c_str());
    return 1;
  }
  tapdeck::engine::run_all();
  return 0;
}
