// Lets expire what is due, by itself, as long as the service runs.
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

#include "base/counters.h"
#include "pipelines/retention/desk.h"

namespace tapdeck::apps {

struct RetentionFigures {
  Counter expired;  // recordings and records, since the start, as those below
  Counter segments_removed;
  Counter bytes_removed;
  Counter bytes_punched;
  Counter failures;  // steps that could not be done
  Counter held;      // due at the last step, and held
};

class RetentionThread {
 public:
  explicit RetentionThread(retention::RetentionDesk& desk) : desk_(desk) {}

  ~RetentionThread() { stop(); }

  RetentionThread(const RetentionThread&) = delete;
  RetentionThread& operator=(const RetentionThread&) = delete;

  // Done before each step, and again with the next one if it fails.  Before start().
  void before_each(std::function<Result<void>()> work) { work_ = std::move(work); }

  void start();
  void stop();  // waits for the step that is under way; idempotent

  [[nodiscard]] const RetentionFigures& figures() const { return figures_; }

  // Why nothing expires at the moment; empty: it does.
  [[nodiscard]] std::string trouble() const;

 private:
  void loop();
  void step();

  retention::RetentionDesk& desk_;
  std::function<Result<void>()> work_;
  RetentionFigures figures_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // under mutex_, as is
  std::string trouble_;
};

}  // namespace tapdeck::apps
