// Everything that enters or leaves one worker: bounded rte_rings, the worker's chunks and its
// message buffers.  The inline methods are the hot path of both sides.
//
// Threads: methods say their side; each side is one thread at a time, but take_home() and
// release() which any thread may call.
// Memory: all from DPDK's heap on `socket`, in create(); none afterwards.
// When full: push returns false (or null) and the caller counts or retries.
#pragma once

#include <cstdint>
#include <new>
#include <span>

#include <rte_mempool.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "base/result.h"
#include "engine/host_memory.h"
#include "engine/returned_media.h"
#include "model/binding.h"
#include "model/chunk.h"
#include "model/signal.h"
#include "model/stream.h"

namespace tapdeck::engine {

struct RingOptions {
  std::uint16_t worker = 0;              // index, part of the rings' names
  int socket = 0;                        // NUMA node
  Paging paging = Paging::kWhenTouched;  // of the chunks
  std::uint32_t chunk_count = 4'096;     // of 16 KiB each
  std::uint32_t chunk_slots = 4'096;     // of the ring to the writer
  std::uint32_t bind_slots = 4'096;      // powers of two, all of them
  std::uint32_t report_slots = 4'096;
  std::uint32_t signal_slots = 4'096;
  std::uint32_t small_messages = 4'095;  // buffers of 2 KiB
  std::uint32_t large_messages = 63;     // buffers of 64 KiB
  std::uint32_t returned_slots = 128;    // of 16 KiB each
};

constexpr std::uint32_t kSmallMessageBytes = 2'048;
constexpr std::uint32_t kLargeMessageBytes = 65'536;

class WorkerRings {
 public:
  static Result<WorkerRings> create(const RingOptions& options);

  WorkerRings(WorkerRings&& other) noexcept;
  WorkerRings& operator=(WorkerRings&&) = delete;
  ~WorkerRings();  // every message and chunk must be home or forgotten

  // --- call plane's side ---
  [[nodiscard]] bool push_bind(const BindMessage& message) {
    return rte_ring_enqueue_elem(binds_, const_cast<BindMessage*>(&message), sizeof message) == 0;
  }

  [[nodiscard]] bool pop_report(StreamReport& report) {
    return rte_ring_dequeue_elem(reports_, &report, sizeof report) == 0;
  }

  // Null when there is none; the caller owes release().
  [[nodiscard]] SignalMessage* pop_signal() { return pop_pointer<SignalMessage>(signals_); }

  // Any thread.  The message may be of any worker.
  static void release(SignalMessage* message) {
    rte_mempool_put(rte_mempool_from_obj(message), message);
  }

  // --- writer's side ---
  // Null when there is none; the caller owes take_home() on the rings of chunk->worker.
  [[nodiscard]] Chunk* pop_chunk() { return pop_pointer<Chunk>(chunks_); }

  // Chunks on their way to the writer; exact for the writer, who alone takes them out.
  [[nodiscard]] std::uint32_t chunk_count() const { return rte_ring_count(chunks_); }

  // Any thread.  Never full: the ring holds all chunks there are.
  void take_home(Chunk* chunk) {
    TD_DCHECK(chunk->worker == options_.worker);
    const int full = rte_ring_mp_enqueue(home_, chunk);
    TD_ASSERT(full == 0);
  }

  // --- worker's side ---
  [[nodiscard]] bool pop_bind(BindMessage& message) {
    return rte_ring_dequeue_elem(binds_, &message, sizeof message) == 0;
  }

  [[nodiscard]] bool push_report(const StreamReport& report) {
    return rte_ring_enqueue_elem(reports_, const_cast<StreamReport*>(&report), sizeof report) == 0;
  }

  [[nodiscard]] std::uint32_t report_room() const { return rte_ring_free_count(reports_); }

  [[nodiscard]] bool push_signal(SignalMessage* message) {
    return rte_ring_enqueue(signals_, message) == 0;
  }

