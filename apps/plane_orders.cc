#include "apps/plane_orders.h"

#include <chrono>
#include <utility>

namespace tapdeck::apps {
namespace {

constexpr std::chrono::seconds kPatience{5};

}  // namespace

Result<void> PlaneOrders::give(Order order) {
  auto waiting = std::make_shared<Waiting>();
  waiting->order = std::move(order);
  const std::future<void> done = waiting->done.get_future();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back(waiting);
    waits_.store(true, std::memory_order_relaxed);
  }
  if (done.wait_for(kPatience) == std::future_status::ready) return {};
  const std::lock_guard<std::mutex> lock(mutex_);
  if (done.wait_for(std::chrono::seconds(0)) == std::future_status::ready) return {};
  std::erase(waiting_, waiting);  // it is not obeyed later, unseen
  return make_error(ErrorCode::kBusy, "The call plane has not answered within 5 s.");
}

Result<PauseAnswer> PlaneOrders::ask(const PauseOrder& order) {
  PauseAnswer answer;
  TD_TRY(give([&](calls::CallPlane& plane, std::int64_t timer_now_ns) {
    answer = plane.order_pause(order, timer_now_ns);
  }));
  return answer;
}

void PlaneOrders::serve_waiting(calls::CallPlane& plane, std::int64_t timer_now_ns) {
  // Under the lock, so that whoever stops waiting knows whether it was obeyed.
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const std::shared_ptr<Waiting>& waiting : waiting_) {
    waiting->order(plane, timer_now_ns);
    waiting->done.set_value();
  }
  waiting_.clear();
  waits_.store(false, std::memory_order_relaxed);
}

}  // namespace tapdeck::apps
