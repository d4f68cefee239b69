// Media on its way to a disk: the worker's load of bench/load/mill.h, recorded by a real writer
// into the real, encrypted segments of a real store, and read back from it: every packet and byte
// must be the generator's.  The worker, with the generator in its thread, has one core and the
// writer the other.
//
// Threads: run_record_load() starts and joins its own: writer, keeper of rows, readers.
// Memory: the default number of chunks per stream, the tables of one worker, the store's staging.
// Failing: Result; a directory in memory (tmpfs) is refused.  What it wrote is removed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bench/load/record_limits.h"
#include "storage/store.h"

namespace tapdeck::load {

enum class RecordFeed : std::uint8_t {
  kWorker,    // packets through a worker
  kPrepared,  // full chunks made beforehand, over and over: the writer's own ceiling
};

struct RecordOptions {
  std::string directory;  // on the disk to be measured; a store is made in it, and removed
  RecordFeed feed = RecordFeed::kWorker;
  std::uint32_t streams = 100'000;
  double seconds = 8;
  double mpps = 0;                // open loop at this rate; 0: as fast as the writer takes it
  double stall_s = 0;             // with a rate: after a third the writer stands still so long
  bool limits = true;             // measure them, too
  unsigned worker_cpu = 0;        // of the worker, and the generator
  unsigned writer_cpu = 0;        // of the writer, and what keeps rows
  storage::StoreOptions store{};  // all but its directory
};

struct RecordResult {
  double seconds = 0;              // from the first packet until all chunks were durable
  std::uint64_t packets = 0;       // in these chunks
  std::uint64_t chunks = 0;        //
  std::uint64_t stored_bytes = 0;  // written for them
  std::uint64_t missed = 0;  // open loop: packets that were due and not made, for want of time
  std::vector<std::pair<std::string, std::uint64_t>>
      drops;                        // by reasons that lose packets, those > 0
  std::uint64_t lost_late = 0;      // of them, in the last quarter of the time
  std::uint64_t chunks_failed = 0;  // refused by the disk
  double patch_ns = 0;              // CPU per packet: the generator, on the worker's core
  double worker_ns = 0;             // CPU per packet: the worker
  double writer_cpu = 0;            // CPU seconds per second
  double keeper_cpu = 0;
  std::uint32_t waiting_most = 0;  // chunks on their way to the writer
  double waited = 0;    // share of the time in which the worker's core waited for the writer
  bool stayed = true;   // threads on their CPUs
  bool direct = false;  // O_DIRECT through io_uring, all of it
  RecordLimits limits;
  std::uint64_t recordings = 0;  // read back
  std::uint64_t sent = 0;        // packets, from the beginning; some are in no chunk of `packets`
  std::uint64_t packets_read = 0;
  // What must be 0, or the figures are worth nothing.
  std::uint64_t unexplained = 0;    // sent, neither read back nor dropped; or too many
  std::uint64_t damaged = 0;        // read back, but never sent so
  std::uint32_t wrong_streams = 0;  // nothing is missing of them, but they are not what was sent

  [[nodiscard]] bool is_intact() const {
    return unexplained == 0 && damaged == 0 && wrong_streams == 0;
  }

  [[nodiscard]] std::uint64_t lost() const { return sent > packets_read ? sent - packets_read : 0; }

  [[nodiscard]] double mpps() const { return static_cast<double>(packets) / seconds / 1e6; }

  [[nodiscard]] double bytes_per_second() const {
    return static_cast<double>(stored_bytes) / seconds;
  }

  // What the writer made of the lower of its two limits.
  [[nodiscard]] double efficiency() const { return bytes_per_second() / limits.lower(); }
};

// EAL must have been started.
Result<RecordResult> run_record_load(const RecordOptions& options);

}  // namespace tapdeck::load
