// Orders to the call plane from other threads: they wait until its thread has obeyed.
// Threads: ask() and give() any; serve() the call plane's.  Memory: one order per waiting thread.
// Errors: kBusy when the call plane does not get to it in time; then it is not obeyed later either.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
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
  using Order = std::function<void(calls::CallPlane& plane, std::int64_t timer_now_ns)>;

  // May use what the caller has on its stack.
  Result<void> give(Order order);

  Result<PauseAnswer> ask(const PauseOrder& order);

  // Obeys what waits; costs a look at a flag while nothing does.
  void serve(calls::CallPlane& plane, std::int64_t timer_now_ns) {
    if (waits_.load(std::memory_order_relaxed)) serve_waiting(plane, timer_now_ns);
  }

 private:
  struct Waiting {
    Order order;
    std::promise<void> done;
  };

  void serve_waiting(calls::CallPlane& plane, std::int64_t timer_now_ns);

  std::atomic<bool> waits_{false};
  std::mutex mutex_;
  std::vector<std::shared_ptr<Waiting>> waiting_;  // under mutex_
};

}  // namespace tapdeck::apps
