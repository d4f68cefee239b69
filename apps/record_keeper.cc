// The store thread's part of the record path: calls, events and orders to shred, into the call
// store.
#include <algorithm>
#include <cstddef>
#include <unistd.h>
#include <utility>
#include <variant>

#include "apps/record_path.h"
#include "base/clock.h"
#include "base/log.h"

namespace tapdeck::apps {
namespace {

constexpr std::size_t kGroupRecords = 64;      // worth a commit
constexpr std::size_t kGroupRecordsMax = 512;  // under load, one sync carries more
constexpr std::int64_t kGroupAgeNs = 100 * kNsPerMs;
constexpr std::uint32_t kAskAgainUs = 100'000;

}  // namespace

RecordKeeper::RecordKeeper(storage::RecordIntake& intake,
                           RecordQueues& queues,
                           RecordFigures& figures)
    : intake_(intake), queues_(queues), figures_(figures) {
  group_.reserve(kGroupRecordsMax);
}

template <typename Record>
std::uint32_t RecordKeeper::take(SpscRing<Record>& from,
                                 std::vector<Record>& to,
                                 std::size_t most) {
  std::uint32_t taken = 0;
  while (to.size() < most) {
    std::optional<Record> record = from.try_pop();
    if (!record) break;
    to.push_back(std::move(*record));
    ++taken;
  }
  return taken;
}

std::uint32_t RecordKeeper::step(std::int64_t timer_now_ns) {
  const std::uint32_t taken = take(queues_.to_keeper, group_, kGroupRecordsMax) +
                              take(queues_.events, events_, kGroupRecordsMax);
  const std::uint32_t orders = take(queues_.shreds, shreds_, kGroupRecordsMax);
  if (orders > 0 || group_.size() >= kGroupRecords || events_.size() >= kGroupRecords ||
      timer_now_ns - committed_ns_ >= kGroupAgeNs) {
    committed_ns_ = timer_now_ns;
    static_cast<void>(commit());
  }
  return taken + orders;
}

Result<void> RecordKeeper::flush() {
  while (true) {
    take(queues_.shreds, shreds_, SIZE_MAX);
    take(queues_.to_keeper, group_, SIZE_MAX);
    take(queues_.events, events_, SIZE_MAX);
    TD_TRY(commit());
    if (is_idle()) return {};
  }
}

Result<void> RecordKeeper::flush_patiently() {
  Result<void> flushed = flush();
  while (!flushed && !has_given_up(monotonic_now_ns())) {
    ::usleep(kAskAgainUs);
    flushed = flush();
  }
  return flushed;
}

Error RecordKeeper::refusal(std::size_t left) const {
  return make_error(ErrorCode::kIo,
                    "The call store has refused every write for " +
                        std::to_string(kPatienceNs / kNsPerSecond) + " s (" + refusal_ + "): " +
                        std::to_string(count_left() + left) + " call records are not stored.");
}

Result<void> RecordKeeper::put_groups() {
  TD_TRY(group_.empty() ? intake_.put_pending_rows() : intake_.put_calls(group_));
  figures_.records_committed.add(group_.size());
  group_.clear();
  if (events_.empty()) return {};
  TD_TRY(intake_.put_events(events_));
  figures_.events_committed.add(events_.size());
  events_.clear();
  return {};
}

// An order that bounds an earlier one takes its place: carried out late, that would destroy what
// came behind its end.
void RecordKeeper::take_newest_spans() {
  for (std::size_t at = shreds_.size(); at-- > 0;) {
    const auto* const newest = std::get_if<ShredMedia>(&shreds_[at]);
    if (newest == nullptr) continue;
    const ShredMedia order = *newest;
    const auto is_same = [&order](const ShredOrder& other) {
      const auto* const span = std::get_if<ShredMedia>(&other);
      return span != nullptr && span->recording == order.recording &&
             span->span.from_us == order.span.from_us &&
             span->span.video_only == order.span.video_only;
    };
    const auto begin = shreds_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(at);
    const auto older = std::remove_if(begin, end, is_same);
    at -= static_cast<std::size_t>(end - older);
    shreds_.erase(older, end);
  }
}

Result<void> RecordKeeper::obey(const ShredOrder& order) {
  if (const auto* part = std::get_if<ShredMedia>(&order)) {
    return intake_.shred_media(part->recording, part->span, part->cause);
  }
  const auto& whole = std::get<ShredRecording>(order);
  TD_TRY(intake_.shred(whole.recording, whole.parts));
  figures_.recordings_shredded.add();
  return {};
}

// One that is refused is tried again, behind the others.
Result<void> RecordKeeper::shred_all() {
  Result<void> done;
  take_newest_spans();
  std::vector<ShredOrder> refused;
  for (const ShredOrder& order : shreds_) {
    const auto shredded = obey(order);
    if (shredded) continue;
    done = Result<void>(Error(shredded.error()));
    refused.push_back(order);
  }
  shreds_ = std::move(refused);
  return done;
}

Result<void> RecordKeeper::commit() {
  Result<void> shredded = shred_all();
  Result<void> done = put_groups();
  if (done) done = std::move(shredded);
  if (!done) {
    figures_.commit_failures.add();
    if (refusing_since_ns_.load(std::memory_order_relaxed) == 0) {
      log_error("call store: " + done.error().message + "; will be tried again");
      refusing_since_ns_.store(monotonic_now_ns(), std::memory_order_relaxed);
    }
    refusal_ = done.error().message;
    return done;
  }
  if (refusing_since_ns_.exchange(0, std::memory_order_relaxed) != 0) {
    log_info("call store: writes work again");
  }
  return {};
}

}  // namespace tapdeck::apps
