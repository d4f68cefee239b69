// The two feeders of record_load: a worker under the mill's load, or chunks that such a worker
// filled before and that go round; and what must be on disk when all is done.
//
// Threads: all methods on the feeding thread; rings() is shared with the writer, which takes chunks
// out and gives them home.  Memory: see record_load.h.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/load/mill.h"
#include "engine/rings.h"
#include "engine/worker.h"

namespace tapdeck::load {

class RecordRig {
 public:
  // For feed_prepared() there are two chunks a stream, otherwise chunks_of().
  enum class Feed : std::uint8_t { kPackets, kPrepared };

  RecordRig(std::uint32_t streams, Feed feed);

  // As many for each as the configuration's defaults have: they absorb a second of stalled disk.
  [[nodiscard]] static std::uint32_t chunks_of(std::uint32_t streams);

  // Chunks at all degrees of fullness.
  void warm_up();

  // warm_up(), then fills a chunk of each stream and keeps it for feed_prepared().
  void prepare();

  // kMbufs packets through the worker.
  void feed_packets();

  // Up to 64 chunks that are home, as the next ones of their streams.
  void feed_prepared();

  // The worker's open chunks go to the writer, too.  Waits for it where need be.
  void finish();

  // Takes in what was read back from the store: of one recording at a time.
  void read_back(const SectionHeader& section, ByteView records);
  [[nodiscard]] std::uint32_t wrong_streams() const;

  // The recording of a stream: two streams are a call.
  [[nodiscard]] static Uid recording_of(std::uint32_t stream);

  [[nodiscard]] engine::WorkerRings& rings() { return rings_; }

  [[nodiscard]] const Mill& mill() const { return mill_; }

  [[nodiscard]] const engine::WorkerCounters& counters() const { return worker_.counters(); }

  [[nodiscard]] std::int64_t worker_ns() const { return worker_ns_; }  // CPU time of its steps

 private:
  void bind(std::uint32_t stream);
  void discard();
  void step();
  void drop_reports();

  struct Prepared {  // by stream
    Tally chunk;
    std::uint32_t fed = 0;
    Tally found;
  };

  engine::Port port_;
  engine::WorkerRings rings_;
  engine::Worker worker_;
  Mill mill_;
  std::vector<Prepared> prepared_;  // empty: packets are fed
  std::vector<Chunk*> waiting_;     // prepared chunks never fed yet
  std::int64_t worker_ns_ = 0;
};

}  // namespace tapdeck::load
