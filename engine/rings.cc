#include "engine/rings.h"

#include <memory>
#include <string>
#include <utility>

#include <rte_errno.h>

namespace tapdeck::engine {
namespace {

Result<rte_ring*> make_ring(const RingOptions& options,
                            const char* what,
                            std::uint32_t slots,
                            std::uint32_t element_bytes,
                            unsigned flags) {
  const std::string name = std::string("td_") + what + std::to_string(options.worker);
  rte_ring* ring = rte_ring_create_elem(name.c_str(), element_bytes, slots, options.socket, flags);
  if (ring == nullptr) {
    return make_errno_error(ErrorCode::kResources,
                            "No memory for the ring " + name + " of " + std::to_string(slots) +
                                " slots (powers of two only)",
                            rte_errno);
  }
  return ring;
}

// The worker alone takes; the worker and the call plane's thread put back.
Result<rte_mempool*> make_messages(const RingOptions& options,
                                   const char* what,
                                   std::uint32_t count,
                                   std::uint32_t capacity) {
  const std::string name = std::string("td_") + what + std::to_string(options.worker);
  rte_mempool* pool = rte_mempool_create(name.c_str(),
                                         count,
                                         static_cast<unsigned>(sizeof(SignalMessage)) + capacity,
                                         0,
                                         0,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         options.socket,
                                         RTE_MEMPOOL_F_SC_GET | RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr) {
    return make_errno_error(ErrorCode::kResources,
                            "No memory for " + std::to_string(count) + " SIP message buffers of " +
                                std::to_string(capacity) + " bytes",
                            rte_errno);
  }
  return pool;
}

}  // namespace

Result<WorkerRings> WorkerRings::create(const RingOptions& options) {
  WorkerRings rings;
  rings.options_ = options;

  struct Wanted {
    rte_ring** ring;
    const char* name;
    std::uint32_t slots;
    std::uint32_t element_bytes;
    unsigned flags;
  };

  constexpr unsigned kOneToOne = RING_F_SP_ENQ | RING_F_SC_DEQ;
  const Wanted wanted[] = {
      {&rings.binds_, "bind", options.bind_slots, sizeof(BindMessage), kOneToOne},
      {&rings.reports_, "report", options.report_slots, sizeof(StreamReport), kOneToOne},
      {&rings.signals_, "signal", options.signal_slots, sizeof(void*), kOneToOne},
      {&rings.chunks_, "chunk", options.chunk_slots, sizeof(void*), kOneToOne},
      {&rings.home_, "home", options.chunk_count, sizeof(void*), RING_F_SC_DEQ | RING_F_EXACT_SZ},
  };
  for (const Wanted& want : wanted) {
    Result<rte_ring*> ring =
        make_ring(options, want.name, want.slots, want.element_bytes, want.flags);
    if (!ring) return ring.error();
    *want.ring = *ring;
  }
  Result<rte_mempool*> small =
      make_messages(options, "small", options.small_messages, kSmallMessageBytes);
  if (!small) return small.error();
  rings.small_ = *small;
  Result<rte_mempool*> large =
      make_messages(options, "large", options.large_messages, kLargeMessageBytes);
  if (!large) return large.error();
  rings.large_ = *large;
  Result<ReturnedMedia> returned = ReturnedMedia::create(
      {.worker = options.worker, .socket = options.socket, .slots = options.returned_slots});
  if (!returned) return returned.error();
  rings.returned_ = std::move(*returned);

  rings.chunk_memory_ =
      take_block(options.chunk_count * sizeof(Chunk), options.socket, options.paging);
  if (rings.chunk_memory_.memory == nullptr) {
    return make_error(ErrorCode::kResources,
                      "No memory for " + std::to_string(options.chunk_count) +
                          " media chunks of 16 KiB on NUMA node " + std::to_string(options.socket) +
                          ".");
  }
  for (Chunk& chunk : rings.all_chunks()) {
    // By address only: a chunk that is never needed never uses a page.
    const int full = rte_ring_mp_enqueue(rings.home_, &chunk);
    TD_ASSERT(full == 0);
  }
  return rings;
}

WorkerRings::WorkerRings(WorkerRings&& other) noexcept
    : options_(other.options_),
      binds_(std::exchange(other.binds_, nullptr)),
      reports_(std::exchange(other.reports_, nullptr)),
      signals_(std::exchange(other.signals_, nullptr)),
      chunks_(std::exchange(other.chunks_, nullptr)),
      home_(std::exchange(other.home_, nullptr)),
      small_(std::exchange(other.small_, nullptr)),
      large_(std::exchange(other.large_, nullptr)),
      returned_(std::move(other.returned_)),
      chunk_memory_(std::exchange(other.chunk_memory_, {})) {}

WorkerRings::~WorkerRings() { destroy(); }

void WorkerRings::destroy() {
  for (rte_ring** ring : {&binds_, &reports_, &signals_, &chunks_, &home_}) {
    rte_ring_free(std::exchange(*ring, nullptr));
  }
  rte_mempool_free(std::exchange(small_, nullptr));
  rte_mempool_free(std::exchange(large_, nullptr));
  give_back(chunk_memory_);
}

}  // namespace tapdeck::engine
