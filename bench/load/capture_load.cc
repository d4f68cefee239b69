#include "bench/load/capture_load.h"

#include <algorithm>
#include <bit>
#include <optional>

#include <rte_cycles.h>
#include <rte_lcore.h>

#include "base/clock.h"
#include "bench/load/bench_policy.h"
#include "bench/load/capture_account.h"
#include "bench/load/capture_memory.h"
#include "bench/load/interrupt.h"
#include "bench/load/lcore_worker.h"
#include "bench/load/outlet.h"
#include "bench/load/packet_counts.h"
#include "bench/load/stream_source.h"
#include "engine/port.h"
#include "engine/rings.h"
#include "engine/worker.h"

namespace tapdeck::load {
namespace {

constexpr std::uint32_t kSpareMbufs = 4'095;      // in the caches of the lcores
constexpr std::uint64_t kBehindMax = 512;         // packets that may be sent late
constexpr std::int64_t kQuietNs = 30 * kNsPerMs;  // nothing comes any more
constexpr std::int64_t kPatienceNs = 20 * kNsPerSecond;
constexpr std::int64_t kGoneNs = 5 * kNsPerMs;  // what has not arrived by then does not come
constexpr std::uint32_t kFrameSlot = 2'048;
constexpr std::uint32_t kReadMax = 16;     // chunks between two bursts
constexpr std::uint32_t kReadShare = 256;  // of those that wait

Result<engine::Port> open_receiver(const CaptureLoadOptions& options) {
  if (options.receiver.empty()) {
    return engine::Port::make_ring_port(
        {.name = "bench",
         .queue_count = options.workers,
         .ring_size = options.descriptors,
         .mbuf_count = kPacketBuffers + kSpareMbufs + options.workers * options.descriptors});
  }
  std::string device = options.receiver;
  if (!options.dpdk) {
    device = "net_af_packet_bench,iface=" + options.receiver +
             ",qpairs=" + std::to_string(options.workers) +
             ",blocksz=" + std::to_string(options.descriptors * kFrameSlot / 8) +
             ",framesz=" + std::to_string(kFrameSlot) +
             ",framecnt=" + std::to_string(options.descriptors);
  }
  return engine::Port::open({.name = "bench",
                             .device = device,
                             .rx_queue_count = options.workers,
                             .descriptor_count = static_cast<std::uint16_t>(options.descriptors),
                             .mbuf_count = kPacketBuffers + kSpareMbufs});
}

Result<std::unique_ptr<Outlet>> open_sender(const CaptureLoadOptions& options,
                                            const engine::Port& receiver) {
  if (options.sender.empty()) return make_ring_outlet(receiver);
  return options.dpdk ? make_port_outlet(options.sender) : make_interface_outlet(options.sender);
}

class Session : public CaptureLoad {
 public:
  Session(const CaptureLoadOptions& options, engine::Port port)
      : options_(options), port_(std::move(port)), source_(options.streams) {}

  ~Session() override {
    for (auto& runner : runners_) runner->stop();
  }

  Result<void> start() {
    auto outlet = open_sender(options_, port_);
    if (!outlet) return outlet.error();
    outlet_ = std::move(*outlet);
    now_ns_.store(source_.now_ns(), std::memory_order_relaxed);
    unsigned lcore = rte_get_next_lcore(-1U, 1, 0);
    for (std::uint16_t i = 0; i < options_.workers; ++i) {
      TD_TRY(make_worker(i));
      if (lcore == RTE_MAX_LCORE) {
        return make_error(ErrorCode::kResources, "There are fewer lcores than workers.");
      }
      TD_TRY(runners_.back()->start(lcore));
      lcore = rte_get_next_lcore(lcore, 1, 0);
    }
    flushed_ = tallies();
    return bind_all();
  }

  Result<CaptureTrial> run(const CapturePace& pace) override;

  void observe(double seconds, CaptureProgress progress) override {
    progress_every_s_ = seconds;
    progress_ = std::move(progress);
  }

