// Orders to the call plane from other threads: they wait until its thread has obeyed.
// Threads: ask() any; serve() the call plane's.  Memory: one order per asking thread.
// Errors: kBusy when the call plane does not get to it in time.
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "model/pause.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {

class PlaneOrders {
 public:
  Result<PauseAnswer> ask(PauseOrder order);

  // Obeys what waits; costs a look at a flag while nothing does.
  void serve(calls::CallPlane& plane, std::int64_t timer_now_ns) {
    if (waits_.load(std::memory_order_relaxed)) serve_waiting(plane, timer_now_ns);
  }

 private:
  struct Waiting {
    PauseOrder order;
    std::promise<PauseAnswer> answer;
  };

  void serve_waiting(calls::CallPlane& plane, std::int64_t timer_now_ns);

  std::atomic<bool> waits_{false};
  std::mutex mutex_;
  std::vector<std::shared_ptr<Waiting>> waiting_;  // under mutex_
};

}  // namespace tapdeck::apps
