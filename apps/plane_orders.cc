#include "apps/plane_orders.h"

#include <chrono>
#include <utility>

namespace tapdeck::apps {
namespace {

constexpr std::chrono::seconds kPatience{5};

}  // namespace

Result<PauseAnswer> PlaneOrders::ask(PauseOrder order) {
  auto waiting = std::make_shared<Waiting>();
  waiting->order = std::move(order);
  std::future<PauseAnswer> answer = waiting->answer.get_future();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back(waiting);
    waits_.store(true, std::memory_order_relaxed);
  }
  if (answer.wait_for(kPatience) == std::future_status::ready) return answer.get();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready) return answer.get();
  std::erase(waiting_, waiting);  // it is not obeyed later, unseen
  return make_error(ErrorCode::kBusy, "The call plane has not answered within 5 s.");
}

void PlaneOrders::serve_waiting(calls::CallPlane& plane, std::int64_t timer_now_ns) {
  // Under the lock, so that whoever stops waiting knows whether it was obeyed.
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const std::shared_ptr<Waiting>& waiting : waiting_) {
    waiting->answer.set_value(plane.order_pause(waiting->order, timer_now_ns));
  }
  waiting_.clear();
  waits_.store(false, std::memory_order_relaxed);
}

}  // namespace tapdeck::apps
