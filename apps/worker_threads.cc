#include "apps/worker_threads.h"

#include <unistd.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "base/clock.h"

namespace tapdeck::apps {

WorkerThreads::WorkerThreads(const std::vector<engine::Worker*>& workers,
                             std::uint32_t idle_sleep_us) {
  for (engine::Worker* worker : workers) {
    auto slot = std::make_unique<Slot>();
    slot->worker = worker;
    slot->stopping = &stopping_;
    slot->idle_sleep_us = idle_sleep_us;
    slots_.push_back(std::move(slot));
  }
}

WorkerThreads::~WorkerThreads() { stop(); }

Result<void> WorkerThreads::start() {
  std::size_t next = 0;
  unsigned lcore = 0;
  RTE_LCORE_FOREACH_WORKER(lcore) {
    if (next == slots_.size()) break;
    if (rte_eal_remote_launch(&WorkerThreads::run, slots_[next].get(), lcore) != 0) {
      stop();
      return make_error(ErrorCode::kResources, "an lcore refuses to run a worker");
    }
    started_ = true;
    ++next;
  }
  if (next < slots_.size()) {
    stop();
    return make_error(ErrorCode::kResources,
                      "there are " + std::to_string(slots_.size()) + " workers but only " +
                          std::to_string(next) + " worker lcores; see eal.lcores");
  }
  return {};
}

void WorkerThreads::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (started_) rte_eal_mp_wait_lcore();
  started_ = false;
}

bool WorkerThreads::pass_a_step() const {
  constexpr std::int64_t kPatienceNs = kNsPerSecond;
  constexpr std::uint32_t kLookUs = 200;
  std::vector<std::uint64_t> before;
  for (std::size_t i = 0; i < slots_.size(); ++i) before.push_back(beats(i));
  const std::int64_t deadline_ns = monotonic_now_ns() + kPatienceNs;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    // The step that was under way is one, the next has seen what was there before the call.
    while (beats(i) < before[i] + 2) {
      if (monotonic_now_ns() > deadline_ns) return false;
      ::usleep(kLookUs);
    }
  }
  return true;
}

int WorkerThreads::run(void* argument) {
  Slot& slot = *static_cast<Slot*>(argument);
  while (!slot.stopping->load(std::memory_order_relaxed)) {
    const engine::StepTime now{.timer_now_ns = monotonic_now_ns(), .host_now_ns = wall_now_ns()};
    const std::uint32_t moved = slot.worker->step(now);
    slot.beats.add();
    if (moved == 0 && slot.idle_sleep_us > 0) ::usleep(slot.idle_sleep_us);
  }
  return 0;
}

}  // namespace tapdeck::apps
