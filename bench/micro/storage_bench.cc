// The store on a real file system, beside this program (the build tree): media in, call records in,
// and the search that people wait for.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "bench/micro/allocations.h"
#include "storage/store.h"
#include "tests/support/sample_call.h"

namespace tapdeck::storage {
namespace {

constexpr std::int64_t kStartMs = 1'790'000'000'000;
constexpr std::uint32_t kStreams = 1'000;
constexpr std::uint32_t kPacketsPerChunk = 90;  // of G.711: a full chunk
constexpr std::size_t kGroupCalls = 64;
constexpr std::uint32_t kStoredCalls = 100'000;
constexpr std::int64_t kCallEveryUs = 10 * kUsPerSecond;  // 8 640 a day

class TemporaryStore {
 public:
  TemporaryStore() {
    std::string path = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    path += "/bench-store-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) return;
    directory_ = path;
    auto store = Store::open({.directory = path, .master_key_file = {}});
    if (store) store_ = std::move(*store);
  }

  ~TemporaryStore() {
    store_.reset();
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }

  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;

  [[nodiscard]] Store* store() { return store_.get(); }

 private:
  std::string directory_;
  std::unique_ptr<Store> store_;
};

Uid uid_of(std::uint32_t number, std::int64_t start_ms) {
  return make_uid(start_ms,
                  {static_cast<std::uint8_t>(number >> 16),
                   static_cast<std::uint8_t>(number >> 8),
                   static_cast<std::uint8_t>(number)});
}

void fill(Chunk& chunk) {
  chunk.section.kind = MediaKind::kAudio;
  chunk.section.base_us = kStartMs * 1'000;
  for (std::uint32_t i = 0; i < kPacketsPerChunk; ++i) {
    std::uint8_t* to = chunk.append(RecordKind::kRtp, i * 20'000, 172);
    for (std::uint32_t at = 0; at < 172; ++at) to[at] = static_cast<std::uint8_t>(i * 31 + at * 7);
    ++chunk.section.packet_count;
  }
  chunk.last_us = chunk.section.base_us + std::int64_t{kPacketsPerChunk - 1} * 20'000;
}

// Full chunks of many recordings, hashed, encrypted and written; the last sync counts too.
void append_chunks(benchmark::State& state) {
  TemporaryStore temporary;
  if (temporary.store() == nullptr) return state.SkipWithError("no store");
  SegmentWriter& writer = temporary.store()->writer();
  const auto chunk = std::make_unique<Chunk>();
  fill(*chunk);
  std::uint32_t number = 0;
  for (auto _ : state) {
    chunk->recording = uid_of(number % kStreams, kStartMs);
    chunk->section.ssrc = number % kStreams;
    chunk->sequence = number++ / kStreams;
    AppendVerdict verdict = writer.try_append(*chunk);
    while (verdict == AppendVerdict::kBusy) {
      writer.step(monotonic_now_ns());
      verdict = writer.try_append(*chunk);
    }
    if (verdict != AppendVerdict::kTaken) return state.SkipWithError("the disk refused");
    if (state.iterations() == static_cast<benchmark::IterationCount>(number) && !writer.flush()) {
      return state.SkipWithError("the disk refused");
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kExtentBytes));
  state.SetItemsProcessed(state.iterations() * std::int64_t{kPacketsPerChunk});
}

CallRecord call_of(std::uint32_t number) {
  CallRecord call = testing::sample_call();
  call.start_us = kStartMs * 1'000 + number * kCallEveryUs;
  call.uid = uid_of(number, *call.start_us / 1'000);
  call.call_id = std::to_string(number) + "@example.org";
  call.parties[0].number = "49301" + std::to_string(100'000 + number % 5'000);
  call.parties[1].number = "49891" + std::to_string(100'000 + number % 4'999);
  return call;
}

std::vector<CallRecord> make_group(std::uint32_t& number, std::size_t count) {
  std::vector<CallRecord> group;
  for (std::size_t i = 0; i < count; ++i) group.push_back(call_of(number++));
  return group;
}

void count_allocations(benchmark::State& state, std::uint64_t made, std::size_t each) {
  state.counters["allocations/op"] = static_cast<double>(made) /
                                     static_cast<double>(state.iterations()) /
                                     static_cast<double>(each);
}

// New calls, `group` to a synced batch, as the recorder commits them at leisure and under load.
void put_calls(benchmark::State& state) {
  TemporaryStore temporary;
  if (temporary.store() == nullptr) return state.SkipWithError("no store");
  const auto each = static_cast<std::size_t>(state.range(0));
  std::uint32_t number = 0;
  std::uint64_t made = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<CallRecord> group = make_group(number, each);
    state.ResumeTiming();
    const std::uint64_t before = bench::allocations;
    if (!temporary.store()->put_calls(group)) return state.SkipWithError("refused");
    made += bench::allocations - before;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  count_allocations(state, made, each);
}

// One caller's calls of one day, out of kStoredCalls.
void find_calls(benchmark::State& state) {
  static TemporaryStore temporary;  // filled once, asked in every run
  if (temporary.store() == nullptr) return state.SkipWithError("no store");
  static std::uint32_t number = 0;
  while (number < kStoredCalls) {
    if (!temporary.store()->put_calls(make_group(number, 1'000))) {
      return state.SkipWithError("refused");
    }
  }
  const std::unique_ptr<StoreAccess> reader = temporary.store()->reader();
  std::int64_t found = 0;
  std::uint32_t asked = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    CallQuery query;
    query.number = "49301" + std::to_string(100'000 + asked % 5'000);
    query.from_us = kStartMs * 1'000 + asked % 5'000 * kCallEveryUs;
    query.to_us = *query.from_us + 86'400 * kUsPerSecond;
    const auto page = reader->find_calls(query);
    if (!page || page->calls.empty()) return state.SkipWithError("nothing was found");
    found += static_cast<std::int64_t>(page->calls.size());
    asked += 977;
  }
  state.SetItemsProcessed(state.iterations());
  count_allocations(state, bench::allocations - before, 1);
  state.counters["calls_found"] =
      static_cast<double>(found) / static_cast<double>(state.iterations());
}

BENCHMARK(append_chunks)
    ->Name("store/append_full_chunks")
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(put_calls)
    ->Name("store/put_calls")
    ->Arg(64)
    ->Arg(512)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(find_calls)
    ->Name("store/find_number_on_day")
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tapdeck::storage

BENCHMARK_MAIN();
