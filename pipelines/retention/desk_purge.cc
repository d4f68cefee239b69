// Records are in RocksDB, which keeps the bytes of what was removed until it rewrites the file.
// Once a day, if any went by their time or were masked, it is told to.  (An erasure does not wait
// for that.)
#include <charconv>

#include "base/log.h"
#include "pipelines/retention/desk.h"
#include "pipelines/retention/desk_values.h"

namespace tapdeck::retention {
namespace {

// Bytes of records whose time is over are in no file of the store this long after, about.
constexpr std::int64_t kRecordBytesGoneUs = 24 * 3'600'000'000LL;

constexpr std::int64_t kAgainUs = 600'000'000;

std::int64_t parse_time(const std::string& text) {
  std::int64_t time_us = 0;
  std::from_chars(text.data(), text.data() + text.size(), time_us);
  return time_us;  // 0, long ago, where it is none
}

}  // namespace

// Before they go: who dies in between leaves the note.
Result<void> RetentionDesk::note_records_gone(std::int64_t now_us) {
  const auto noted = store_.get_value(kRecordsGoneValue);
  if (!noted) return Error(noted.error());
  if (*noted && !(*noted)->empty()) return {};
  TD_TRY(store_.put_value(kRecordsGoneValue, std::to_string(now_us)));
  purge_known_ = true;
  purge_us_ = now_us + kRecordBytesGoneUs;
  return {};
}

// Noted before it is forgotten.  What is masked while files are rewritten is noted afterwards.
Result<void> RetentionDesk::note_records_masked() {
  const auto masked = store_.get_value(storage::kMaskedValue);
  if (!masked) return Error(masked.error());
  if (!*masked || (*masked)->empty()) return {};
  TD_TRY(note_records_gone(parse_time(**masked)));
  return store_.put_value(storage::kMaskedValue, "");
}

Result<void> RetentionDesk::purge_records(std::int64_t now_us) {
  TD_TRY(note_records_masked());
  if (!purge_known_) {
    const auto noted = store_.get_value(kRecordsGoneValue);
    if (!noted) return Error(noted.error());
    if (*noted && !(*noted)->empty()) purge_us_ = parse_time(**noted) + kRecordBytesGoneUs;
    purge_known_ = true;
  }
  if (!purge_us_ || now_us < *purge_us_) return {};
  const auto purged = store_.purge_everywhere();
  if (!purged && purged.error().code == ErrorCode::kBusy) {
    log_warning(purged.error().message);
    purge_us_ = now_us + kAgainUs;
    return {};
  }
  TD_TRY(purged);
  purge_us_.reset();
  return store_.put_value(kRecordsGoneValue, "");
}

}  // namespace tapdeck::retention
