#include <algorithm>
#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "model/ledger_codec.h"
#include "pipelines/retention/desk.h"
#include "pipelines/retention/desk_values.h"

namespace tapdeck::retention {
namespace {

constexpr std::uint64_t kMarkEvery = 256;  // entries, or else more of them would be done again

struct WrittenRedaction {
  Uid uid;
  MediaSpan span;
  std::int64_t time_us = 0;  // of the entry
};

// What entries behind a sequence number began.
struct Begun {
  std::uint64_t done = 0;  // of redactions alone those before it, too
  std::map<Uid, RecordingParts> erased;
  std::set<Uid> extended;
  std::vector<WrittenRedaction> redacted;
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
  if (record.header.sequence < begun.done && type != LedgerType::kRedaction) return true;
  if (type == LedgerType::kExtension) begun.extended.insert(uid);
  if (type != LedgerType::kErasure && type != LedgerType::kRedaction) return true;
  const auto content = read(record);
  if (!content) return Error(content.error());
  if (const auto* redaction = std::get_if<Redaction>(&*content)) {
    begun.redacted.push_back({uid, redaction->span, record.header.time_us});
    return true;
  }
  RecordingParts& parts = begun.erased[uid];
  parts = static_cast<RecordingParts>(parts | std::get<Erasure>(*content).parts);
  return true;
}

std::uint64_t next_sequence(const storage::Journal& journal) {
  return journal.look([](const storage::LedgerState& state) { return state.next_sequence(); });
}

// Up to which entry all is done; 0 where that is not known.
Result<std::uint64_t> marked(storage::RetentionStore& store,
                             std::string_view name,
                             std::uint64_t next) {
  const auto value = store.get_value(name);
  if (!value) return Error(value.error());
  if (!*value) return 0;
  std::uint64_t sequence = 0;
  const std::string& text = **value;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return 0;
  return sequence > next ? 0 : sequence;  // another journal: all of it is new to this store
}

}  // namespace

Result<void> RetentionDesk::resume() {
  const std::lock_guard lock(mutex_);
  unfinished_ = true;
  future_.refresh();
  TD_TRY(begin_clock());
  return finish();
}

// An expiry needs nothing here: what it left is still due.  One before its time does.
Result<void> RetentionDesk::finish() {
  if (!unfinished_) return {};
  erasures_only_ = false;
  const std::uint64_t next = next_sequence(log());
  const auto done = marked(store_, kDoneValue, next);
  const auto redacted = marked(store_, kRedactedValue, next);
  if (!done || !redacted) return Error(!done ? done.error() : redacted.error());
  if (const std::uint64_t from = std::min(*done, *redacted); from < next) {
    Begun begun;
    begun.done = *done;
    TD_TRY(log().replay(from,
                        [&](const storage::LedgerRecord& record) { return take(record, begun); }));
    TD_TRY(move_again(std::vector<Uid>(begun.extended.begin(), begun.extended.end())));
    erasures_only_ = true;
    redactions_left_ = false;
    for (const auto& [uid, span, time_us] : begun.redacted) {
      const auto redone = store_.redact(uid, span, time_us);
      if (!redone) note_left(uid, redone.error());
    }
    TD_TRY(erase_again(begun.erased));
  }
  TD_TRY(finish_early());
  return mark_finished();
}

// That one extent cannot be overwritten must not keep everything else from being recorded.  It is
// tried again whenever the journal is gone through.
void RetentionDesk::note_left(const Uid& uid, const Error& error) {
  redactions_left_ = true;
  log_error("call " + to_string(uid) +
            ": what a policy or a pause forbade could not be destroyed: " + error.message);
}

// Nobody but who holds the mutex journals what would have to be done again, and what a policy
// destroys, under the lock of future_.  Where the disk refused such an order, it is not done yet.
Result<void> RetentionDesk::mark_finished() {
  const auto until_noted = future_.stop_intake();
  const std::uint64_t next = next_sequence(log());
  if (!future_.has_refused(LedgerType::kErasure)) {
    TD_TRY(store_.put_value(kDoneValue, std::to_string(next)));
  }
  if (!redactions_left_ && !future_.has_refused(LedgerType::kRedaction)) {
    TD_TRY(store_.put_value(kRedactedValue, std::to_string(next)));
  }
  marked_ = next;
  unfinished_ = false;
  return {};
}

Result<void> RetentionDesk::mark_now_and_then() {
  return next_sequence(log()) - marked_ < kMarkEvery ? Result<void>() : mark_finished();
}

}  // namespace tapdeck::retention
