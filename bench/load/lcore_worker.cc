#include "bench/load/lcore_worker.h"

#include <rte_cycles.h>
#include <rte_launch.h>

#include "base/clock.h"

namespace tapdeck::load {

Result<void> LcoreWorker::start(unsigned lcore) {
  if (rte_eal_remote_launch(&LcoreWorker::run, this, lcore) != 0) {
    return make_error(ErrorCode::kResources, "An lcore refuses to run a worker.");
  }
  lcore_ = lcore;
  started_ = true;
  return {};
}

void LcoreWorker::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (started_) rte_eal_wait_lcore(lcore_);
  started_ = false;
}

int LcoreWorker::run(void* self) {
  static_cast<LcoreWorker*>(self)->loop();
  return 0;
}

void LcoreWorker::loop() {
  std::uint32_t flushed = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    engine::StepTime now{};
    if (packet_now_ns_ != nullptr) {
      now.timer_now_ns = packet_now_ns_->load(std::memory_order_relaxed);
      now.host_now_ns = now.timer_now_ns;
    } else {
      now = {.timer_now_ns = monotonic_now_ns(), .host_now_ns = wall_now_ns()};
    }
    const std::uint64_t begin = rte_rdtsc();
    const std::uint32_t moved = worker_.step(now);
    if (moved != 0) {
      busy_cycles_.add(rte_rdtsc() - begin);
    } else if (flushed != asked_.load(std::memory_order_relaxed) && worker_.finish(now)) {
      ++flushed;
      done_.store(flushed, std::memory_order_release);
    }
  }
}

}  // namespace tapdeck::load
