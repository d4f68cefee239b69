#include "apps/disk_watch.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "pipelines/calls/call_plane.h"

namespace tapdeck::apps {
namespace {

// What must be free beyond the mark before less is refused again, as a share of stop_percent.
constexpr std::uint64_t kSlackShare = 16;

std::uint64_t percent_of(std::uint64_t bytes, std::uint32_t percent) {
  return bytes / 100 * percent;
}

}  // namespace

DiskWatchOptions disk_watch_options(const config::RetentionPressure& from,
                                    const storage::StoreOptions& store) {
  DiskWatchOptions options;
  options.low_percent = from.low_percent;
  options.enough_percent = from.enough_percent;
  options.stop_percent = from.stop_percent;
  options.room = [path = store.directory, step_bytes = store.preallocate_bytes] {
    return storage::read_disk_room(path, step_bytes);
  };
  return options;
}

std::uint16_t priority_for(const storage::DiskRoom& room, std::uint32_t stop_percent) {
  const std::uint64_t stop = percent_of(room.bytes, stop_percent);
  const std::uint64_t none = stop / 2;
  if (room.free >= stop) return 0;
  if (room.free <= none) return calls::kPriorityNone;
  const double share = static_cast<double>(stop - room.free) / static_cast<double>(stop - none);
  const auto priority = static_cast<std::uint16_t>(share * calls::kPriorityNone);
  return std::max<std::uint16_t>(priority, 1);
}

void DiskWatch::look() {
  if (!options_.room) return;
  const auto room = options_.room();
  if (!room) {
    if (!std::exchange(blind_, true)) log_error(room.error().message);
    return;
  }
  blind_ = false;
  room_ = *room;
  const std::uint64_t enough = percent_of(room_.bytes, options_.enough_percent);
  const bool low = room_.free < percent_of(room_.bytes, options_.low_percent);
  if (!relieving_ && low) {
    relieving_ = true;
    log_warning("disk pressure: " + free_text() + "; recordings go before their time until " +
                std::to_string(options_.enough_percent) + " % are");
  } else if (relieving_ && room_.free >= enough) {
    relieving_ = exhausted_ = false;
    log_warning("disk pressure is over: " + free_text());
  }
  missing_bytes_ = relieving_ ? enough - room_.free : 0;
  judge();
}

void DiskWatch::tell_relief(bool possible) {
  if (relieving_ && !possible && !exhausted_) {
    log_error("disk pressure: " + free_text() + ", and nothing may go before its time any more");
  }
  exhausted_ = relieving_ && !possible;
  judge();
}

// What may go goes first.
void DiskWatch::judge() {
  const bool helping = relieving_ && !exhausted_;
  storage::DiskRoom less = room_;
  less.free -= std::min(less.free, percent_of(room_.bytes, options_.stop_percent) / kSlackShare);
  const std::uint16_t before = priority_min();
  const std::uint16_t rising = helping ? 0 : priority_for(room_, options_.stop_percent);
  const std::uint16_t falling = helping ? 0 : priority_for(less, options_.stop_percent);
  const std::uint16_t now = std::max(rising, std::min(before, falling));
  priority_min_.store(now, std::memory_order_relaxed);
  std::string trouble;
  if (helping) trouble = free_text() + ": recordings go before their time";
  if (exhausted_) trouble = free_text() + ", and nothing may go before its time any more";
  if (now > 0) {
    if (trouble.empty()) trouble = free_text();
    trouble += now == calls::kPriorityNone
                   ? "; no new call is recorded"
                   : "; new calls of a priority below " + std::to_string(now) + " are not recorded";
  }
  set_trouble(std::move(trouble));
}

std::string DiskWatch::free_text() const {
  const double percent =
      room_.bytes == 0 ? 0
                       : 100.0 * static_cast<double>(room_.free) / static_cast<double>(room_.bytes);
  std::array<char, 64> text{};
  std::snprintf(
      text.data(), text.size(), "%.1f %% of the store's disk are free for recordings", percent);
  return text.data();
}

void DiskWatch::set_trouble(std::string trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

std::string DiskWatch::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace tapdeck::apps
