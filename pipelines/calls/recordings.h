// The answered calls whose media is kept, in the order in which they would have to go when there is
// no room for all: lowest priority first, then the newest.
//
// Threads: the call-plane thread.  Memory: a set entry per recorded call; a promise per call that
// was admitted within the last seconds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "pipelines/calls/admission.h"
#include "pipelines/calls/call.h"

namespace tapdeck::calls {

struct RecordingFigures {
  std::uint64_t recordings = 0;  // now
  std::uint64_t cut_now = 0;     // recordings that are cut short and have not ended
  std::uint64_t refused = 0;     // answered calls, since the start
  std::uint64_t cut = 0;
  std::uint64_t restored = 0;
  MediaPressure pressure = MediaPressure::kNone;
};

class Recordings {
 public:
  using Finder = std::function<Call*(CallHandle)>;

  explicit Recordings(Finder find) : find_(std::move(find)) {}

  // May a call of that priority be recorded that is answered now, and has so many streams already?
  [[nodiscard]] bool admits(std::uint8_t priority, std::size_t streams) const {
    const std::size_t more = kStreamsPerCall - std::min<std::size_t>(streams, kStreamsPerCall);
    return admission_.has_space_for(priority) && admission_.admits(promised_, more);
  }

  // Media from before the answer may be kept.
  [[nodiscard]] bool admits_early_media(std::uint8_t priority) const {
    return admission_.has_space_for(priority) && !admission_.refuses_all();
  }

  // After whatever may have changed: the call is listed or not, by what it says of itself.
  void update(Call& call, std::int64_t timer_now_ns);
  void remove(Call& call);

  // Cuts recordings short, or lets some go on.
  void observe(const MediaRoom& room, std::int64_t timer_now_ns);

  [[nodiscard]] RecordingFigures figures() const;

  void fill(CallPlaneFigures& to) const;  // with figures()

 private:
  void unlist(Call& call);
  void promise(Call& call, std::int64_t timer_now_ns);
  void fulfil(Call& call);
  void cut_last();
  void restore_first();

  Finder find_;
  Admission admission_;
  RecordingRanks kept_;
  RecordingRanks cut_;
  std::deque<std::pair<std::int64_t, CallHandle>> promises_;  // until when
  std::uint64_t promised_ = 0;                                // streams
  std::uint64_t next_order_ = 0;
  RecordingFigures figures_;
};

}  // namespace tapdeck::calls
