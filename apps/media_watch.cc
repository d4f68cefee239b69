#include "apps/media_watch.h"

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/log.h"

namespace tapdeck::apps {
namespace {

using calls::MediaPressure;

constexpr std::int64_t kStepNs = 10 * kNsPerMs;
constexpr std::int64_t kQuietNs = 10 * kNsPerSecond;  // after that it is over
constexpr std::int64_t kRemindNs = 60 * kNsPerSecond;
// Left for streams that begin unasked: early media, further streams of recorded calls.
constexpr std::uint64_t kReserveShare = 32;
constexpr std::uint64_t kReserveChunksMin = 16;

std::uint64_t less(std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); }

std::string seconds(std::int64_t ns) { return std::to_string(ns / kNsPerSecond) + " s"; }

}  // namespace

std::string_view explain(MediaPressure pressure) {
  switch (pressure) {
    case MediaPressure::kNone: return {};
    case MediaPressure::kStreamsFull:
      return "there are as many streams as streams.stream_count_max and streams.chunk_count hold";
    case MediaPressure::kDiskFull: return "the disk is nearly full; the lowest priority goes first";
    case MediaPressure::kDiskBehind: return "media waits for the disk";
    case MediaPressure::kCutting:
      return "nearly all media buffers wait for the disk, and running recordings are cut short, "
             "the newest first";
  }
  return {};
}

calls::MediaRoom room_of(const std::vector<WorkerMedia>& workers) {
  calls::MediaRoom room;
  for (const WorkerMedia& worker : workers) {
    const std::uint64_t open = worker.streams_kept + worker.chunks_quarantined;
    const std::uint64_t spare = less(worker.chunk_count, open);
    const std::uint64_t unused = less(spare, worker.chunks_waiting);
    if (worker.chunks_waiting > 0) {
      const double share =
          spare == 0 ? 0 : static_cast<double>(unused) / static_cast<double>(spare);
      room.spare = std::min(room.spare, share);
    }
    // Quarantine yields.
    const std::uint64_t chunks =
        less(unused + worker.chunks_quarantined,
             std::max(worker.chunk_count / kReserveShare, kReserveChunksMin));
    const std::uint64_t streams =
        less(worker.streams_max - worker.streams_max / kReserveShare, worker.streams_kept);
    room.streams = std::min(room.streams, std::min(chunks, streams) * workers.size());
  }
  return room;
}

void MediaWatch::step(std::int64_t timer_now_ns) {
  if (timer_now_ns - stepped_ns_ < kStepNs) return;
  stepped_ns_ = timer_now_ns;
  std::vector<WorkerMedia> media;
  for (std::size_t i = 0; i < pipeline_.workers().size(); ++i) {
    const engine::WorkerCounters& counters = pipeline_.workers()[i].counters();
    const engine::WorkerRings& rings = *pipeline_.rings()[i];
    media.push_back(
        {.streams_max = pipeline_.streams_max(),
         .streams_kept = less(counters.streams_bound.value(), counters.streams_withheld.value()),
         .chunk_count = rings.options().chunk_count,
         .chunks_waiting = rings.chunk_count(),
         .chunks_quarantined = counters.quarantine_chunks.value()});
  }
  calls::MediaRoom room = room_of(media);
  room.priority_min = disk_.priority_min();
  pipeline_.plane().on_media_room(room, timer_now_ns);
}

void MediaWatch::tell(const calls::CallPlaneFigures& figures, std::int64_t timer_now_ns) {
  const bool lost = figures.calls_refused != previous_.calls_refused ||
                    figures.calls_cut != previous_.calls_cut ||
                    figures.pressure >= MediaPressure::kDiskFull || figures.cut_now > 0;
  const auto counts = [&] {
    return std::to_string(figures.calls_refused - before_.calls_refused) +
           " calls were not recorded and " + std::to_string(figures.calls_cut - before_.calls_cut) +
           " were cut short in " + seconds(timer_now_ns - began_ns_);
  };
  const MediaPressure pressure = std::max(figures.pressure, MediaPressure::kStreamsFull);
  if (lost && began_ns_ == 0) {
    began_ns_ = told_ns_ = timer_now_ns;
    before_ = previous_;
    worst_ = pressure;
    log_warning("no room for more recordings: " + std::string(explain(pressure)) + "; " +
                std::to_string(figures.recordings) + " recordings go on, the call log, too");
  } else if (lost && (pressure > worst_ || timer_now_ns - told_ns_ >= kRemindNs)) {
    worst_ = std::max(worst_, pressure);
    told_ns_ = timer_now_ns;
    log_warning("no room for more recordings: " + std::string(explain(pressure)) + "; " + counts() +
                ", " + std::to_string(figures.recordings) + " recordings go on");
  } else if (!lost && began_ns_ != 0 && timer_now_ns - last_ns_ >= kQuietNs) {
    log_warning("every call is recorded again; " + counts());
    began_ns_ = 0;
  }
  if (lost) last_ns_ = timer_now_ns;
  previous_ = figures;
}

}  // namespace tapdeck::apps
