// Runs one worker on an lcore of its own, and tells what its busy steps took.
// Threads: methods are the main lcore's; the worker's steps run on its own.  Memory: one row.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/counters.h"
#include "base/result.h"
#include "engine/worker.h"

namespace tapdeck::load {

class LcoreWorker {
 public:
  // `packet_now_ns`: the time, where packets bring it along; null: the clocks of the host.
  LcoreWorker(engine::Worker& worker, const std::atomic<std::int64_t>* packet_now_ns)
      : worker_(worker), packet_now_ns_(packet_now_ns) {}

  LcoreWorker(const LcoreWorker&) = delete;
  LcoreWorker& operator=(const LcoreWorker&) = delete;

  ~LcoreWorker() { stop(); }

  Result<void> start(unsigned lcore);
  void stop();

  // Asks for all open chunks; they are out when has_flushed().
  void flush() { asked_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] bool has_flushed() const {
    return done_.load(std::memory_order_acquire) == asked_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t busy_cycles() const { return busy_cycles_.value(); }

  [[nodiscard]] const engine::WorkerCounters& counters() const { return worker_.counters(); }

 private:
  static int run(void* self);
  void loop();

  engine::Worker& worker_;
  const std::atomic<std::int64_t>* packet_now_ns_;
  unsigned lcore_ = 0;
  bool started_ = false;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint32_t> asked_{0};
  std::atomic<std::uint32_t> done_{0};
  Counter busy_cycles_;
};

}  // namespace tapdeck::load
