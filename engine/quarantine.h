// Where RTP waits that no SDP explains yet: in RAM only, a bounded share of the chunk pool.
// Streams in probation have their last packet held in a small ring of slots; proven ones fill
// chunks.
//
// Threads: the owning worker.  Memory: slots and bookkeeping from an Arena, chunks of the pool.
// When full: the oldest chunk is evicted, and counted; when a destination has its share, the
// stream's own oldest goes, or the packet is dropped.  A bind adopts what is there; what is not
// becomes a gap record.
#pragma once

#include <cstdint>

#include "engine/chunk_pool.h"
#include "engine/chunker.h"
#include "engine/counters.h"
#include "engine/endpoint_map.h"
#include "engine/stream_table.h"

namespace tapdeck::engine {

struct QuarantineOptions {
  std::uint32_t chunks_max = 0;
  std::uint32_t per_destination_max = 0;
  std::int64_t age_ns = 0;
};

class Quarantine {
 public:
  struct Parts {
    StreamTable& streams;
    EndpointMap& endpoints;
    ChunkPool& pool;
    Chunker& chunker;
    WorkerCounters& counters;
  };

  Quarantine(Arena& arena, const Parts& parts, const QuarantineOptions& options);

  // Holds the last packet of a stream in probation; what it held before is lost and told.
  void hold(std::uint32_t stream, ByteView packet, std::int64_t time_ns);

  // The packet that hold() keeps for a stream; empty: none.
  [[nodiscard]] ByteView held(std::uint32_t stream) const {
    const Slot& slot = slots_[parts_.streams.cold(stream).held_packet];
    return ByteView{slot.bytes}.first(slot.stream == stream ? slot.length : 0);
  }

  // Moves the held packet into a chunk: the stream has proven itself.
  void promote(std::uint32_t stream, std::int64_t now_ns);

  // Keeps a packet of a proven stream.  False when it was dropped.
  bool append(std::uint32_t stream, ByteView packet, std::int64_t time_ns, std::int64_t now_ns);

  // The stream has been bound to `call`, and its cold state says what is to be masked: hands its
  // chunks on, without what came while nothing of the call was to be kept.
  void adopt(std::uint32_t stream, const CallSlot& call, std::int64_t now_ns);

  // Frees all that is kept of a stream.
  void discard(std::uint32_t stream);

  // The same, counted as too old.
  void expire(std::uint32_t stream);

  // The same, its packets counted as lost for this reason.
  void lose(std::uint32_t stream, DropReason reason);

  // Gives up its oldest chunk, so that a call may have it.  False when it has none.
  bool yield_chunk();

  // Discards chunks older than the age limit, at most `budget`.
  void discard_aged(std::int64_t now_ns, std::uint32_t budget);
  void discard_all();

 private:
  struct Slot {
    std::uint32_t stream;
    std::uint32_t length;
    std::int64_t time_ns;
    std::array<std::uint8_t, 1'520> bytes;
  };

  struct Held {          // one per chunk of the pool
    Link age;            // all quarantined chunks, oldest first
    std::uint32_t next;  // newer chunk of the same stream
    std::uint32_t stream;
  };

  void release_slot(std::uint32_t stream);
  void evict(std::uint32_t chunk, DropReason reason);
  [[nodiscard]] std::uint32_t take_chunk(std::uint32_t stream);
  // Takes the stream's oldest chunk out of the bookkeeping, and says which it was.
  std::uint32_t detach_first(std::uint32_t stream);
  void cut_unwanted(std::uint32_t stream, Chunk& chunk, const CallSlot& call);

  Parts parts_;
  QuarantineOptions options_;
  std::span<Slot> slots_;
  std::span<Held> held_;
  ListHead by_age_;
  std::uint32_t chunk_count_ = 0;
  std::uint32_t next_slot_ = 1;
};

}  // namespace tapdeck::engine