 private:
  Result<void> make_worker(std::uint16_t index);
  Result<void> bind_all();
  Result<void> warm_up();
  Result<void> send_paced(const CapturePace& pace, CaptureTrial& trial);
  Result<void> flush();
  void settle();
  bool read_one();
  void read_some();
  bool has_room();
  Result<void> prepare();
  Result<void> send(std::uint32_t count);
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] std::uint64_t busy_cycles() const;
  [[nodiscard]] CaptureTallies tallies() const;

  CaptureLoadOptions options_;
  engine::Port port_;
  StreamSource source_;
  std::unique_ptr<Outlet> outlet_{};
  std::vector<std::unique_ptr<engine::WorkerRings>> rings_{};
  std::vector<std::unique_ptr<engine::Worker>> workers_{};
  std::vector<std::unique_ptr<LcoreWorker>> runners_{};
  std::size_t next_ring_ = 0;
  CaptureTallies flushed_{};                         // when no worker had an open chunk
  std::uint64_t sent_ever_ = 0;                      // and not lost by the outlet
  std::uint64_t gone_ = 0;                           // of them, lost somewhere on a wire
  std::uint64_t arrived_ = 0;                        // when has_room() looked
  std::int64_t arrived_ns_ = 0;                      // since when there are no more
  alignas(64) std::atomic<std::int64_t> now_ns_{0};  // packet time; the sender's
  double progress_every_s_ = 0;
  CaptureProgress progress_{};
};

Result<void> Session::make_worker(std::uint16_t index) {
  const std::uint32_t most = streams_of_worker(options_);
  engine::RingOptions ring_options;
  ring_options.worker = index;
  ring_options.socket = port_.socket();
  ring_options.chunk_count = chunks_of_worker(options_);
  ring_options.chunk_slots = std::bit_ceil(ring_options.chunk_count + 1);
  ring_options.report_slots = 65'536;
  auto rings = engine::WorkerRings::create(ring_options);
  if (!rings) return rings.error();
  rings_.push_back(std::make_unique<engine::WorkerRings>(std::move(*rings)));
  auto worker = engine::Worker::create({.index = index,
                                        .socket = port_.socket(),
                                        .sources = {engine::make_source(port_, index)},
                                        .streams_max = std::bit_ceil(most),
                                        .claims_max = std::bit_ceil(options_.streams),
                                        .calls_max = options_.streams / 2 + 1},
                                       *rings_.back());
  if (!worker) return worker.error();
  workers_.push_back(std::make_unique<engine::Worker>(std::move(*worker)));
  runners_.push_back(
      std::make_unique<LcoreWorker>(*workers_.back(), port_.has_notes() ? &now_ns_ : nullptr));
  return {};
}

// Two streams are a call; every worker knows all of them, as in `run`.
Result<void> Session::bind_all() {
  calls::PolicySources policy;
  if (options_.rules > 0) {
    auto loaded = load_bench_policy(options_.rules, 1);
    if (!loaded) return Error(std::move(loaded.error()));
    policy = std::move(*loaded);
  }
  for (std::uint32_t stream = 0; stream < options_.streams; ++stream) {
    BindMessage message;
    message.kind = MediaKind::kAudio;
    message.call = {stream / 2 + 1, 1};
    message.recording.bytes[15] = 1;
    store_le(message.recording.bytes.data(), stream / 2);
    message.address = source_.destination(stream);
    message.time_ns = source_.now_ns();
    if (policy.evaluator) decide_binding(*policy.evaluator, stream / 2, message);
    for (auto& rings : rings_) {
      const std::int64_t patience_ns = monotonic_now_ns() + kPatienceNs;
      while (!rings->push_bind(message)) {
        if (monotonic_now_ns() > patience_ns) {
          return make_error(ErrorCode::kResources, "A worker takes no bindings.");
        }
      }
    }
  }
  return {};
}

// One chunk of the next worker that has one; and reports, which nobody wants.
bool Session::read_one() {
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    engine::WorkerRings& rings = *rings_[next_ring_++ % rings_.size()];
    StreamReport report;
    for (int k = 0; k < 4 && rings.pop_report(report); ++k) {
    }
    Chunk* chunk = rings.pop_chunk();
    if (chunk == nullptr) continue;
    source_.read_back(chunk->section, ByteView{chunk->records}.first(chunk->section.record_bytes));
    rings.take_home(chunk);
    return true;
  }
  return false;
}

