// One worker of the data plane: receives, decodes, classifies, follows RTP streams, fills chunks.
// Passive: its owner calls step() as often as it can.
//
// Threads: step(), finish() and visit_streams() on the one owning thread; counters() anywhere.
// Memory: everything in create(), NUMA-local; step() takes no lock, makes no system call and
// allocates nothing.
// When a ring, pool or table is full: the loss is counted under its reason and told in the
// recording as a gap.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/counters.h"
#include "engine/decode/realm_map.h"
#include "engine/decode/rules.h"
#include "engine/port.h"
#include "engine/rings.h"
#include "model/stream.h"

namespace tapdeck::engine {

constexpr std::size_t kSipPortsMax = 16;

// One receive queue that a worker polls.
struct QueueSource {
  // DPDK's; kNoPort while there is none.  Outlives the worker.
  const std::atomic<std::uint16_t>* port_id = nullptr;
  std::uint16_t queue = 0;
  std::uint16_t port_index = 0;  // into the configured ports
  RealmId realm = 0;             // of what no tag or tunnel puts elsewhere
  bool has_notes = false;        // packets carry PacketNote
  int timestamp_offset = -1;
  std::uint64_t timestamp_flag = 0;
  std::uint32_t timestamp_unit_ns = 1;
};

QueueSource make_source(const Port& port, std::uint16_t queue);

struct WorkerOptions {
  std::uint16_t index = 0;
  int socket = 0;
  Paging paging = Paging::kWhenTouched;
  std::vector<QueueSource> sources{};
  std::vector<std::uint16_t> sip_ports = {5060};      // at most kSipPortsMax
  std::vector<std::uint16_t> sip_tls_ports = {5061};  // likewise
  DecodeRules decode{};
  std::shared_ptr<const RealmMap> realms{};         // copied; none: a packet is of its port's realm
  std::uint32_t streams_max = 65'536;               // tracked at once
  std::uint32_t claims_max = 65'536;                // (address, call) bindings at once
  std::uint32_t calls_max = 600'000;                // CallHandle::index is at most this
  std::int64_t flush_interval_ns = 5'000'000'000;   // age at which partial chunks go out
  std::int64_t report_interval_ns = 5'000'000'000;  // activity reports; ageing of streams
  std::int64_t quarantine_age_ns = 10'000'000'000;  // unexplained RTP is kept this long
  std::int64_t unbound_idle_ns = 60'000'000'000;  // silent unbound streams are forgotten after this
  std::int64_t bound_idle_ns = 3'600'000'000'000;  // silent streams of calls, likewise
  std::uint32_t quarantine_pct = 10;               // share of the chunks
  std::uint32_t quarantine_per_destination = 64;   // chunks of one destination address
  std::uint64_t hash_seed = 0;                     // random in `run`; fixed in `ingest`
};

struct StepTime {
  std::int64_t timer_now_ns = 0;  // ages things: monotonic in `run`, running maximum of packet time
                                  // in `ingest`
  std::int64_t host_now_ns = 0;   // UTC: time of packets that carry none
};

// One RTP stream as visit_streams() shows it.
struct StreamView {
  StreamReport report;  // call is none when unbound; kind is kActivity
  bool bound = false;
  bool proven = false;  // past probation: two packets in sequence, or bound
};

using StreamVisitor = void (*)(void* context, const StreamView& view);

class WorkerState;  // engine/worker_state.h

class Worker {
 public:
  // `rings` must outlive the worker.  Needs a started EAL and registers the packet note.
  static Result<Worker> create(const WorkerOptions& options, WorkerRings& rings);

  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&&) = delete;
  ~Worker();

  // Handles binding messages, polls each queue once, ages what is due (bounded work).  Returns how
  // many packets and messages it handled; 0 means idle.
  std::uint32_t step(const StepTime& now);

  // End of a capture: hands out the open chunks of calls and discards what is quarantined.  May be
  // followed by more step()s, which answer kRelease.  Returns false when the chunk ring was full
  // and it wants to be called again.
  bool finish(const StepTime& now);

  // All tracked streams.  The order depends on their history on this worker: sort by the report's
  // addresses, SSRC and first_ns where it matters.
  void visit_streams(StreamVisitor visitor, void* context) const;

  template <typename Function>
  void for_each_stream(Function&& function) const {
    visit_streams(
        [](void* context, const StreamView& view) {
          (*static_cast<std::remove_reference_t<Function>*>(context))(view);
        },
        &function);
  }

  [[nodiscard]] const WorkerCounters& counters() const;

 private:
  explicit Worker(WorkerState* state) : state_(state) {}

  WorkerState* state_;
};

}  // namespace tapdeck::engine
