// What may be kept of a call by all that is decided now, what may have been kept of it so far, and
// the orders that are due: the difference.  Whatever decides (policy, another leg, a pause, a
// restart) changes the first; nothing else destroys anything late.
//
// Threads: plain values of the call-plane thread.  Memory: orders, where there are any.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "config/policies.h"
#include "model/binding.h"
#include "model/media_span.h"
#include "pipelines/calls/timeline.h"

namespace tapdeck::calls {

constexpr std::size_t kPausedMax = 32;

// Packet times in UTC nanoseconds, from which on media counts.
constexpr std::int64_t kFromStart = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kNotYet = std::numeric_limits<std::int64_t>::max();

struct Allowance {
  config::RecordChoice media = config::RecordChoice::kAudioVideo;
  config::LogDetail log = config::LogDetail::kFull;  // messages are kept where it is full
  bool more = true;                                  // false: what is there stays, nothing is added
  std::int64_t from_ns = kFromStart;                 // of media
  std::optional<std::int64_t> paused_since_ns;       // nothing from then on, for now
};

// While nothing of a call was to be kept; packet times, INT64_MAX while it lasts.
struct PausedStretch {
  Interval time;
  bool late = false;  // it is another leg's: what had been kept by then was destroyed
  // What had been kept of it is ordered to go until then, INT64_MIN: is to be ordered; nullopt:
  // there was nothing, as the workers paused in time.
  std::optional<std::int64_t> cut_to_ns = {};

  [[nodiscard]] bool lasts() const { return time.to_ns == INT64_MAX; }
};

enum class KeptMedia : std::uint8_t {
  kNothing,
  kAudio,
  kAudioVideo,
  kDestroyed,  // there was some: nothing is kept from then on
};

struct Kept {
  KeptMedia media = KeptMedia::kNothing;                     // may be there, or be on its way
  config::RecordChoice bound = config::RecordChoice::kNone;  // media that workers have addresses of
  bool messages = false;
  bool forbidden = false;  // it was told that nothing is to be recorded
  bool video_cut = false;  // it was ordered to go, with all that comes
  // As the workers know it.
  bool muted = false;
  bool video = true;
  bool paused_now = false;

  std::int64_t from_ns = kFromStart;  // what was before is not there; kNotYet: nor what comes
  std::vector<PausedStretch> paused;  // of this process

  [[nodiscard]] bool has_media() const {
    return media == KeptMedia::kAudio || media == KeptMedia::kAudioVideo;
  }

  // Early media was there when it was forbidden: it goes until the answer, whatever is said then.
  [[nodiscard]] bool early_goes() const { return has_media() && from_ns == kNotYet; }

  // What workers are to be told with an address of such media.
  [[nodiscard]] bool wants(MediaKind kind) const;
  // The workers know an address of such media: what waited for it may be kept at once.
  void note_bound(MediaKind kind);
  // By what the workers know.
  void note_handed_out();
  // Some is there, of an earlier process.
  void note_stored(MediaKind kind);
  // The two oldest that are over become one where there are many; at most one lasts.
  void note_paused(const PausedStretch& stretch);
  // One that lasts is over when the call has ended.
  [[nodiscard]] std::vector<Interval> over_by(const std::optional<std::int64_t>& ended_ns) const;
};

struct BindOrder {
  BindOperation operation = BindOperation::kMute;
  std::int64_t time_ns = 0;  // packet time

  bool operator==(const BindOrder&) const = default;
};

struct MediaCut {
  MediaSpan span;
  CutCause cause = CutCause::kPolicy;

  bool operator==(const MediaCut&) const = default;
};

struct KeepingOrders {
  bool destroy_recording = false;
  bool destroy_messages = false;
  bool is_now_forbidden = false;
  bool bind_again = false;       // each address is to be told with what is wanted of it
  std::vector<BindOrder> binds;  // in this order
  std::vector<MediaCut> cuts;    // to be destroyed
};

// What has to be done so that no more is kept than is allowed; `kept` then says that it is.  Asked
// again, nothing is due.  `time_ns`: the packet time of what was decided.
KeepingOrders take_due(const Allowance& allowed, std::int64_t time_ns, Kept& kept);

}  // namespace tapdeck::calls
