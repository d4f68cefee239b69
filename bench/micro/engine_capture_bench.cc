// Reading captures: one item is a frame of G.711, from the file's bytes in memory to a
// CapturedPacket, by the reader alone or as `ingest` reads it, through lookahead and merge.
#include <benchmark/benchmark.h>

#include "base/assert.h"
#include "bench/micro/allocations.h"
#include "engine/capture/merge.h"

namespace tapdeck::engine {
namespace {

constexpr std::size_t kFrames = 4'096;  // 942 KiB: what follows finds them in a cache
constexpr std::size_t kFrameBytes = 214;

class Bytes {
 public:
  Bytes& u16(std::uint16_t value) { return put(value); }

  Bytes& u32(std::uint32_t value) { return put(value); }

  Bytes& frame(std::size_t padding) {
    bytes_.insert(bytes_.end(), kFrameBytes + padding, 0x55);
    return *this;
  }

  [[nodiscard]] ByteView view() const { return bytes_; }

 private:
  template <typename T>
  Bytes& put(T value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    store_le(bytes_.data() + at, value);
    return *this;
  }

  std::vector<std::uint8_t> bytes_;
};

Bytes pcap() {
  Bytes file;
  file.u32(0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(65'535).u32(1);
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    file.u32(1'700'000'000).u32(i).u32(kFrameBytes).u32(kFrameBytes).frame(0);
  }
  return file;
}

Bytes pcapng() {
  constexpr std::uint32_t kPacketBlockBytes = 32 + kFrameBytes + 2;
  Bytes file;
  file.u32(0x0a0d0d0a).u32(28).u32(0x1a2b3c4d).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff);
  file.u32(28).u32(1).u32(20).u16(1).u16(0).u32(0).u32(20);
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    file.u32(6).u32(kPacketBlockBytes).u32(0).u32(0x60000).u32(i).u32(kFrameBytes).u32(kFrameBytes);
    file.frame(2).u32(kPacketBlockBytes);
  }
  return file;
}

std::unique_ptr<CaptureReader> open(const Bytes& file) {
  auto reader = CaptureReader::open_memory(file.view(), "bench");
  TD_ASSERT(reader.has_value());
  return std::move(*reader);
}

// Reads `source` to its end: pauses of the clock would cost more than they leave out, and opening
// is one of 4 096 items.
template <typename Source>
std::size_t read_all(Source& source) {
  CapturedPacket packet;
  std::size_t frames = 0;
  while (source.next(packet) == ReadVerdict::kPacket) {
    benchmark::DoNotOptimize(packet);
    ++frames;
  }
  return frames;
}

void tell(benchmark::State& state, std::size_t frames, std::uint64_t allocations) {
  const auto wanted = static_cast<std::size_t>(state.iterations()) * kFrames;
  if (frames != wanted) state.SkipWithError("frames were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
  state.counters["per_frame"] = benchmark::Counter(
      static_cast<double>(frames), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["allocations"] = static_cast<double>(allocations) / static_cast<double>(frames);
}

template <Bytes (*make)()>
void read_frames(benchmark::State& state) {
  const Bytes file = make();
  std::size_t frames = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    const std::unique_ptr<CaptureReader> reader = open(file);
    frames += read_all(*reader);
  }
  tell(state, frames, bench::allocations - before);
}

// Of `range(0)` files at once, so that with two of them every other frame is the other file's.
template <Bytes (*make)()>
void merge_frames(benchmark::State& state) {
  const Bytes file = make();
  const auto files = static_cast<std::size_t>(state.range(0));
  std::size_t frames = 0;
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    std::vector<std::unique_ptr<CaptureReader>> readers;
    for (std::size_t i = 0; i < files; ++i) readers.push_back(open(file));
    CaptureMerge merge(std::move(readers));
    frames += read_all(merge);
  }
  const std::uint64_t allocations = bench::allocations - before;
  tell(state, frames / files, allocations / files);
}

BENCHMARK(read_frames<pcap>)->Name("read/pcap");
BENCHMARK(read_frames<pcapng>)->Name("read/pcapng");
BENCHMARK(merge_frames<pcap>)->Name("merge/pcap")->Arg(1)->Arg(2);

}  // namespace
}  // namespace tapdeck::engine

BENCHMARK_MAIN();
