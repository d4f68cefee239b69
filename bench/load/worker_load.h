// A whole worker under a load that no cache holds: packets of 20 ms of G.711 for up to half a
// million streams, received from a ring port, decoded, classified, looked up, counted and copied
// into chunks, which a null writer reads back and gives home.
//
// Nothing of it is a toy: 32 768 mbufs in shuffled order, consecutive numbers per stream, a chunk
// of its own for each stream, and after the run every stream's packets and bytes, as read back from
// the chunks, must be those that were sent.  Only the worker's steps are timed, by the thread's CPU
// time; patching the packets is timed apart.
//
// Several workers at once share nothing but the machine: each has a port, streams and a thread of
// its own.
//
// Threads: the caller's, and an lcore for each further worker.  Memory: 18 KiB a stream of each
// worker and more, given back at the end.  Needs a started EAL with these lcores.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "bench/load/floors.h"

namespace tapdeck::load {

struct WorkerLoadOptions {
  std::uint32_t streams = 1'000;
  std::uint32_t workers = 1;  // at once, each with so many streams
  double seconds = 2;         // of each worker's time
  bool floors = true;         // measure those, too
  std::uint32_t rules = 0;    // so many decided what workers are told of each call (bench_policy.h)
};

struct WorkerLoadResult {
  std::uint64_t packets = 0;
  double worker_ns = 0;  // per packet; median of the batches; the mean of the workers
  double worker_least_ns = 0;
  double patch_ns = 0;   // CPU time of the generator, per packet; not in worker_ns
  double rate_mpps = 0;  // of all workers together
  Floors floors{};       // of one worker
  // What must be 0, or the figures are worth nothing.
  std::uint64_t dropped_packets = 0;
  std::uint64_t uncounted_packets = 0;  // sent, but not counted as RTP of a call
  std::uint32_t wrong_streams = 0;      // packets or bytes are not those that were sent

  [[nodiscard]] bool is_intact() const {
    return dropped_packets == 0 && uncounted_packets == 0 && wrong_streams == 0;
  }
};

// One port of DPDK for each.
std::uint32_t worker_loads_max();

// Of each worker; with their tables they are nearly all of its memory.
constexpr std::uint64_t chunks_of_worker_load(std::uint64_t streams) {
  return streams + streams / 50 + 4'096;
}

Result<WorkerLoadResult> run_worker_load(const WorkerLoadOptions& options);

}  // namespace tapdeck::load