// More of them the more wait, but never so many that the sender is held up.
void Session::read_some() {
  std::uint32_t waiting = 0;
  for (const auto& rings : rings_) waiting += rings->chunk_count();
  const std::uint32_t count = std::min(kReadMax, 1 + waiting / kReadShare);
  for (std::uint32_t i = 0; i < count && read_one(); ++i) {
  }
}

// Whether a burst is taken without loss: on a wire, as long as less than half of the descriptors'
// packets have not arrived.
bool Session::has_room() {
  if (!outlet_->has_room()) return false;
  if (options_.receiver.empty()) return true;
  const std::int64_t now_ns = monotonic_now_ns();
  if (const std::uint64_t arrived = received(); arrived != arrived_) {
    arrived_ = arrived;
    arrived_ns_ = now_ns;
  }
  const std::uint64_t known = arrived_ + gone_;
  const std::uint64_t waiting = sent_ever_ > known ? sent_ever_ - known : 0;
  if (waiting < options_.descriptors / 2) return true;
  if (now_ns - arrived_ns_ < kGoneNs) return false;
  gone_ += waiting;
  return true;
}

Result<void> Session::send(std::uint32_t count) {
  const std::uint64_t lost = outlet_->ring_full() + outlet_->no_buffer();
  TD_TRY(outlet_->send(source_, count));
  sent_ever_ += count - (outlet_->ring_full() + outlet_->no_buffer() - lost);
  now_ns_.store(source_.now_ns(), std::memory_order_relaxed);
  return {};
}

Result<void> Session::warm_up() {
  for (std::uint32_t rank = 0; rank < StreamSource::kRanks; ++rank) {
    TD_TRY(go_on());
    source_.set_rank(rank);
    const std::int64_t begin_ns = source_.now_ns();
    while (source_.now_ns() < begin_ns + StreamSource::kPacketNs) {
      if (has_room()) TD_TRY(send(kBurst));
      while (read_one()) {
      }
    }
  }
  source_.set_rank(StreamSource::kRanks);
  return {};
}

// Reads until nothing has come for a while.
void Session::settle() {
  std::uint64_t seen = received();
  std::int64_t quiet_since_ns = monotonic_now_ns();
  while (monotonic_now_ns() - quiet_since_ns < kQuietNs) {
    const bool read = read_one();
    if (read || received() != seen) quiet_since_ns = monotonic_now_ns();
    seen = received();
  }
}

Result<void> Session::send_paced(const CapturePace& pace, CaptureTrial& trial) {
  const auto hz = static_cast<double>(rte_get_tsc_hz());
  const double per_cycle = pace.pps / hz;
  const std::uint64_t begin = rte_rdtsc();
  const auto length = static_cast<std::uint64_t>(pace.seconds * hz);
  double progress_s = progress_every_s_;
  for (std::uint64_t at = 0; at < length && !is_interrupted(); at = rte_rdtsc() - begin) {
    const auto due = static_cast<std::uint64_t>(static_cast<double>(at) * per_cycle) - trial.late;
    std::uint64_t behind = due - trial.sent;
    if (behind > kBehindMax && pace.arrears == Arrears::kLeftOut) {
      trial.late += behind - kBehindMax;
      behind = kBehindMax;
    }
    if (behind > 0) {
      const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(behind, kBurst));
      TD_TRY(send(count));
      trial.sent += count;
    }
    read_some();
    if (progress_ && static_cast<double>(at) / hz >= progress_s) {
      progress_(static_cast<double>(at) / hz, trial.sent);
      progress_s += progress_every_s_;
    }
  }
  trial.seconds = static_cast<double>(rte_rdtsc() - begin) / hz;
  return {};
}

