#include "bench/load/capture_account.h"

#include <algorithm>

namespace tapdeck::load {
namespace {

std::uint64_t above(std::uint64_t more, std::uint64_t less) {
  return more > less ? more - less : 0;
}

std::uint64_t distance(std::uint64_t one, std::uint64_t other) {
  return std::max(one, other) - std::min(one, other);
}

// Packets sent before the trial that were in open chunks when it began, and are lost with them.
std::uint64_t early_loss(const CaptureTallies& flushed,
                         const CaptureTallies& begun,
                         const CaptureTallies& done,
                         const CaptureTrial& trial) {
  const std::uint64_t kept =
      above(begun.received - flushed.received,
            begun.found - flushed.found + drop_sum(begun.worker) - drop_sum(flushed.worker));
  return above(kept, above(done.found - begun.found, trial.recorded));
}

}  // namespace

std::uint64_t drop_sum(const CaptureTallies::Drops& drops) {
  std::uint64_t sum = 0;
  for (const auto& drop : drops) sum += drop.second;
  return sum;
}

void account(const CaptureTallies& flushed,
             const CaptureTallies& begun,
             const CaptureTallies& done,
             bool on_wire,
             CaptureTrial& trial) {
  std::uint64_t early = early_loss(flushed, begun, done, trial);
  const auto tell = [&trial](const std::string& name, std::uint64_t count) {
    if (count > 0) trial.drops.emplace_back(name, count);
  };
  for (std::size_t i = 0; i < done.port.size(); ++i) {
    tell(done.port[i].first, done.port[i].second - begun.port[i].second);
  }
  for (std::size_t i = 0; i < done.worker.size(); ++i) {
    std::uint64_t count = done.worker[i].second - begun.worker[i].second;
    if (done.worker[i].first == kLostInChunks) count -= std::min(count, early);
    tell(done.worker[i].first, count);
  }
  // Of all that workers received since their chunks were empty.
  trial.unexplained =
      distance(done.received - flushed.received,
               done.found - flushed.found + drop_sum(done.worker) - drop_sum(flushed.worker));
  const std::uint64_t arrived =
      done.received - begun.received + drop_sum(done.port) - drop_sum(begun.port);
  if (on_wire) {
    tell("on_the_way", above(trial.sent, arrived));
  } else {
    trial.unexplained += distance(trial.sent, arrived);
  }
}

}  // namespace tapdeck::load
