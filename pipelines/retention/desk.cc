#include "pipelines/retention/desk.h"

#include <limits>

#include "base/clock.h"
#include "base/log.h"
#include "pipelines/retention/desk_values.h"

namespace tapdeck::retention {
namespace {

constexpr std::int64_t kKeepClockUs = 60 * kUsPerSecond;
constexpr std::string_view kUnknownClock = "unknown";  // no mark, so that the clock is doubted

// With the longest texts and kLedgerUidsMax uids in each: within kLedgerGroupBytesMax.
constexpr std::size_t kGroupEntries = 100;

// Who opens a store without its configuration knows no class.
DeskOptions without_locked(DeskOptions options) {
  std::erase_if(options.early, [&options](const EarlyExpiry& early) {
    const auto terms = options.classes.find(early.class_name);
    return terms == options.classes.end() || terms->second.locked;
  });
  return options;
}

// When the newest entry of the journal was written, on whichever boot.
std::optional<ClockMark> last_entry(storage::Journal& log) {
  const std::uint64_t next =
      log.look([](const storage::LedgerState& state) { return state.next_sequence(); });
  if (next == 0) return std::nullopt;
  ClockMark mark;
  const auto found = log.replay(next - 1, [&mark](const storage::LedgerRecord& record) {
    mark.at.wall_us = record.header.time_us;
    return Result<bool>(false);
  });
  return found ? std::optional(mark) : std::nullopt;
}

}  // namespace

RetentionDesk::RetentionDesk(storage::RetentionStore& store,
                             ReaderMaker readers,
                             DeskOptions options)
    : store_(store),
      readers_(std::move(readers)),
      options_(without_locked(std::move(options))),
      boot_id_(options_.boot_id ? *options_.boot_id : read_boot_id()),
      future_(store.journal(), [this] { return now_us(); }),
      early_(store_, options_.early) {}

ClockReadings RetentionDesk::read() const {
  return options_.clocks ? options_.clocks() : read_clocks();
}

const ClassTerms* RetentionDesk::terms_of(const std::string& class_name) const {
  const auto found = options_.classes.find(class_name.empty() ? kDefaultClass : class_name);
  return found == options_.classes.end() ? nullptr : &found->second;
}

// Whoever opens a store with another configuration, or none, unlocks nothing that is there.
bool RetentionDesk::is_locked(const RecordingTerms& recording) const {
  const ClassTerms* terms = terms_of(recording.retention_class);
  return recording.locked || terms == nullptr || terms->locked;
}

std::int64_t RetentionDesk::latest_us(const CallRecord& call) const {
  if (call.recording.latest_us) return *call.recording.latest_us;
  const ClassTerms* terms = terms_of(call.recording.retention_class);
  return terms == nullptr || terms->max_us == 0 ? std::numeric_limits<std::int64_t>::max()
                                                : call.key_time_us() + terms->max_us;
}

// A store that has nothing yet is of now: what is put there has a time to be compared with.  One
// that was made anew, or is older than marks, is of its journal's newest entry, before there is
// another: whatever is written down from now on has the time that is to be judged.
Result<void> RetentionDesk::begin_clock() {
  const auto value = store_.get_value(kClockValue);
  if (!value) return Error(value.error());
  if (*value) return {};
  if (const auto mark = last_entry(log())) {
    return store_.put_value(kClockValue, encode_clock_mark(*mark));
  }
  const auto when = rebuilt();
  if (!when) return Error(when.error());
  return *when ? store_.put_value(kClockValue, kUnknownClock) : keep_clock(read());
}

Result<void> RetentionDesk::look_at_clock() {
  if (clock_) return {};
  const auto value = store_.get_value(kClockValue);
  if (!value) return Error(value.error());
  const ClockReadings now = read();
  if (const auto mark = *value ? decode_clock_mark(**value) : std::nullopt) {
    clock_.emplace(now, boot_id_, *mark);
  } else {
    clock_ = ClockGuard::without_mark(now);
  }
  if (clock_->doubted()) log_error(clock_->describe());
  return {};
}

Result<void> RetentionDesk::check_clock() {
  TD_TRY(look_at_clock());
  const ClockReadings now = read();
  const bool was_doubted = clock_->doubted();
  if (!clock_->believe(now)) {
    if (!was_doubted) log_error(clock_->describe());
    return make_error(ErrorCode::kBusy, clock_->describe());
  }
  if (kept_us_ && now.boottime_us - *kept_us_ < kKeepClockUs) return {};
  return keep_clock(now);
}

Result<void> RetentionDesk::keep_clock(const ClockReadings& now) {
  TD_TRY(store_.put_value(kClockValue, encode_clock_mark({now, boot_id_})));
  kept_us_ = now.boottime_us;
  return {};
}

Result<void> RetentionDesk::confirm_clock(const LedgerActor& actor) {
  const std::lock_guard lock(mutex_);
  TD_TRY(look_at_clock());
  const ClockReadings now = read();
  Confirmation confirmation{actor, ConfirmedMatter::kClock, clock_->describe()};
  const auto committed = log().commit({.time_us = now.wall_us, .content = std::move(confirmation)});
  if (!committed) return Error(committed.error());
  TD_TRY(keep_clock(now));
  log_warning("The clock was confirmed as " + format_rfc3339_us(now.wall_us) + " by " + actor.name +
              " (user " + std::to_string(actor.user_id) +
              (clock_->doubted() ? "). It had been doubted: " + clock_->describe() : ")."));
  clock_->confirm(now);
  return {};
}

Result<std::uint64_t> RetentionDesk::commit_all(std::span<const storage::LedgerEntry> entries) {
  std::optional<std::uint64_t> first;
  while (!entries.empty()) {
    const auto group = entries.first(std::min(kGroupEntries, entries.size()));
    const auto sequence = log().commit(group);
    if (!sequence) return Error(sequence.error());
    if (!first) first = *sequence;
    entries = entries.subspan(group.size());
  }
  return first.value_or(0);
}

}  // namespace tapdeck::retention
