#include "pipelines/retention/clock_guard.h"

#include <charconv>
#include <ctime>
#include <fstream>

#include "base/clock.h"

namespace tapdeck::retention {
namespace {

constexpr std::string_view kMarkVersion = "1 ";
constexpr std::int64_t kUsPerMinute = 60 * kUsPerSecond;

std::int64_t read_clock_us(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * kUsPerSecond + now.tv_nsec / kNsPerUs;
}

// Takes a number and the space behind it off `text`.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr == text.data() + text.size() || *read.ptr != ' ') {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
  return value;
}

// "3 h 20 min"
std::string span_text(std::int64_t us) {
  const std::int64_t minutes = (us < 0 ? -us : us) / kUsPerMinute;
  const std::string rest = std::to_string(minutes % 60) + " min";
  return minutes < 60 ? rest : std::to_string(minutes / 60) + " h " + rest;
}

}  // namespace

std::string encode_clock_mark(const ClockMark& mark) {
  return std::string(kMarkVersion) + std::to_string(mark.at.wall_us) + " " +
         std::to_string(mark.at.boottime_us) + " " + mark.boot_id;
}

std::optional<ClockMark> decode_clock_mark(std::string_view text) {
  if (!text.starts_with(kMarkVersion)) return std::nullopt;
  text.remove_prefix(kMarkVersion.size());
  const auto wall_us = take_number(text);
  if (!wall_us) return std::nullopt;
  const auto boottime_us = take_number(text);
  if (!boottime_us) return std::nullopt;
  return ClockMark{{*wall_us, *boottime_us}, std::string(text)};
}

ClockReadings read_clocks() {
  return {read_clock_us(CLOCK_REALTIME), read_clock_us(CLOCK_BOOTTIME)};
}

std::string read_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

ClockGuard::ClockGuard(const ClockReadings& start,
                       std::string_view boot_id,
                       const std::optional<ClockMark>& left)
    : believed_(start) {
  if (!left) return;
  if (!boot_id.empty() && boot_id == left->boot_id) {
    believed_ = left->at;
    believe(start);
    return;
  }
  const std::int64_t away_us = start.wall_us - left->at.wall_us;
  if (away_us < 0 || away_us > kClockJumpMaxUs) {
    doubt(Doubt::kRestarted, away_us, start.wall_us);
  }
}

ClockGuard ClockGuard::without_mark(const ClockReadings& start) {
  ClockGuard guard(start, {}, std::nullopt);
  guard.doubt(Doubt::kNoMark, 0, start.wall_us);
  return guard;
}

bool ClockGuard::believe(const ClockReadings& now) {
  if (doubted()) return false;
  const std::int64_t expected_us = believed_.wall_us + (now.boottime_us - believed_.boottime_us);
  const std::int64_t jump_us = now.wall_us - expected_us;
  if (jump_us > kClockJumpMaxUs || jump_us < -kClockJumpMaxUs) {
    doubt(Doubt::kMoved, jump_us, now.wall_us);
  }
  return !doubted();
}

void ClockGuard::confirm(const ClockReadings& now) {
  believed_ = now;
  doubt_ = Doubt::kNone;
  jump_us_ = 0;
  noticed_us_ = 0;
}

void ClockGuard::doubt(Doubt why, std::int64_t jump_us, std::int64_t wall_us) {
  doubt_ = why;
  jump_us_ = jump_us;
  noticed_us_ = wall_us;
}

std::string ClockGuard::describe() const {
  std::string what;
  switch (doubt_) {
    case Doubt::kNone: return {};
    case Doubt::kMoved:
      what = "The clock of this host moved " + span_text(jump_us_) +
             (jump_us_ < 0 ? " back" : " forward") + " against the time since it was started";
      break;
    case Doubt::kRestarted:
      what = "The host was started anew, and its clock is " + span_text(jump_us_) +
             (jump_us_ < 0 ? " before" : " after") + " the last time that the store knows";
      break;
    case Doubt::kNoMark: what = "The last time that the store knows is not readable"; break;
  }
  return what + " (noticed at " + format_rfc3339_us(noticed_us_) +
         " by that clock): nothing expires until somebody has looked at it. If the clock is right, "
         "run `tapdeck retention confirm-clock` while the service runs, or `tapdeck retention "
         "apply --confirm-clock`.";
}

}  // namespace tapdeck::retention
