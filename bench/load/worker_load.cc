#include "bench/load/worker_load.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "bench/load/mill.h"
#include "engine/port.h"
#include "engine/rings.h"
#include "engine/worker.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kBatchesMin = 8;

engine::RingOptions ring_options(std::uint32_t streams) {
  engine::RingOptions options;
  options.chunk_count = streams + streams / 50 + 4'096;
  options.report_slots = 65'536;
  return options;
}

class Load {
 public:
  static Result<std::unique_ptr<Load>> create(std::uint32_t streams) {
    auto port = engine::Port::make_ring_port(
        {.name = "load", .ring_size = 2 * kMbufs, .mbuf_count = kMbufs + 1'023});
    if (!port) return port.error();
    auto rings = engine::WorkerRings::create(ring_options(streams));
    if (!rings) return rings.error();
    std::unique_ptr<Load> load(new Load(std::move(*port), std::move(*rings)));
    auto worker = engine::Worker::create({.sources = {engine::make_source(load->port_, 0)},
                                          .streams_max = std::bit_ceil(streams),
                                          .claims_max = std::bit_ceil(streams),
                                          .calls_max = streams / 2 + 1},
                                         load->rings_);
    if (!worker) return worker.error();
    load->worker_.emplace(std::move(*worker));
    load->mill_.emplace(load->port_, streams);
    for (std::uint32_t stream = 0; stream < streams; ++stream) load->bind(stream);
    load->step();
    return load;
  }

  // Chunks at all degrees of fullness, as on a network; every page has been used then.
  void warm_up() {
    for (std::uint32_t rank = 0; rank < kChunkPackets; ++rank) {
      const std::int64_t begin_ns = mill_->now_ns();
      while (mill_->now_ns() < begin_ns + kPacketNs) batch(rank);
    }
  }

  // Returns the worker's time for one batch, per packet.
  double batch(std::uint32_t rank_max = kChunkPackets) {
    TD_ASSERT(mill_->send(rank_max));
    const double ns = static_cast<double>(step()) / kMbufs;
    empty();
    return ns;
  }

  void finish() {
    while (!worker_->finish({mill_->now_ns(), mill_->now_ns()})) empty();
    empty();
  }

  [[nodiscard]] const Mill& mill() const { return *mill_; }

  [[nodiscard]] const engine::WorkerCounters& counters() const { return worker_->counters(); }

  [[nodiscard]] const engine::Port& port() const { return port_; }

 private:
  Load(engine::Port port, engine::WorkerRings rings)
      : port_(std::move(port)), rings_(std::move(rings)) {}

  // Two streams are a call.
  void bind(std::uint32_t stream) {
    BindMessage message;
    message.kind = MediaKind::kAudio;
    message.call = {stream / 2 + 1, 1};
    message.recording.bytes[15] = 1;
    store_le(message.recording.bytes.data(), stream / 2);
    message.address = mill_->destination(stream);
    message.time_ns = mill_->now_ns();
    while (!rings_.push_bind(message)) step();
  }

  std::int64_t step() {
    const std::int64_t begin_ns = thread_cpu_ns();
    while (worker_->step({mill_->now_ns(), mill_->now_ns()}) > 0) {
    }
    return thread_cpu_ns() - begin_ns;
  }

  // The null writer and a deaf call plane.
  void empty() {
    while (Chunk* chunk = rings_.pop_chunk()) {
      mill_->read_back(*chunk);
      rings_.take_home(chunk);
    }
    StreamReport report;
    while (rings_.pop_report(report)) {
    }
  }

  engine::Port port_;
  engine::WorkerRings rings_;
  std::optional<engine::Worker> worker_{};
  std::optional<Mill> mill_{};
};

}  // namespace

Result<WorkerLoadResult> run_worker_load(const WorkerLoadOptions& options) {
  Result<std::unique_ptr<Load>> created = Load::create(options.streams);
  if (!created) return created.error();
  Load& load = **created;
  load.warm_up();
  const std::uint64_t sent = load.mill().sent();
  const std::uint64_t patch_ns = load.mill().patch_ns();
  std::vector<double> batches;
  double spent_ns = 0;
  while (spent_ns < options.seconds * 1e9 || batches.size() < kBatchesMin) {
    batches.push_back(load.batch());
    spent_ns += batches.back() * kMbufs;
  }
  WorkerLoadResult out;
  out.packets = load.mill().sent() - sent;
  out.patch_ns =
      static_cast<double>(load.mill().patch_ns() - patch_ns) / static_cast<double>(out.packets);
  std::sort(batches.begin(), batches.end());
  out.worker_ns = batches[batches.size() / 2];
  out.worker_least_ns = batches.front();
  load.finish();
  for (const Counter& counter : load.counters().drops) out.dropped_packets += counter.value();
  out.uncounted_packets =
      load.mill().sent() - load.counters().value(engine::PacketClass::kRtpBound);
  out.wrong_streams = load.mill().wrong_streams();
  if (options.floors) out.floors = measure_floors(load.port(), options.streams);
  return out;
}

}  // namespace tapdeck::load
