#include "apps/retention_thread.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace tapdeck::apps {
namespace {

// What is over is to be gone within a minute.
constexpr std::chrono::seconds kStep{10};

}  // namespace

void RetentionThread::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
}

void RetentionThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string RetentionThread::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void RetentionThread::loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    step();
    lock.lock();
    wake_.wait_for(lock, kStep, [this] { return stopping_; });
  }
}

void RetentionThread::step() {
  if (work_) {
    if (const auto done = work_(); !done) log_error("retention: " + done.error().message);
  }
  const auto applied = desk_.apply();
  std::string trouble;
  if (applied) {
    figures_.expired.add(applied->expired);
    figures_.segments_removed.add(applied->segments_removed);
    figures_.bytes_removed.add(applied->bytes_removed);
    figures_.bytes_punched.add(applied->bytes_punched);
    figures_.held.set(applied->held);
  } else {
    figures_.failures.add();
    trouble = applied.error().message;
  }
  const std::lock_guard lock(mutex_);
  if (trouble == trouble_) return;
  if (trouble.empty()) {
    log_info("retention: what is due expires again");
  } else {
    log_error("retention: " + trouble);
  }
  trouble_ = std::move(trouble);
}

}  // namespace tapdeck::apps
