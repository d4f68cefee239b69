#include "bench/load/interrupt.h"

#include <atomic>

namespace tapdeck::load {
namespace {

constexpr std::array<int, 2> kInterrupts = {SIGINT, SIGTERM};
std::atomic<bool> g_interrupted{false};  // a handler reaches nothing else

void note_interrupt(int) { g_interrupted.store(true, std::memory_order_relaxed); }

}  // namespace

InterruptGuard::InterruptGuard() {
  g_interrupted.store(false);

  struct sigaction action {};

  action.sa_handler = note_interrupt;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  for (std::size_t i = 0; i < kInterrupts.size(); ++i) {
    sigaction(kInterrupts[i], &action, &before_[i]);
  }
}

InterruptGuard::~InterruptGuard() {
  for (std::size_t i = 0; i < kInterrupts.size(); ++i) {
    sigaction(kInterrupts[i], &before_[i], nullptr);
  }
}

bool is_interrupted() { return g_interrupted.load(std::memory_order_relaxed); }

Result<void> go_on() {
  if (is_interrupted()) return make_error(ErrorCode::kCancelled, "Interrupted by a signal.");
  return {};
}

}  // namespace tapdeck::load