Result<void> Session::flush() {
  for (auto& runner : runners_) runner->flush();
  const std::int64_t patience_ns = monotonic_now_ns() + kPatienceNs;
  const auto flushed = [](const auto& runner) { return runner->has_flushed(); };
  while (!std::all_of(runners_.begin(), runners_.end(), flushed)) {
    while (read_one()) {
    }
    if (monotonic_now_ns() > patience_ns) {
      return make_error(ErrorCode::kResources, "A worker does not hand out its chunks.");
    }
  }
  while (read_one()) {
  }
  flushed_ = tallies();
  return {};
}

std::uint64_t Session::received() const {
  std::uint64_t sum = 0;
  for (const auto& runner : runners_) sum += received_rtp(runner->counters());
  return sum;
}

std::uint64_t Session::busy_cycles() const {
  std::uint64_t sum = 0;
  for (const auto& runner : runners_) sum += runner->busy_cycles();
  return sum;
}

CaptureTallies Session::tallies() const {
  const engine::PortStatistics port = port_.statistics();
  CaptureTallies out;
  out.port = {{"port_ring_full", outlet_->ring_full()},
              {"port_no_buffer", outlet_->no_buffer() + port.no_buffer},
              {"port_missed", port.missed},
              {"port_errors", port.errors}};
  for (const engine::DropReason reason : kPacketDrops) {
    std::uint64_t sum = 0;
    for (const auto& runner : runners_) sum += runner->counters().value(reason);
    out.worker.emplace_back(
        "worker_" + std::string(engine::kDropReasonNames[static_cast<std::size_t>(reason)].name),
        sum);
  }
  out.received = received();
  out.found = source_.found_ever();
  return out;
}

// What a worker drops meanwhile is told in chunks that are handed out later: they are handed out
// before the trial, and all is done once more.
Result<void> Session::prepare() {
  for (int i = 0; i < 2; ++i) {
    TD_TRY(warm_up());
    settle();
    if (drop_sum(tallies().worker) == drop_sum(flushed_.worker)) break;
    TD_TRY(flush());
  }
  return {};
}

Result<CaptureTrial> Session::run(const CapturePace& pace) {
  TD_TRY(prepare());
  source_.begin();
  CaptureTrial trial;
  trial.asked_pps = pace.pps;
  const CaptureTallies begun = tallies();
  const std::uint64_t cycles = busy_cycles();
  const std::uint64_t received_before = received();
  const std::uint64_t begin = rte_get_tsc_cycles();
  TD_TRY(send_paced(pace, trial));
  // Workers count a step when it ends: one of them may have begun before this window did.
  const auto window = static_cast<double>(rte_get_tsc_cycles() - begin) * options_.workers;
  trial.worker_busy = std::min(1.0, static_cast<double>(busy_cycles() - cycles) / window);
  settle();
  const auto packets = static_cast<double>(received() - received_before);
  const auto busy = static_cast<double>(busy_cycles() - cycles);
  trial.worker_cycles = packets > 0 ? busy / packets : 0;
  const CaptureTallies before = flushed_;
  TD_TRY(flush());
  const StreamSource::Comparison compared = source_.compare();
  trial.recorded = source_.found();
  trial.damaged = compared.damaged;
  trial.wrong_streams = compared.wrong_streams;
  account(before, begun, flushed_, !options_.receiver.empty(), trial);
  return trial;
}

}  // namespace

std::uint16_t CaptureLoad::workers_max(const CaptureLoadOptions& options) {
  return options.dpdk ? RTE_MAX_QUEUES_PER_PORT : RTE_PMD_RING_MAX_RX_RINGS;  // AF_PACKET, too
}

Result<std::unique_ptr<CaptureLoad>> CaptureLoad::open(const CaptureLoadOptions& options) {
  Result<engine::Port> port = open_receiver(options);
  if (!port) return port.error();
  auto session = std::make_unique<Session>(options, std::move(*port));
  const Result<void> started = session->start();
  if (!started) return started.error();
  return std::unique_ptr<CaptureLoad>(std::move(session));
}

}  // namespace tapdeck::load
