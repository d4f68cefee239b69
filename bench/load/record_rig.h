// The two feeders of record_load: a worker under the mill's load, or chunks that such a worker
// filled before and that go round; and what must be on disk when all is done.
//
// Threads: all methods on the feeding thread; rings() is shared with the writer, which takes chunks
// out and gives them home.  Memory: see record_load.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bench/load/mill.h"
#include "engine/rings.h"
#include "engine/worker.h"

namespace tapdeck::load {

class RecordRig {
 public:
  enum class Feed : std::uint8_t { kPackets, kPrepared };

  // kResources: not enough memory.
  static Result<std::unique_ptr<RecordRig>> create(std::uint32_t streams, Feed feed);

  // As many for each as the configuration's defaults have: they absorb a second of stalled disk.
  // For feed_prepared(): two.
  [[nodiscard]] static std::uint32_t chunks_of(std::uint32_t streams, Feed feed = Feed::kPackets);

  // Chunks at all degrees of fullness.  Both end early when is_interrupted().
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

  // What was sent beside what was read back of it.
  struct Balance {
    std::uint64_t sent = 0;  // but for what the warm-up threw away
    std::uint64_t read_back = 0;
    std::uint64_t dropped = 0;        // by the worker, counted
    std::uint64_t damaged = 0;        // read back, but never sent so
    std::uint32_t wrong_streams = 0;  // nothing is missing of them, but they are not what was sent

    // Missing, or too many, and no counter says why.
    [[nodiscard]] std::uint64_t unexplained() const {
      const std::uint64_t known = read_back + dropped;
      return sent > known ? sent - known : known - sent;
    }
  };

  [[nodiscard]] Balance balance() const;

  // The recording of a stream: two streams are a call.
  [[nodiscard]] static Uid recording_of(std::uint32_t stream);

  [[nodiscard]] engine::WorkerRings& rings() { return rings_; }

  [[nodiscard]] const Mill& mill() const { return *mill_; }

  [[nodiscard]] const engine::WorkerCounters& counters() const { return worker_->counters(); }

  // Chunks that the worker can take now, and those that feed_packets() opens at most while nothing
  // is dropped: in each of the kRanks steps of a chunk some streams fill theirs.
  [[nodiscard]] std::uint32_t free_chunks() const;
  [[nodiscard]] std::uint32_t chunks_a_batch() const;

  [[nodiscard]] std::int64_t worker_ns() const { return worker_ns_; }  // CPU time of its steps

 private:
  RecordRig(engine::Port port, engine::WorkerRings rings)
      : port_(std::move(port)), rings_(std::move(rings)) {}

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
  std::optional<engine::Worker> worker_{};
  std::optional<Mill> mill_{};
  std::vector<Prepared> prepared_{};  // empty: packets are fed
  std::vector<Chunk*> waiting_{};     // prepared chunks never fed yet
  std::int64_t worker_ns_ = 0;
  std::uint64_t damaged_ = 0;    // of prepared chunks that were read back
  std::uint64_t discarded_ = 0;  // packets of the warm-up that were read back at once
};

}  // namespace tapdeck::load
