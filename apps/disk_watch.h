// Watches the room on the store's disk: when recordings are to go before their time, how much must
// come back, and which calls are not to be recorded any more because nothing may go.
//
// Threads: look() and tell_relief() by one; the other methods by any.  Memory: none to speak of.
// A disk that does not tell its room: all stays as it was, and the log says so once.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "base/result.h"
#include "config/config.h"
#include "storage/disk_room.h"
#include "storage/store.h"

namespace tapdeck::apps {

struct DiskWatchOptions {
  // Per cent of what recordings may have.
  std::uint32_t low_percent = 0;     // 0: nothing goes early
  std::uint32_t enough_percent = 0;  // above it
  std::uint32_t stop_percent = 0;    // 0: calls are recorded while there is room
  std::function<Result<storage::DiskRoom>()> room{};
};

// As the configuration has it, for the file system that the store is on.
DiskWatchOptions disk_watch_options(const config::RetentionPressure& from,
                                    const storage::StoreOptions& store);

// The lowest priority of a call that is recorded when as much is free: 0 from `stop_percent` on,
// rising evenly to 256 (none) at half of it.
std::uint16_t priority_for(const storage::DiskRoom& room, std::uint32_t stop_percent);

class DiskWatch {
 public:
  explicit DiskWatch(DiskWatchOptions options) : options_(std::move(options)) {}

  // Every second.
  void look();

  // Since look() that much must come back; 0: there is enough, or nothing may go early.
  [[nodiscard]] std::uint64_t missing_bytes() const { return missing_bytes_; }

  // Whether anything could go early, when it was last tried.
  void tell_relief(bool possible);

  // MediaRoom::priority_min.
  [[nodiscard]] std::uint16_t priority_min() const {
    return priority_min_.load(std::memory_order_relaxed);
  }

  // What is wrong, as a sentence without a full stop; empty: nothing.
  [[nodiscard]] std::string trouble() const;

 private:
  void judge();
  void set_trouble(std::string trouble);
  [[nodiscard]] std::string free_text() const;

  const DiskWatchOptions options_;
  storage::DiskRoom room_;
  bool blind_ = false;      // the disk does not tell
  bool relieving_ = false;  // from low_percent until enough_percent
  bool exhausted_ = false;  // nothing may go early any more
  std::uint64_t missing_bytes_ = 0;
  std::atomic<std::uint16_t> priority_min_{0};
  mutable std::mutex mutex_;
  std::string trouble_;  // under mutex_
};

}  // namespace tapdeck::apps
