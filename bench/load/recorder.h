// What `tapdeck run` does with the chunks of a worker, for record_load: one thread writes them to a
// store, another commits rows; both stay on one core.
//
// Threads: the creating thread, but for its own two; the store and the rings must outlive it.
// Memory: sixteen pointers.  Failing: counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/counters.h"
#include "engine/rings.h"
#include "model/ids.h"
#include "storage/store.h"

namespace tapdeck::load {

// The calling thread, and those that it starts.  False: the process may not use this CPU.
bool stay_on(unsigned cpu);

class Recorder {
 public:
  // Ends `recordings` when it is stopped.
  Recorder(storage::Store& store,
           engine::WorkerRings& rings,
           std::vector<Uid> recordings,
           unsigned cpu);

  ~Recorder() { stop(); }

  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void stop();

  // Waits until everything that was handed over is durable.
  void settle();

  // The writer takes nothing from now on for so long, as when its device does not answer.
  void stall(double seconds);

  [[nodiscard]] std::uint64_t chunks() const { return chunks_.value(); }

  [[nodiscard]] std::uint64_t failed() const { return failed_.value(); }

  [[nodiscard]] double writer_seconds() const { return seconds(writer_ns_); }

  [[nodiscard]] double keeper_seconds() const { return seconds(keeper_ns_); }

 private:
  static double seconds(const Counter& ns) { return static_cast<double>(ns.value()) / 1e9; }

  void write();
  std::uint32_t write_chunks();
  void keep();

  storage::Store& store_;
  engine::WorkerRings& rings_;
  const std::vector<Uid> recordings_;
  const unsigned cpu_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> flush_{false};
  std::atomic<std::int64_t> stalled_until_ns_{0};
  std::vector<Chunk*> batch_;
  std::size_t written_ = 0;  // of batch_
  Counter chunks_;
  Counter failed_;
  Counter writer_ns_;
  Counter keeper_ns_;
  std::thread writer_;
  std::thread keeper_;
};

}  // namespace tapdeck::load
