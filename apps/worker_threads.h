// Runs each worker on its lcore until told to stop, and says whether they still move.
// Threads: start() and stop() by the main thread; beats() by the watchdog.  Memory: one slot per
// worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "engine/worker.h"

namespace tapdeck::apps {

class WorkerThreads {
 public:
  // `idle_sleep_us` after a step that found nothing; 0 polls without rest.
  WorkerThreads(const std::vector<engine::Worker*>& workers, std::uint32_t idle_sleep_us);
  ~WorkerThreads();  // stop()

  // One lcore per worker; kResources when the EAL has fewer.
  Result<void> start();
  void stop();  // waits for all; idempotent

  // Waits until each worker has begun and ended a step; false when one does not within a second.
  [[nodiscard]] bool pass_a_step() const;

  // Grows with every step of worker `index`.
  [[nodiscard]] std::uint64_t beats(std::size_t index) const {
    return slots_[index]->beats.value();
  }

  [[nodiscard]] std::size_t count() const { return slots_.size(); }

 private:
  struct alignas(64) Slot {
    engine::Worker* worker = nullptr;
    const std::atomic<bool>* stopping = nullptr;
    std::uint32_t idle_sleep_us = 0;
    Counter beats;  // worker: wo, watchdog: ro
  };

  static int run(void* slot);

  std::atomic<bool> stopping_{false};
  bool started_ = false;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace tapdeck::apps
