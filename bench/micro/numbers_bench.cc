// A number made E.164 where the cache knows it and where the library is asked, what is no number,
// and the route of a message among a thousand networks.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "pipelines/numbers/numbering.h"

namespace tapdeck::numbers {
namespace {

constexpr std::uint32_t kCachedNumbers = 20'000;

NumberingOptions options() {
  NumberingOptions made;
  made.numbers.default_region = "DE";
  made.trunks.resize(1'000);
  for (std::size_t i = 0; i < made.trunks.size(); ++i) {
    config::Trunk& trunk = made.trunks[i];
    trunk.name = "t" + std::to_string(i);
    trunk.networks = {"10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24"};
  }
  made.internal_networks = {"192.0.2.0/24"};
  return made;
}

std::string number(std::uint32_t n) { return "030" + std::to_string(1'000'000 + n); }

void count(benchmark::State& state, std::uint64_t before) {
  state.counters["allocations/op"] =
      static_cast<double>(bench::allocations - before) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations());
}

// In an order that no prefetcher foresees.  Must not allocate.
void hit(benchmark::State& state) {
  Numbering numbering(options(), {}, 1);
  std::vector<std::string> written;
  for (std::uint32_t i = 0; i < kCachedNumbers; ++i) {
    written.push_back(number(i * 7'919 % kCachedNumbers));
    numbering.e164(0, written.back(), {});
  }
  std::size_t at = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    benchmark::DoNotOptimize(numbering.e164(0, written[at], {}).size());
    if (++at == written.size()) at = 0;
  }
  count(state, before);
}

void miss(benchmark::State& state) {
  Numbering numbering(options(), {}, 1);
  std::uint32_t n = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    const std::string written = number(++n);
    if (numbering.e164(0, written, {}).empty()) return state.SkipWithError("no number");
  }
  count(state, before);
}

void no_number(benchmark::State& state) {
  Numbering numbering(options(), {}, 1);
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) benchmark::DoNotOptimize(numbering.e164(0, "alice.smith", {}).size());
  count(state, before);
}

void route(benchmark::State& state) {
  const Numbering numbering(options(), {}, 1);
  const Endpoint inside{make_ipv4(0xc0000201), 5060};
  std::uint32_t n = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    const Endpoint outside{make_ipv4(0x0a000001U + (n++ * 7'919 % 1'000 << 8)), 5060};
    benchmark::DoNotOptimize(numbering.route(0, outside, inside).trunk());
  }
  count(state, before);
}

BENCHMARK(hit)->Name("numbers/hit");
BENCHMARK(miss)->Name("numbers/miss");
BENCHMARK(no_number)->Name("numbers/no_number");
BENCHMARK(route)->Name("numbers/route");

}  // namespace
}  // namespace tapdeck::numbers

BENCHMARK_MAIN();
