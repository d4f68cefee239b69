// Making and ending a Worker, apart from its hot path because it allocates.
#include <algorithm>
#include <string>
#include <utility>

#include "engine/worker.h"
#include "engine/worker_state.h"

namespace tapdeck::engine {

QueueSource make_source(const Port& port, std::uint16_t queue) {
  return {.port_id = &port.link().port_id,
          .queue = queue,
          .port_index = port.options().index,
          .realm = port.options().realm,
          .has_notes = port.has_notes(),
          .timestamp_offset = port.timestamp_offset(),
          .timestamp_flag = port.timestamp_flag(),
          .timestamp_unit_ns = port.timestamp_unit_ns()};
}

WorkerState::WorkerState(const WorkerOptions& options,
                         WorkerRings& rings,
                         int note_offset,
                         SipDetector detector)
    : options_(options),
      rings_(rings),
      note_offset_(note_offset),
      arena_(options.socket, options.paging),
      media_(arena_, options_, rings, counters_),
      finder_(std::move(detector), arena_, options_.hash_seed),
      source_count_(options.sources.size()) {
  for (Burst& burst : bursts_) {
    burst.scratch = arena_.take<std::uint8_t>(std::size_t{kBurst} * kLargeMessageBytes);
  }
  std::copy(options.sources.begin(), options.sources.end(), sources_.begin());
  for (const std::uint16_t port : options.sip_ports) finder_.add_port(port);
  for (const std::uint16_t port : options.sip_tls_ports) finder_.add_tls_port(port);
  if (options.realms != nullptr) realms_ = *options.realms;
}

Result<Worker> Worker::create(const WorkerOptions& options, WorkerRings& rings) {
  if (options.sources.size() > kSourcesMax) {
    return make_error(ErrorCode::kInvalidArgument,
                      "A worker polls at most " + std::to_string(kSourcesMax) + " queues; " +
                          std::to_string(options.sources.size()) + " were given.");
  }
  if (options.sip_ports.size() > kSipPortsMax || options.sip_tls_ports.size() > kSipPortsMax) {
    return make_error(ErrorCode::kInvalidArgument,
                      "At most " + std::to_string(kSipPortsMax) + " SIP ports can be configured.");
  }
  Result<int> note_offset = register_packet_note();
  if (!note_offset) return note_offset.error();
  Result<SipDetector> detector = SipDetector::create();
  if (!detector) return detector.error();
  // Owned at once, so that every way out of here gives the arena back.
  Worker worker(new WorkerState(options, rings, *note_offset, std::move(*detector)));
  if (worker.state_->out_of_memory()) {
    return make_error(ErrorCode::kResources,
                      "No memory for the tables of worker " + std::to_string(options.index) +
                          " on NUMA node " + std::to_string(options.socket) + " (" +
                          std::to_string(options.streams_max) +
                          " streams); give DPDK more memory or lower the limits.");
  }
  return worker;
}

Worker::Worker(Worker&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Worker::~Worker() { delete state_; }

std::uint32_t heap_mib_needed(std::uint32_t mbuf_count,
                              std::uint16_t worker_count,
                              const RingOptions& rings) {
  const std::uint64_t messages = rings.small_messages * std::uint64_t{kSmallMessageBytes + 4'096} +
                                 rings.large_messages * std::uint64_t{kLargeMessageBytes + 4'096} +
                                 rings.returned_slots * std::uint64_t{kReturnedBytesMax + 4'096};
  const std::uint64_t per_worker = messages + rings.chunk_count * std::uint64_t{64} +
                                   rings.bind_slots * sizeof(BindMessage) +
                                   rings.report_slots * sizeof(StreamReport) +
                                   (rings.signal_slots + rings.chunk_slots) * sizeof(void*);
  const std::uint64_t bytes = mbuf_count * std::uint64_t{4'096} + worker_count * per_worker;
  return static_cast<std::uint32_t>((bytes + bytes / 8) >> 20) + 64;
}

std::uint32_t memory_mib_needed(std::uint32_t mbuf_count,
                                std::uint16_t worker_count,
                                const RingOptions& rings,
                                const WorkerOptions& worker) {
  const std::uint64_t addresses = std::uint64_t{worker.streams_max} * 2 + worker.claims_max;
  const std::uint64_t tables = worker.streams_max * (sizeof(StreamHot) + sizeof(StreamCold) + 128) +
                               addresses * (sizeof(Address) + 128) +
                               worker.claims_max * (sizeof(Claim) + 8) +
                               worker.calls_max * sizeof(CallSlot) +
                               4 * kBurst * kLargeMessageBytes + kTcpFlowsMax * std::uint64_t{16};
  const std::uint64_t bytes = worker_count * (rings.chunk_count * sizeof(Chunk) + tables);
  return static_cast<std::uint32_t>((bytes + bytes / 8) >> 20) +
         heap_mib_needed(mbuf_count, worker_count, rings);
}

}  // namespace tapdeck::engine
