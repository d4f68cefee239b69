#include "bench/load/worker_load.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "base/assert.h"
#include "bench/load/bench_policy.h"
#include "bench/load/cpu_time.h"
#include "bench/load/mill.h"
#include "engine/port.h"
#include "engine/rings.h"
#include "engine/worker.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kBatchesMin = 8;

engine::RingOptions ring_options(std::uint32_t streams, std::uint32_t number) {
  engine::RingOptions options;
  options.worker = static_cast<std::uint16_t>(number);
  options.chunk_count = static_cast<std::uint32_t>(chunks_of_worker_load(streams));
  options.report_slots = 65'536;
  return options;
}

class LoadedWorker {
 public:
  // `policy`: without an evaluator, calls are kept as they are.
  static Result<std::unique_ptr<LoadedWorker>> create(std::uint32_t streams,
                                                      std::uint32_t number,
                                                      const calls::PolicySources& policy) {
    auto port = engine::Port::make_ring_port({.name = "load" + std::to_string(number),
                                              .ring_size = 2 * kMbufs,
                                              .mbuf_count = kMbufs + 1'023});
    if (!port) return port.error();
    auto rings = engine::WorkerRings::create(ring_options(streams, number));
    if (!rings) return rings.error();
    std::unique_ptr<LoadedWorker> load(new LoadedWorker(std::move(*port), std::move(*rings)));
    auto worker = engine::Worker::create({.index = static_cast<std::uint16_t>(number),
                                          .sources = {engine::make_source(load->port_, 0)},
                                          .streams_max = std::bit_ceil(streams),
                                          .claims_max = std::bit_ceil(streams),
                                          .calls_max = streams / 2 + 1},
                                         load->rings_);
    if (!worker) return worker.error();
    load->worker_.emplace(std::move(*worker));
    load->mill_.emplace(load->port_, streams);
    for (std::uint32_t stream = 0; stream < streams; ++stream) {
      load->bind(stream, policy.evaluator.get());
    }
    load->step();
    return load;
  }

  // Chunks at all degrees of fullness, as on a network; every page has been used then.
  void warm_up() {
    for (std::uint32_t rank = 0; rank < StreamSource::kRanks; ++rank) {
      const std::int64_t begin_ns = mill_->now_ns();
      while (mill_->now_ns() < begin_ns + StreamSource::kPacketNs) batch(rank);
    }
  }

  // Returns the worker's time for one batch, per packet.
  double batch(std::uint32_t rank_max = StreamSource::kRanks) {
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
  LoadedWorker(engine::Port port, engine::WorkerRings rings)
      : port_(std::move(port)), rings_(std::move(rings)) {}

  // Two streams are a call.
  void bind(std::uint32_t stream, policy::Evaluator* evaluator) {
    BindMessage message;
    message.kind = MediaKind::kAudio;
    message.call = {stream / 2 + 1, 1};
    message.recording.bytes[15] = 1;
    store_le(message.recording.bytes.data(), stream / 2);
    message.address = mill_->streams().destination(stream);
    message.time_ns = mill_->now_ns();
    if (evaluator != nullptr) decide_binding(*evaluator, stream / 2, message);
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

// Measures one of `count` workers while the others do the same.
class Runner {
 public:
  Runner(LoadedWorker& load, double seconds, std::atomic<std::uint32_t>& warming)
      : load_(load), seconds_(seconds), warming_(warming) {}

  static int run(void* self) {
    static_cast<Runner*>(self)->measure();
    return 0;
  }

  void measure() {
    load_.warm_up();
    warming_.fetch_sub(1);
    while (warming_.load() != 0) load_.batch();  // they begin together
    const std::uint64_t sent = load_.mill().sent();
    const std::uint64_t patch_ns = load_.mill().patch_ns();
    std::vector<double> batches;
    double spent_ns = 0;
    while (spent_ns < seconds_ * 1e9 || batches.size() < kBatchesMin) {
      batches.push_back(load_.batch());
      spent_ns += batches.back() * kMbufs;
    }
    result_.packets = load_.mill().sent() - sent;
    result_.patch_ns = static_cast<double>(load_.mill().patch_ns() - patch_ns) /
                       static_cast<double>(result_.packets);
    std::sort(batches.begin(), batches.end());
    result_.worker_ns = batches[batches.size() / 2];
    result_.worker_least_ns = batches.front();
    load_.finish();
    for (const Counter& counter : load_.counters().drops) {
      result_.dropped_packets += counter.value();
    }
    result_.uncounted_packets =
        load_.mill().sent() - load_.counters().value(engine::PacketClass::kRtpBound);
    result_.wrong_streams = load_.mill().wrong_streams();
  }

  [[nodiscard]] const WorkerLoadResult& result() const { return result_; }

 private:
  LoadedWorker& load_;
  double seconds_;
  std::atomic<std::uint32_t>& warming_;
  WorkerLoadResult result_{};
};

WorkerLoadResult sum_of(const std::vector<std::unique_ptr<Runner>>& runners) {
  WorkerLoadResult out;
  const auto count = static_cast<double>(runners.size());
  for (const auto& runner : runners) {
    const WorkerLoadResult& one = runner->result();
    out.packets += one.packets;
    out.worker_ns += one.worker_ns / count;
    out.worker_least_ns += one.worker_least_ns / count;
    out.patch_ns += one.patch_ns / count;
    out.rate_mpps += 1e3 / one.worker_ns;
    out.dropped_packets += one.dropped_packets;
    out.uncounted_packets += one.uncounted_packets;
    out.wrong_streams += one.wrong_streams;
  }
  return out;
}

}  // namespace

std::uint32_t worker_loads_max() { return RTE_MAX_ETHPORTS; }

Result<WorkerLoadResult> run_worker_load(const WorkerLoadOptions& options) {
  std::vector<std::unique_ptr<LoadedWorker>> loads;
  std::vector<std::unique_ptr<Runner>> runners;
  std::atomic<std::uint32_t> warming{options.workers};
  calls::PolicySources policy;
  if (options.rules > 0) {
    auto loaded = load_bench_policy(options.rules, 1);
    if (!loaded) return Error(std::move(loaded.error()));
    policy = std::move(*loaded);
  }
  for (std::uint32_t i = 0; i < options.workers; ++i) {
    Result<std::unique_ptr<LoadedWorker>> load = LoadedWorker::create(options.streams, i, policy);
    if (!load) return load.error();
    loads.push_back(std::move(*load));
    runners.push_back(std::make_unique<Runner>(*loads.back(), options.seconds, warming));
  }
  if (rte_lcore_count() < options.workers) {
    return make_error(ErrorCode::kResources, "There are fewer lcores than workers.");
  }
  unsigned lcore = rte_get_next_lcore(-1U, 1, 0);
  for (std::size_t i = 1; i < runners.size(); ++i) {
    TD_ASSERT(rte_eal_remote_launch(&Runner::run, runners[i].get(), lcore) == 0);
    lcore = rte_get_next_lcore(lcore, 1, 0);
  }
  runners.front()->measure();
  rte_eal_mp_wait_lcore();
  WorkerLoadResult out = sum_of(runners);
  if (options.floors) out.floors = measure_floors(loads.front()->port(), options.streams);
  return out;
}

}  // namespace tapdeck::load
