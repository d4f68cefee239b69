#include "apps/offline_run.h"

#include <algorithm>
#include <unistd.h>

#include "base/clock.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kRoundPackets = 256;  // what a worker polls at once
constexpr std::uint32_t kChunksAtOnce = 32;   // half a MiB: still in a cache when it is written
constexpr std::size_t kCommandsAtOnce = 64;
constexpr std::uint32_t kDiskWaitUs = 50;
// What waits is told of, is claimed, and is told of as claimed; a report ring may not hold all.
constexpr std::uint32_t kUnboundRounds = 8;
constexpr std::uint32_t kFinishRoundsMax = 1'000'000;  // a bug would otherwise spin here for ever

// How far one round may move the time: a second, and more the longer nothing has come, so that ten
// years without a packet are a thousand rounds.
std::int64_t stride_ns(std::int64_t waited_ns) { return std::max(kNsPerSecond, waited_ns / 64); }

}  // namespace

bool OfflineRun::step() {
  const engine::FeedRound round =
      started_ ? feeder_.feed_round(kRoundPackets, now_ns_ + stride_ns(waited_ns_))
               : feeder_.feed_round(1);
  move_time(round);
  step_workers();
  step_plane();
  if (is_worth_writing()) drain_records();
  return round.state != engine::FeedState::kEnd && !is_refused();
}

void OfflineRun::move_time(const engine::FeedRound& round) {
  if (round.packets > 0) {
    started_ = true;
    waited_ns_ = 0;
    now_ns_ = std::max(now_ns_, feeder_.clock_ns());
  } else if (round.state == engine::FeedState::kAhead) {
    const std::int64_t stride = stride_ns(waited_ns_);
    now_ns_ += stride;
    waited_ns_ += stride;
  }
}

// Until every queue is empty, so that a round is over for all workers before the call plane
// answers: the records then do not depend on the number of queues.
void OfflineRun::step_workers() {
  const engine::StepTime now{.timer_now_ns = now_ns_, .host_now_ns = now_ns_};
  for (engine::Worker& worker : pipeline_.workers()) {
    while (worker.step(now) != 0) {
    }
  }
}

void OfflineRun::step_plane() {
  while (pipeline_.link().step(pipeline_.plane(), now_ns_) != 0) {
  }
}

// What is written does not depend on when, and several chunks at once cost less than one by one:
// they are hashed side by side, and a write is not asked about after every few packets.
bool OfflineRun::is_worth_writing() const {
  std::uint32_t chunks = 0;
  std::uint32_t enough = kChunksAtOnce;
  for (const auto& rings : pipeline_.rings()) {
    chunks += rings->chunk_count();
    enough = std::min(enough, rings->options().chunk_count / 16);  // streams need the others
  }
  return chunks >= enough || pipeline_.commands_waiting() >= kCommandsAtOnce;
}

// Durability follows the host's clock even here: a capture of an hour is no reason to sync 3 600
// times.
void OfflineRun::drain_records() {
  RecordWriter& writer = pipeline_.writer();
  while (!writer.is_idle() && !is_refused()) {
    const std::int64_t now_ns = monotonic_now_ns();
    if (writer.step(now_ns) == 0 && !writer.is_idle()) ::usleep(kDiskWaitUs);
    pipeline_.keeper().step(now_ns);
  }
  pipeline_.keeper().step(monotonic_now_ns());
}

void OfflineRun::drain_finals() {
  const std::int64_t now_ns = monotonic_now_ns();
  pipeline_.writer().step(now_ns);
  pipeline_.keeper().step(now_ns);
}

bool OfflineRun::is_refused() const { return pipeline_.keeper().has_given_up(monotonic_now_ns()); }

Result<void> OfflineRun::finish() {
  pipeline_.fragments().finish(pipeline_.plane());
  if (pipeline_.plane().ask_for_unbound()) {
    for (std::uint32_t round = 0; round < kUnboundRounds; ++round) {
      step_workers();
      step_plane();
    }
  }
  pipeline_.plane().finish(now_ns_);
  std::uint32_t rounds = 0;
  while ((pipeline_.plane().open_call_count() != 0 || pipeline_.link().has_backlog()) &&
         !is_refused()) {
    step_plane();
    step_workers();
    drain_records();
    TD_ASSERT(++rounds < kFinishRoundsMax);
  }
  for (engine::Worker& worker : pipeline_.workers()) {
    while (!worker.finish({.timer_now_ns = now_ns_, .host_now_ns = now_ns_}) && !is_refused()) {
      drain_records();
    }
  }
  drain_records();
  // Where the disk refused media, the calls' records are committed all the same, and say so.
  Result<void> flushed = pipeline_.writer().flush();
  while (pipeline_.writer().has_finals() && !is_refused()) drain_finals();
  if (is_refused() || !pipeline_.keeper().flush_patiently()) {
    return pipeline_.keeper().refusal(pipeline_.writer().count_left() +
                                      pipeline_.link().count_records_left());
  }
  return flushed;
}

}  // namespace tapdeck::apps
