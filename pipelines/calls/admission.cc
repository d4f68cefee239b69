#include "pipelines/calls/admission.h"

#include <algorithm>
#include <cmath>

namespace tapdeck::calls {
namespace {

// Of MediaRoom::spare.  A stall of a second at full load leaves an eighth (config/sizing.h): it
// must pass unnoticed.
constexpr double kCutBelow = 1.0 / 16;
constexpr double kRefuseBelow = 1.0 / 8;
constexpr double kBehindBelow = 1.0 / 2;  // for longer than kBehindNs
constexpr double kOpenAbove = 3.0 / 4;
constexpr std::int64_t kBehindNs = 2'000'000'000;

}  // namespace

void Admission::observe(const MediaRoom& room,
                        std::uint64_t recordings,
                        std::int64_t timer_now_ns) {
  room_ = room;
  if (room.spare >= kBehindBelow) {
    behind_since_ns_ = -1;
  } else if (behind_since_ns_ < 0) {
    behind_since_ns_ = timer_now_ns;
  }
  const bool behind = behind_since_ns_ >= 0 && timer_now_ns - behind_since_ns_ >= kBehindNs;
  if (room.spare < kRefuseBelow || behind) refusing_ = true;
  if (room.spare > kOpenAbove) refusing_ = false;
  // In proportion to what is left, so that the last recordings to go have the most of it: the
  // chunks run out ever more slowly, and a disk that is merely slow finds its balance.
  if (room.spare >= kRefuseBelow) {
    cutting_from_ = 0;
    ceiling_ = UINT64_MAX;
  } else if (room.spare < kCutBelow) {
    if (cutting_from_ == 0) cutting_from_ = std::max<std::uint64_t>(recordings, 1);
    const double share = room.spare / kCutBelow;
    const auto left =
        static_cast<std::uint64_t>(std::ceil(static_cast<double>(cutting_from_) * share));
    ceiling_ = std::min(ceiling_, left);
  }
}

std::uint64_t Admission::surplus(std::uint64_t recordings) const {
  return recordings > ceiling_ ? recordings - ceiling_ : 0;
}

MediaPressure Admission::pressure(std::uint64_t promised) const {
  if (ceiling_ != UINT64_MAX) return MediaPressure::kCutting;
  if (refusing_) return MediaPressure::kDiskBehind;
  if (room_.priority_min > 0) return MediaPressure::kDiskFull;
  return admits(promised) ? MediaPressure::kNone : MediaPressure::kStreamsFull;
}

}  // namespace tapdeck::calls
