// Whether wall time may be believed before anything is destroyed by it: it is compared with the
// boot clock (CLOCK_BOOTTIME, which runs on while the host sleeps) and with what an earlier process
// of the same store left.  Where they are more than an hour apart, in either direction, or where
// the time since another boot cannot be told to be short, expiry stops until somebody confirms the
// time.
//
// Threads: one at a time.  Memory: none to speak of.  A mark that is not understood is doubted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapdeck::retention {

constexpr std::int64_t kClockJumpMaxUs = 3'600'000'000;

// Read at the same moment.
struct ClockReadings {
  std::int64_t wall_us = 0;      // UTC
  std::int64_t boottime_us = 0;  // since this boot
};

// What a process leaves in the store for the next one.
struct ClockMark {
  ClockReadings at;
  std::string boot_id;  // as the kernel names this boot; empty: it does not
};

std::string encode_clock_mark(const ClockMark& mark);
std::optional<ClockMark> decode_clock_mark(std::string_view text);

ClockReadings read_clocks();
std::string read_boot_id();

class ClockGuard {
 public:
  enum class Doubt : std::uint8_t {
    kNone,
    kMoved,      // against the boot clock
    kRestarted,  // the host was started anew, and the clock is before the mark or far behind it
    kNoMark,     // none that is understood
  };

  // `left`: nullopt believes the first time.
  ClockGuard(const ClockReadings& start,
             std::string_view boot_id,
             const std::optional<ClockMark>& left);

  // The store has none that is understood.
  static ClockGuard without_mark(const ClockReadings& start);

  // False: the clock is doubted, from now on until confirm().
  bool believe(const ClockReadings& now);
  void confirm(const ClockReadings& now);

  [[nodiscard]] bool doubted() const { return doubt_ != Doubt::kNone; }

  [[nodiscard]] Doubt doubt() const { return doubt_; }

  // By how much, positive where the wall clock is ahead of what was expected.
  [[nodiscard]] std::int64_t jump_us() const { return jump_us_; }

  // A sentence for a person: by how much, since when, what to do; empty when it is believed.
  [[nodiscard]] std::string describe() const;

 private:
  void doubt(Doubt why, std::int64_t jump_us, std::int64_t wall_us);

  ClockReadings believed_;  // what later readings are compared with
  Doubt doubt_ = Doubt::kNone;
  std::int64_t jump_us_ = 0;
  std::int64_t noticed_us_ = 0;  // by the clock that is doubted
};

}  // namespace tapdeck::retention