  // True while fragments may take room that messages could need: half of the buffers is theirs
  // alone.
  [[nodiscard]] bool has_room_for_fragments() const {
    return rte_ring_count(signals_) < options_.small_messages / 2;
  }

  // A buffer for `length` bytes with `bytes` and `capacity` set; null when none is free.
  [[nodiscard]] SignalMessage* take_message(std::uint32_t length) {
    if (length > kLargeMessageBytes) return nullptr;
    void* object = nullptr;
    std::uint32_t capacity = kSmallMessageBytes;
    if (length > kSmallMessageBytes || rte_mempool_get(small_, &object) != 0) {
      capacity = kLargeMessageBytes;
      if (rte_mempool_get(large_, &object) != 0) return nullptr;
    }
    auto* message = new (object) SignalMessage{};
    message->capacity = capacity;
    message->bytes = bytes_of(message);
    return message;
  }

  // Where the bytes of a message of this pool are written.
  static std::uint8_t* bytes_of(SignalMessage* message) {
    return reinterpret_cast<std::uint8_t*>(message) + sizeof(SignalMessage);
  }

  [[nodiscard]] bool push_chunk(Chunk* chunk) {
    chunk->worker = options_.worker;
    return rte_ring_enqueue(chunks_, chunk) == 0;
  }

  [[nodiscard]] std::uint32_t chunk_room() const { return rte_ring_free_count(chunks_); }

  // Chunks that have come home, up to `into.size()`; nothing in them is set.
  [[nodiscard]] std::uint32_t pop_home(std::span<Chunk*> into) {
    return rte_ring_sc_dequeue_burst(
        home_, reinterpret_cast<void**>(into.data()), static_cast<unsigned>(into.size()), nullptr);
  }

  // Chunks that came home and were not taken in yet.  Any thread.
  [[nodiscard]] std::uint32_t home_count() const { return rte_ring_count(home_); }

  // All chunks of this worker, by index; all are in the home ring after create().
  [[nodiscard]] std::span<Chunk> all_chunks() const {
    return {static_cast<Chunk*>(chunk_memory_.memory), options_.chunk_count};
  }

  // How full the ring to the writer is: 0 to 1.  Any thread.
  [[nodiscard]] double chunk_ring_fill() const {
    return static_cast<double>(rte_ring_count(chunks_)) /
           static_cast<double>(rte_ring_get_capacity(chunks_));
  }

  // Media that comes back from the call plane's thread.
  [[nodiscard]] ReturnedMedia& returned() { return returned_; }

  [[nodiscard]] const RingOptions& options() const { return options_; }

 private:
  WorkerRings() = default;
  void destroy();

  template <typename T>
  static T* pop_pointer(rte_ring* ring) {
    void* object = nullptr;
    return rte_ring_dequeue(ring, &object) == 0 ? static_cast<T*>(object) : nullptr;
  }

  RingOptions options_;
  rte_ring* binds_ = nullptr;
  rte_ring* reports_ = nullptr;
  rte_ring* signals_ = nullptr;
  rte_ring* chunks_ = nullptr;
  rte_ring* home_ = nullptr;
  rte_mempool* small_ = nullptr;
  rte_mempool* large_ = nullptr;
  ReturnedMedia returned_;
  HostBlock chunk_memory_;
};

static_assert(sizeof(BindMessage) % 4 == 0 && sizeof(StreamReport) % 4 == 0,
              "rte_ring elements are multiples of 4 bytes");

struct WorkerOptions;

// What DPDK's heap must give without hugepages, in MiB: mbufs of all ports, and per worker its
// rings and messages, with room to spare.  Chunks and tables are then the kernel's (host_memory.h).
std::uint32_t heap_mib_needed(std::uint32_t mbuf_count,
                              std::uint16_t worker_count,
                              const RingOptions& rings);

// All of it, in MiB: what must be free in hugepages.
std::uint32_t memory_mib_needed(std::uint32_t mbuf_count,
                                std::uint16_t worker_count,
                                const RingOptions& rings,
                                const WorkerOptions& worker);

}  // namespace tapdeck::engine
