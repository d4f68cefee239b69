#include "apps/offline_run.h"

#include <unistd.h>

#include "base/clock.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kRoundPackets = 64;
constexpr std::uint32_t kDiskWaitUs = 50;
constexpr std::uint32_t kFinishRoundsMax = 1'000'000;  // a bug would otherwise spin here for ever

}  // namespace

bool OfflineRun::step() {
  const engine::FeedRound round = feeder_.feed_round(kRoundPackets);
  step_workers();
  step_plane();
  drain_records();
  return round.state != engine::FeedState::kEnd;
}

// Until every queue is empty, so that a round is over for all workers before the call plane
// answers: the records then do not depend on the number of queues.
void OfflineRun::step_workers() {
  const std::int64_t now_ns = feeder_.clock_ns();
  const engine::StepTime now{.timer_now_ns = now_ns, .host_now_ns = now_ns};
  for (engine::Worker& worker : pipeline_.workers()) {
    while (worker.step(now) != 0) {
    }
  }
}

void OfflineRun::step_plane() {
  while (pipeline_.link().step(pipeline_.plane(), feeder_.clock_ns()) != 0) {
  }
}

// Durability follows the host's clock even here: a capture of an hour is no reason to sync 3 600
// times.
void OfflineRun::drain_records() {
  const std::int64_t now_ns = monotonic_now_ns();
  RecordWriter& writer = pipeline_.writer();
  while (!writer.is_idle()) {
    if (writer.step(now_ns) == 0 && !writer.is_idle()) ::usleep(kDiskWaitUs);
    pipeline_.keeper().step(now_ns);
  }
  pipeline_.keeper().step(now_ns);
}

void OfflineRun::drain_finals() {
  const std::int64_t now_ns = monotonic_now_ns();
  pipeline_.writer().step(now_ns);
  pipeline_.keeper().step(now_ns);
}

Result<void> OfflineRun::finish() {
  const std::int64_t now_ns = feeder_.clock_ns();
  pipeline_.plane().finish(now_ns);
  std::uint32_t rounds = 0;
  while (pipeline_.plane().open_call_count() != 0 || pipeline_.link().has_backlog()) {
    step_plane();
    step_workers();
    drain_records();
    TD_ASSERT(++rounds < kFinishRoundsMax);
  }
  for (engine::Worker& worker : pipeline_.workers()) {
    while (!worker.finish({.timer_now_ns = now_ns, .host_now_ns = now_ns})) drain_records();
  }
  drain_records();
  TD_TRY(pipeline_.writer().flush());
  while (pipeline_.writer().has_finals()) drain_finals();
  return pipeline_.keeper().flush();
}

}  // namespace tapdeck::apps
