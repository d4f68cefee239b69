// What goes before its time because the disk fills up.
#include <sstream>
#include <utility>

#include "pipelines/retention/desk_due.h"
#include "pipelines/retention/desk_values.h"
#include "pipelines/retention/selection.h"

namespace tapdeck::retention {
namespace {

constexpr std::size_t kEarlyPagesAtOnce = 8;  // others wait for the desk meanwhile

}  // namespace

// Unlike what is due by the clock, nothing but this value says that it must go to the end.
Result<void> RetentionDesk::retire_early(const Due& due, Relief& done) {
  std::string value = done.class_name + " " + std::to_string(done.parts) + "\n";
  for (const auto& [uid, parts] : due.going) value += to_string(uid) + "\n";
  unfinished_ = true;
  TD_TRY(store_.put_value(kEarlyValue, value));
  TD_TRY(retire_due(due, done.gone));
  TD_TRY(store_.put_value(kEarlyValue, ""));
  unfinished_ = false;
  return {};
}

// What an earlier process, or a write that failed, left half done.  Keys may be gone already.
Result<void> RetentionDesk::finish_early() {
  const auto value = store_.get_value(kEarlyValue);
  if (!value) return Error(value.error());
  if (!*value || (*value)->empty()) return {};
  std::istringstream text(**value);
  Relief done;
  unsigned parts = 0;
  text >> done.class_name >> parts;
  done.parts = static_cast<RecordingParts>(parts & (kPartMedia | kPartSip));
  Due due{.now_us = now_us(), .cause = ExpiryCause::kPressure};
  for (std::string word; done.parts != 0 && text >> word;) {
    const auto uid = parse_uid(word);
    const auto held = [&](const storage::LedgerState& state) { return state.is_held(*uid); };
    if (!uid || log().look(held)) continue;
    due.going[*uid] = done.parts;
    due.classes[*uid] = done.class_name;
  }
  if (due.going.empty()) return store_.put_value(kEarlyValue, "");
  return retire_early(due, done);
}

// It goes by no clock, but where the time is doubted, or what was rebuilt is not confirmed, nothing
// is destroyed.
Result<bool> RetentionDesk::relieve(std::uint64_t bytes, Relief& done) {
  const std::lock_guard lock(mutex_);
  TD_TRY(finish());
  TD_TRY(check_rebuilt());
  TD_TRY(check_clock());
  Due due{.now_us = now_us(), .cause = ExpiryCause::kPressure};
  const auto calls = reader();
  EarlyWalk walk = early_;
  for (std::size_t page = 0; page < kEarlyPagesAtOnce && !walk.is_over(); ++page) {
    if (due.going.empty()) {
      done.class_name = walk.entry().class_name;
      done.parts = walk.entry().parts;
    }
    const auto more = walk.next_page(*calls, [&](const storage::DueParts& row, std::uint64_t size) {
      const Uid& uid = row.what.uid;
      if (log().look([&](const storage::LedgerState& state) { return state.is_held(uid); })) {
        return true;
      }
      due.going[uid] = row.what.parts;
      due.classes[uid] = done.class_name;
      done.bytes += size;
      return done.bytes < bytes && due.going.size() < storage::kRetiredAtOnceMax;
    });
    if (!more) return Error(more.error());
    const bool enough = done.bytes >= bytes || due.going.size() >= storage::kRetiredAtOnceMax;
    if (!due.going.empty() && (enough || !*more)) break;
  }
  if (!due.going.empty()) {
    TD_TRY(retire_early(due, done));
    TD_TRY(reclaim_into(done.gone));
  }
  const bool more = !walk.is_over();
  early_ = more ? walk : EarlyWalk(store_, options_.early);
  return more;
}

Result<PlanAnswer> RetentionDesk::plan_early(const PlanRequest& request) {
  const auto calls = reader();
  const auto wanted = select_uids(*calls, request.calls);
  if (!wanted) return Error(wanted.error());
  PlanAnswer answer;
  for (EarlyWalk walk(store_, options_.early); !walk.is_over();) {
    std::vector<storage::DueParts> rows;
    const auto more = walk.next_page(*calls, [&](const storage::DueParts& row, std::uint64_t) {
      if (!*wanted || (*wanted)->contains(row.what.uid)) rows.push_back(row);
      return true;
    });
    if (!more) return Error(more.error());
    for (const storage::DueParts& row : rows) TD_TRY(add_plan_row(*calls, row, answer));
  }
  return answer;
}

}  // namespace tapdeck::retention
