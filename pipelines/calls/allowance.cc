#include "pipelines/calls/allowance.h"

#include <utility>

namespace tapdeck::calls {
namespace {

config::RecordChoice choice_of(MediaKind kind) {
  const bool is_audio = kind == MediaKind::kAudio || kind == MediaKind::kUnknown;
  return is_audio ? config::RecordChoice::kAudio : config::RecordChoice::kAudioVideo;
}

KeptMedia kept_of(config::RecordChoice choice) {
  switch (choice) {
    case config::RecordChoice::kNone: return KeptMedia::kNothing;
    case config::RecordChoice::kAudio: return KeptMedia::kAudio;
    default: return KeptMedia::kAudioVideo;
  }
}

std::int64_t us_of(std::int64_t time_ns) {
  return time_ns == kNotYet ? std::numeric_limits<std::int64_t>::max() : time_ns / 1000;
}

// An order that was left open is bounded as soon as media counts again: what is kept from then on
// is not meant.
void cut_early(const Allowance& allowed, std::int64_t time_ns, Kept& kept, KeepingOrders& due) {
  const std::int64_t before_ns = kept.from_ns;
  if (allowed.from_ns > before_ns) {
    kept.from_ns = allowed.from_ns;
    if (kept.has_media()) due.cuts.push_back({{.to_us = us_of(kept.from_ns)}});
    if (kept.muted || kept.from_ns == kNotYet) return;
    due.binds.push_back({BindOperation::kUnmute, kept.from_ns});  // for what waits for its SDP
  } else if (before_ns == kNotYet && allowed.from_ns != kNotYet) {
    kept.from_ns = allowed.from_ns;
    if (!kept.has_media()) return;
    kept.from_ns = std::max(allowed.from_ns, time_ns);
    due.cuts.push_back({{.to_us = us_of(kept.from_ns)}});
  }
}

// Likewise.
void cut_video(bool wanted, std::int64_t time_ns, Kept& kept, KeepingOrders& due) {
  due.bind_again = std::exchange(kept.video, wanted) != wanted;
  if (kept.media != KeptMedia::kAudioVideo || kept.video_cut != wanted) return;
  kept.video_cut = !wanted;
  due.cuts.push_back({{.to_us = us_of(wanted ? time_ns : kNotYet), .video_only = true}});
}

void cut_paused(Kept& kept, KeepingOrders& due) {
  for (PausedStretch& stretch : kept.paused) {
    const Interval& time = stretch.time;
    if (!stretch.cut_to_ns || *stretch.cut_to_ns == time.to_ns) continue;
    stretch.cut_to_ns = time.to_ns;
    const MediaSpan span{.from_us = us_of(time.from_ns), .to_us = us_of(time.to_ns)};
    due.cuts.push_back({span, CutCause::kPause});
  }
}

void switch_to(
    bool wanted, const BindOrder& begin, const BindOrder& end, bool& known, KeepingOrders& due) {
  if (std::exchange(known, wanted) != wanted) due.binds.push_back(wanted ? begin : end);
}

}  // namespace

bool Kept::wants(MediaKind kind) const {
  return video || choice_of(kind) == config::RecordChoice::kAudio;
}

void Kept::note_bound(MediaKind kind) {
  bound = std::max(bound, choice_of(kind));
  note_handed_out();
}

void Kept::note_handed_out() {
  if (muted) return;
  const auto wanted = video ? config::RecordChoice::kAudioVideo : config::RecordChoice::kAudio;
  media = std::max(media, kept_of(std::min(bound, wanted)));
}

void Kept::note_stored(MediaKind kind) { media = std::max(media, kept_of(choice_of(kind))); }

void Kept::note_paused(const PausedStretch& stretch) {
  if (paused.size() >= kPausedMax) {
    const auto is_over = [](const PausedStretch& known) { return !known.lasts(); };
    const auto oldest = std::ranges::find_if(paused, is_over);
    const auto next = std::find_if(oldest + 1, paused.end(), is_over);
    next->time.from_ns = std::min(oldest->time.from_ns, next->time.from_ns);
    next->time.to_ns = std::max(oldest->time.to_ns, next->time.to_ns);
    next->late = next->late || oldest->late;
    const bool is_cut = next->cut_to_ns || oldest->cut_to_ns;
    if (is_cut) next->cut_to_ns = next->time.to_ns;  // what lies between stays
    paused.erase(oldest);
  }
  paused.push_back(stretch);
}

std::vector<Interval> Kept::over_by(const std::optional<std::int64_t>& ended_ns) const {
  std::vector<Interval> over;
  for (const PausedStretch& stretch : paused) {
    if (!stretch.lasts()) {
      over.push_back(stretch.time);
    } else if (ended_ns) {
      over.push_back({stretch.time.from_ns, std::max(stretch.time.from_ns, *ended_ns)});
    }
  }
  return over;
}

KeepingOrders take_due(const Allowance& allowed, std::int64_t time_ns, Kept& kept) {
  KeepingOrders due;
  const bool forbidden = allowed.media == config::RecordChoice::kNone;
  if (forbidden && kept.has_media()) {
    kept.media = KeptMedia::kDestroyed;
    due.destroy_recording = true;
  }
  if (allowed.log != config::LogDetail::kFull) {
    due.destroy_messages = std::exchange(kept.messages, false);
  }
  const bool records = !forbidden && kept.media != KeptMedia::kDestroyed;
  const bool was_forbidden = std::exchange(kept.forbidden, !records);
  due.is_now_forbidden = !records && !was_forbidden;
  if (records) {
    cut_early(allowed, time_ns, kept, due);
    cut_video(allowed.media == config::RecordChoice::kAudioVideo, time_ns, kept, due);
  }
  switch_to(!records || !allowed.more || allowed.from_ns == kNotYet,
            {BindOperation::kMute, time_ns},
            {BindOperation::kUnmute, time_ns},
            kept.muted,
            due);
  switch_to(allowed.paused_since_ns.has_value(),
            {BindOperation::kPause, allowed.paused_since_ns.value_or(0)},
            {BindOperation::kResume, time_ns},
            kept.paused_now,
            due);
  cut_paused(kept, due);
  kept.note_handed_out();
  return due;
}

}  // namespace tapdeck::calls
