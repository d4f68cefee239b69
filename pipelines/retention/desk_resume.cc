#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include "model/ledger_codec.h"
#include "pipelines/retention/desk.h"
#include "pipelines/retention/desk_values.h"

namespace tapdeck::retention {
namespace {

// What entries behind a sequence number began.
struct Begun {
  std::map<Uid, RecordingParts> erased;
  std::set<Uid> extended;
  std::vector<std::pair<Uid, MediaSpan>> redacted;
};

Result<LedgerContent> read(const storage::LedgerRecord& record) {
  LedgerContent content;
  const LedgerVerdict verdict = decode_ledger_content(
      record.header.type, record.header.uid, as_text(record.content), content);
  if (verdict == LedgerVerdict::kGood) return content;
  return make_error(ErrorCode::kCorrupt,
                    "Entry " + std::to_string(record.header.sequence) + " of the ledger (" +
                        std::string(ledger_type_name(record.header.type)) +
                        ") is not understood: " + std::string(ledger_verdict_name(verdict)) + ".");
}

Result<bool> take(const storage::LedgerRecord& record, Begun& begun) {
  const auto type = static_cast<LedgerType>(record.header.type);
  const Uid& uid = record.header.uid;
  if (type == LedgerType::kExtension) begun.extended.insert(uid);
  if (type != LedgerType::kErasure && type != LedgerType::kRedaction) return true;
  const auto content = read(record);
  if (!content) return Error(content.error());
  if (const auto* redaction = std::get_if<Redaction>(&*content)) {
    begun.redacted.emplace_back(uid, redaction->span);
    return true;
  }
  RecordingParts& parts = begun.erased[uid];
  parts = static_cast<RecordingParts>(parts | std::get<Erasure>(*content).parts);
  return true;
}

}  // namespace

Result<void> RetentionDesk::resume() {
  const std::lock_guard lock(mutex_);
  unfinished_ = true;
  future_.refresh();
  return finish();
}

// An expiry needs nothing here: what it left is still due.  One before its time does.
Result<void> RetentionDesk::finish() {
  if (!unfinished_) return {};
  erasures_only_ = false;
  const auto value = store_.get_value(kDoneValue);
  if (!value) return Error(value.error());
  std::uint64_t from = 0;
  if (*value) {
    const std::string& text = **value;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), from);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) from = 0;
  }
  const std::uint64_t next =
      log().look([](const storage::LedgerState& state) { return state.next_sequence(); });
  if (from > next) from = 0;  // another journal: all of it is new to this store
  if (from < next) {
    Begun begun;
    TD_TRY(log().replay(from,
                        [&](const storage::LedgerRecord& record) { return take(record, begun); }));
    TD_TRY(move_again(std::vector<Uid>(begun.extended.begin(), begun.extended.end())));
    erasures_only_ = true;
    for (const auto& [uid, span] : begun.redacted) TD_TRY(store_.redact(uid, span));
    TD_TRY(erase_again(begun.erased));
  }
  TD_TRY(finish_early());
  return mark_finished();
}

// Nobody but who holds the mutex journals what would have to be done again, and what a policy
// destroys, under the lock of future_.
Result<void> RetentionDesk::mark_finished() {
  const auto until_noted = future_.stop_intake();
  const std::uint64_t next =
      log().look([](const storage::LedgerState& state) { return state.next_sequence(); });
  TD_TRY(store_.put_value(kDoneValue, std::to_string(next)));
  unfinished_ = false;
  return {};
}

}  // namespace tapdeck::retention
