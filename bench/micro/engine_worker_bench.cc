// RTP through a whole worker: received from a ring port, decoded, followed, copied into chunks that
// a null writer gives home at once.  Only the worker's steps are timed; the packets stand in the
// cache, as a card would leave them.  Time is the thread's CPU time, so that a busy machine does
// not count.  The argument is the number of streams, all of them bound.
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>
#include <rte_mbuf.h>

#include "base/clock.h"
#include "bench/micro/allocations.h"
#include "engine/eal.h"
#include "engine/packet.h"
#include "engine/port.h"
#include "engine/rings.h"
#include "engine/worker.h"
#include "tests/support/packet_builder.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kBatch =
    256;  // packets between two looks at the clock, which takes as long as two packets
constexpr std::int64_t kStartNs = 1'700'000'000 * kNsPerSecond;
constexpr std::int64_t kPacketNs = 20 * kNsPerMs;
constexpr std::size_t kRtpAt = 42;  // behind Ethernet, IPv4 and UDP

constexpr std::size_t kChunkPackets = 90;

std::uint32_t address_of(std::uint32_t stream) { return 0x0a000000U | (stream >> 8); }

std::uint16_t port_of(std::uint32_t stream) {
  return static_cast<std::uint16_t>(10'000U + (stream & 0xffU) * 2U);
}

std::int64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

RingOptions ring_options(std::uint32_t streams) {
  RingOptions options;
  options.chunk_count = streams + streams / 2 + 1'024;
  options.chunk_slots = 4'096;
  options.bind_slots = 4'096;
  options.report_slots = 4'096;
  return options;
}

class Load {
 public:
  explicit Load(std::uint32_t streams)
      : port_(*Port::make_ring_port({.name = "bench"})),
        rings_(*WorkerRings::create(ring_options(streams))),
        worker_(*Worker::create({.sources = {make_source(port_, 0)},
                                 .streams_max = std::bit_ceil(streams * 2),
                                 .claims_max = std::bit_ceil(streams * 2),
                                 .calls_max = streams + 1},
                                rings_)),
        note_offset_(*register_packet_note()) {
    for (std::uint32_t i = 0; i < streams; ++i) {
      frames_.push_back(testing::PacketBuilder()
                            .ipv4("192.0.2.1", "192.0.2.2")
                            .udp(4'000, 5'000)
                            .rtp({.payload_type = 8, .ssrc = i})
                            .bytes());
      store_be(frames_[i].data() + 26, 0x0b000000U | (i >> 8));  // source address
      store_be(frames_[i].data() + 30, address_of(i));
      store_be(frames_[i].data() + 34, port_of(i));
      store_be(frames_[i].data() + 36, port_of(i));
      sequences_.push_back(0);
      bind(i);
    }
    for (Chunk& chunk : rings_.all_chunks()) chunk.records.fill(0);  // no page faults later
    stagger();
  }

  // kBatch packets, one of each stream in turn; returns the CPU time that the worker took.
  std::int64_t run() {
    std::array<rte_mbuf*, kBatch> packets{};
    if (rte_pktmbuf_alloc_bulk(port_.pool(), packets.data(), kBatch) != 0) return 0;
    for (rte_mbuf* packet : packets) write(packet);
    if (rte_ring_enqueue_bulk(
            port_.rings()[0], reinterpret_cast<void**>(packets.data()), kBatch, nullptr) !=
        kBatch) {
      return 0;
    }
    return step();
  }

  [[nodiscard]] const WorkerCounters& counters() const { return worker_.counters(); }

  [[nodiscard]] std::uint64_t allocated() const { return allocated_; }

 private:
  void bind(std::uint32_t stream) {
    BindMessage message;
    message.kind = MediaKind::kAudio;
    message.call = {stream + 1, 1};
    message.recording.bytes[15] = 1;
    std::memcpy(message.recording.bytes.data(), &stream, sizeof stream);
    message.address = {make_ipv4(address_of(stream)), port_of(stream)};
    message.time_ns = kStartNs;
    while (!rings_.push_bind(message)) step();
  }

  // Brings the streams to different fills of their chunks, as on a network.
  void stagger() {
    step();
    for (rank_max_ = 0; rank_max_ < kChunkPackets; ++rank_max_) {
      const std::int64_t begin_ns = now_ns_;
      while (now_ns_ == begin_ns) run();
    }
  }

  void write(rte_mbuf* packet) {
    do {
      if (++next_ < frames_.size()) continue;
      next_ = 0;
      now_ns_ += kPacketNs;
    } while (next_ % kChunkPackets > rank_max_);
    std::vector<std::uint8_t>& frame = frames_[next_];
    const std::uint16_t sequence = ++sequences_[next_];
    store_be(frame.data() + kRtpAt + 2, sequence);
    store_be(frame.data() + kRtpAt + 4, sequence * 160U);
    const auto length = static_cast<std::uint16_t>(frame.size());
    std::memcpy(rte_pktmbuf_mtod(packet, void*), frame.data(), length);
    packet->data_len = length;
    packet->pkt_len = length;
    packet_note(packet, note_offset_) = {
        .time_ns = now_ns_, .order = ++order_, .original_length = length};
  }

  std::int64_t step() {
    const std::uint64_t allocated = bench::allocations;
    const std::int64_t begin_ns = thread_cpu_ns();
    while (worker_.step({now_ns_, now_ns_}) > 0) {
    }
    const std::int64_t spent_ns = thread_cpu_ns() - begin_ns;
    allocated_ += bench::allocations - allocated;
    while (Chunk* chunk = rings_.pop_chunk()) rings_.take_home(chunk);
    StreamReport report;
    while (rings_.pop_report(report)) {
    }
    return spent_ns;
  }

  Port port_;
  WorkerRings rings_;
  Worker worker_;
  int note_offset_;
  std::vector<std::vector<std::uint8_t>> frames_{};
  std::vector<std::uint16_t> sequences_{};
  std::size_t next_ = 0;      // stream
  std::size_t rank_max_ = 0;  // streams whose number modulo kChunkPackets is more are silent
  std::int64_t now_ns_ = kStartNs;
  std::uint64_t order_ = 0;
  std::uint64_t allocated_ = 0;
};

void bound_rtp(benchmark::State& state) {
  Load load(static_cast<std::uint32_t>(state.range(0)));
  const std::uint64_t allocated = load.allocated();
  const std::uint64_t bound = load.counters().value(PacketClass::kRtpBound);
  std::uint64_t packets = 0;
  for (auto _ : state) {
    const std::int64_t spent_ns = load.run();
    if (spent_ns == 0) return state.SkipWithError("no free packet buffers");
    state.SetIterationTime(static_cast<double>(spent_ns) / 1e9);
    packets += kBatch;
  }
  if (load.counters().value(PacketClass::kRtpBound) - bound != packets) {
    return state.SkipWithError("a packet was not taken as RTP of a call");
  }
  for (const Counter& drops : load.counters().drops) {
    if (drops.value() != 0) return state.SkipWithError("the worker dropped something");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
  state.counters["per_packet"] = benchmark::Counter(
      static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["allocations"] = static_cast<double>(load.allocated() - allocated);
}

BENCHMARK(bound_rtp)->Name("worker/bound_rtp")->UseManualTime()->Arg(100)->Arg(1'000)->Arg(10'000);

}  // namespace
}  // namespace tapdeck::engine

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const auto eal = tapdeck::engine::Eal::start(
      {.hugepages = tapdeck::engine::HugepageUse::kNo, .memory_mib = 1'024});
  if (!eal) {
    std::fprintf(stderr, "%s\n", eal.error().message.c_str());
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
