// Lets expire what is due, by itself, as long as the service runs; and before its time what may go
// when the disk fills up.
// Threads: start() and stop() by the main thread; the figures by any.  Memory: none to speak of.
// Failing: what could not be done is logged once and tried again at the next step.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "apps/disk_watch.h"
#include "base/counters.h"
#include "pipelines/retention/desk.h"

namespace tapdeck::apps {

struct RetentionFigures {
  Counter expired;  // recordings and records, since the start, as those below
  Counter segments_removed;
  Counter bytes_removed;
  Counter bytes_punched;
  Counter expired_early;        // recordings, for lack of room
  Counter bytes_expired_early;  // of those
  Counter failures;             // steps that could not be done
  Counter held;                 // due at the last step, and held
};

class RetentionThread {
 public:
  explicit RetentionThread(retention::RetentionDesk& desk, DiskWatchOptions disk = {})
      : desk_(desk), disk_(std::move(disk)) {}

  ~RetentionThread() { stop(); }

  RetentionThread(const RetentionThread&) = delete;
  RetentionThread& operator=(const RetentionThread&) = delete;

  // Done before each step, and again with the next one if it fails.  Before start().
  void before_each(std::function<Result<void>()> work) { work_ = std::move(work); }

  void start();
  void stop();  // waits for the step that is under way; idempotent

  [[nodiscard]] const RetentionFigures& figures() const { return figures_; }

  [[nodiscard]] const DiskWatch& disk() const { return disk_; }

  // Why nothing expires at the moment; empty: it does.
  [[nodiscard]] std::string trouble() const;

 private:
  void loop();
  void step();
  void relieve();
  bool relieve_once(std::int64_t began_ns);
  void count(const retention::ApplyAnswer& done);
  [[nodiscard]] bool is_stopping() const;

  retention::RetentionDesk& desk_;
  DiskWatch disk_;
  std::int64_t rest_until_ns_ = 0;  // nothing could go early: not to be tried before
  bool relief_failed_ = false;
  std::function<Result<void>()> work_;
  RetentionFigures figures_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // under mutex_, as is
  std::string trouble_;
};

}  // namespace tapdeck::apps
