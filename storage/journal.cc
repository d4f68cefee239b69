#include "storage/journal.h"

#include <utility>

#include "model/ledger_codec.h"

namespace tapdeck::storage {

Result<std::unique_ptr<Journal>> Journal::open(std::string directory,
                                               const LedgerOptions& options,
                                               const LedgerStateLimits& limits) {
  std::unique_ptr<Journal> journal(new Journal(std::move(directory), options, limits));
  TD_TRY(journal->load());
  return journal;
}

// What was written behind what the state has: all of it at first; after a failed write what the
// disk took of it all the same.
Result<void> Journal::load() {
  auto opened = Ledger::open(directory_, options_);
  if (!opened) return Error(std::move(opened.error()));
  std::shared_ptr<Ledger> ledger = std::move(*opened);
  if (ledger->next_sequence() < state_.next_sequence()) {
    return make_error(ErrorCode::kCorrupt,
                      "The ledger " + directory_ + " has lost entries that it had acknowledged.");
  }
  TD_TRY(ledger->replay(state_.next_sequence(), [&](const LedgerRecord& record) -> Result<bool> {
    const std::unique_lock lock(state_mutex_);  // not over the reading
    auto applied = state_.apply(record);
    if (applied) return true;
    applied.error().message = ledger->place_of(record) + ": " + applied.error().message;
    return Error(std::move(applied.error()));
  }));
  const std::unique_lock lock(state_mutex_);
  ledger_ = std::move(ledger);
  return {};
}

// Looked at before anything is written: an entry that the state cannot take would never be read
// back.
Result<std::uint64_t> Journal::commit(std::span<const LedgerEntry> entries) {
  const std::lock_guard one_at_a_time(commit_mutex_);
  if (ledger_ == nullptr) TD_TRY(load());
  TD_TRY(state_.check_room(entries));
  const auto first = ledger_->append(entries);
  if (!first) {
    const ErrorCode code = first.error().code;
    const bool refused = code == ErrorCode::kInvalidArgument || code == ErrorCode::kNotFound;
    if (!refused) drop_ledger();
    return first;
  }
  const std::unique_lock lock(state_mutex_);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string content = encode_ledger_content(entries[i].content);
    LedgerRecord record;
    record.header.sequence = *first + i;
    record.header.group = *first;
    record.header.type = static_cast<std::uint16_t>(type_of(entries[i].content));
    record.header.time_us = entries[i].time_us;
    record.header.uid = entries[i].uid;
    record.header.key_id = entries[i].key_id;
    record.content = as_bytes(content);
    if (auto applied = state_.apply(record); !applied) {
      ledger_.reset();
      return Error(std::move(applied.error()));
    }
  }
  return first;
}

void Journal::drop_ledger() {
  const std::unique_lock lock(state_mutex_);
  ledger_.reset();
}

std::shared_ptr<const Ledger> Journal::ledger() const {
  const std::shared_lock lock(state_mutex_);
  return ledger_;
}

Result<void> Journal::replay(std::uint64_t from_sequence, const LedgerVisitor& visitor) const {
  const std::shared_ptr<const Ledger> ledger = this->ledger();
  if (ledger != nullptr) return ledger->replay(from_sequence, visitor);
  return make_error(ErrorCode::kIo,
                    "The ledger " + directory_ +
                        " could not be written and is not read before the next entry opens it.");
}

LedgerFigures Journal::figures() const {
  const std::shared_ptr<const Ledger> ledger = this->ledger();
  return ledger == nullptr ? LedgerFigures{} : ledger->figures();
}

}  // namespace tapdeck::storage
