#include "apps/retention_thread.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace tapdeck::apps {
namespace {

// What is over is to be gone within a minute; a disk may fill up in less.
constexpr std::chrono::seconds kLook{1};
constexpr std::int64_t kRetentionStepNs = 10 * kNsPerSecond;

// Looking in vain takes as long as there are recordings: a tenth of the time is enough.
constexpr std::int64_t kRestShare = 10;
constexpr std::int64_t kRestMinNs = 10 * kNsPerSecond;
constexpr std::int64_t kRestMaxNs = 600 * kNsPerSecond;

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
  std::int64_t step_ns = monotonic_now_ns();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    disk_.look();
    const std::int64_t now_ns = monotonic_now_ns();
    if (now_ns >= step_ns) {
      step_ns = now_ns + kRetentionStepNs;
      step();
    }
    relieve();
    lock.lock();
    wake_.wait_for(lock, kLook, [this] { return stopping_; });
  }
}

bool RetentionThread::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void RetentionThread::count(const retention::ApplyAnswer& done) {
  figures_.segments_removed.add(done.segments_removed);
  figures_.bytes_removed.add(done.bytes_removed);
  figures_.bytes_punched.add(done.bytes_punched);
}

// One batch a look: what it gave back shows at the next.
void RetentionThread::relieve() {
  if (disk_.missing_bytes() == 0) {
    rest_until_ns_ = 0;
    return;
  }
  const std::int64_t began_ns = monotonic_now_ns();
  if (began_ns < rest_until_ns_) return;
  while (!is_stopping() && relieve_once(began_ns)) continue;
}

// True: nothing went yet, but some may.
bool RetentionThread::relieve_once(std::int64_t began_ns) {
  retention::Relief done;
  const auto more = desk_.relieve(disk_.missing_bytes(), done);
  if (done.gone.expired > 0) {
    figures_.expired_early.add(done.gone.expired);
    figures_.bytes_expired_early.add(done.bytes);
    count(done.gone);
    log_warning("disk pressure: " + std::to_string(done.gone.expired) + " recordings of class " +
                done.class_name + " (" + (done.parts == kPartMedia ? "media" : "SIP") + ", " +
                std::to_string(done.bytes) + " bytes) went before their time");
  }
  if (!more) {
    figures_.failures.add();
    if (!std::exchange(relief_failed_, true)) {
      log_error("disk pressure: nothing goes early: " + more.error().message);
    }
  } else {
    relief_failed_ = false;
    if (done.gone.expired == 0 && *more) return true;
  }
  const bool possible = more && done.gone.expired > 0;
  disk_.tell_relief(possible);
  if (possible) return false;
  const std::int64_t now_ns = monotonic_now_ns();
  rest_until_ns_ = now_ns + std::clamp((now_ns - began_ns) * kRestShare, kRestMinNs, kRestMaxNs);
  return false;
}

void RetentionThread::step() {
  if (work_) {
    if (const auto done = work_(); !done) log_error("retention: " + done.error().message);
  }
  const auto applied = desk_.apply();
  std::string trouble;
  if (applied) {
    figures_.expired.add(applied->expired);
    count(*applied);
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
