// A stretch of a recording's media.
#pragma once

#include <cstdint>
#include <limits>

#include "model/media.h"

namespace tapdeck {

// Who asks for a stretch to be destroyed: a rule, or a pause that somebody ordered.
enum class CutCause : std::uint8_t { kPolicy = 0, kPause = 1 };

struct MediaSpan {
  std::int64_t from_us = std::numeric_limits<std::int64_t>::min();  // packet time, UTC: from,
  std::int64_t to_us = std::numeric_limits<std::int64_t>::max();    // until, exclusive
  bool video_only = false;  // of all streams, or of those that are no audio

  [[nodiscard]] bool has(MediaKind kind) const {
    return !video_only || (kind != MediaKind::kAudio && kind != MediaKind::kUnknown);
  }

  // What begins and ends then has something in it.
  [[nodiscard]] bool overlaps(std::int64_t first_us, std::int64_t last_us) const {
    return first_us < to_us && last_us >= from_us;
  }

  bool operator==(const MediaSpan&) const = default;
};

}  // namespace tapdeck
