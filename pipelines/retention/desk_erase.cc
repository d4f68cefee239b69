#include "pipelines/retention/desk_erase.h"

#include <algorithm>

#include "base/log.h"
#include "pipelines/retention/desk_values.h"
#include "pipelines/retention/selection.h"
#include "storage/ledger_format.h"

namespace tapdeck::retention {
namespace {

constexpr std::size_t kErasedPerBatch = 1'000;

std::uint32_t random_word() {
  std::array<std::uint8_t, 4> bytes{};
  storage::random_bytes(bytes);
  return load_le<std::uint32_t>(bytes.data());
}

Result<void> check(const EraseRequest& request) {
  TD_TRY(check_selection(request.calls));
  if (request.parts == 0 || request.parts > kPartsAll) {
    return make_error(ErrorCode::kInvalidArgument, "Nothing is named that could be erased.");
  }
  if (!request.number.empty() && (request.parts & kPartCdr) == 0) {
    return make_error(ErrorCode::kInvalidArgument,
                      "One party can be taken out of call records only: media and messages are "
                      "erased as a whole.");
  }
  if (!request.confirmed && request.reason.empty()) return {};
  return check_required_text(request.reason, "a reason", kLedgerTextBytesMax);
}

}  // namespace

Result<EraseAnswer> RetentionDesk::erase(const EraseRequest& request, const LedgerActor& actor) {
  TD_TRY(check(request));
  const std::lock_guard lock(mutex_);
  const auto clock = check_clock();
  if (!clock && clock.error().code != ErrorCode::kBusy) return Error(clock.error());
  Report report;
  TD_TRY(report_calls(request, report));
  TD_TRY(report_joined(report));
  TD_TRY(report_exports(report));
  if (report.targets.empty() && report.answer.in_the_way.empty()) {
    return make_error(ErrorCode::kNotFound,
                      "No call matches: nothing is erased. One that is logged masked has no "
                      "numbers: it is found by its uid, or by other filters.");
  }
  if (report.in_progress && (request.parts & kPartCdr) != 0) {
    return make_error(ErrorCode::kBusy,
                      to_string(*report.in_progress) +
                          " is in progress: its record can be erased when it is over. Its media "
                          "and messages can go now (--what media,sip).");
  }
  if (!request.confirmed || !report.answer.in_the_way.empty()) return std::move(report.answer);
  if (report.targets.size() > kErasedAtOnceMax) {
    return make_error(ErrorCode::kInvalidArgument,
                      "These are " + std::to_string(report.targets.size()) + " calls; at most " +
                          std::to_string(kErasedAtOnceMax) +
                          " are erased at once. Narrow the filters.");
  }
  const auto key = store_.signing_key();
  if (!key) {
    return make_error(
        key.error().code,
        "Nothing is erased, because it could not be certified. " + key.error().message);
  }
  TD_TRY(finish());
  report.first_sequence =
      log().look([](const storage::LedgerState& state) { return state.next_sequence(); });
  for (std::span<const EraseTarget> left = report.targets; !left.empty();) {
    const auto some = left.first(std::min(kErasedPerBatch, left.size()));
    left = left.subspan(some.size());
    unfinished_ = true;
    TD_TRY(put_choices(some));
    TD_TRY(journal_erasure(some, request, actor));
    TD_TRY(erase_now(some));
    TD_TRY(mark_finished());
  }
  auto certificate = certify(report, request, actor, *key);
  if (!certificate) return Error(std::move(certificate.error()));
  report.answer.certificate = std::move(*certificate);
  report.answer.done = true;
  ApplyAnswer ignored;
  const auto reclaimed = reclaim_into(ignored);  // the next step of expiry tries again
  if (!reclaimed) log_warning("Space of what was erased: " + reclaimed.error().message);
  return std::move(report.answer);
}

Result<void> RetentionDesk::journal_erasure(std::span<const EraseTarget> targets,
                                            const EraseRequest& request,
                                            const LedgerActor& actor) {
  std::vector<storage::LedgerEntry> entries;
  for (const EraseTarget& target : targets) {
    entries.push_back({.uid = target.uid,
                       .time_us = now_us(),
                       .content = Erasure{actor, request.reason, target.parts}});
  }
  const auto committed = commit_all(entries);
  if (!committed) return Error(committed.error());
  return {};
}

// Keys first; then the records, which know by now that their media is gone.
Result<void> RetentionDesk::erase_now(std::span<const EraseTarget> targets) {
  reclaim_due_ = true;
  std::vector<storage::RecordingPartsOf> what;
  std::vector<Uid> unknown;
  for (const EraseTarget& target : targets) {
    const auto parts = static_cast<RecordingParts>(target.parts & ~kPartCdr);
    if (parts != 0) what.push_back({target.uid, parts});
    if (!target.known && (target.parts & kPartCdr) != 0) unknown.push_back(target.uid);
  }
  if (!what.empty()) TD_TRY(store_.retire(what, RecordingLifecycle::kErased));
  TD_TRY(rewrite_without(targets));
  // A record that had expired may still have copies.
  if (!unknown.empty()) TD_TRY(store_.purge(unknown));
  return {};
}

Result<void> RetentionDesk::rewrite_without(std::span<const EraseTarget> targets) {
  std::vector<CallRecord> records;
  const auto calls = reader();
  for (const EraseTarget& target : targets) {
    if ((target.parts & kPartCdr) == 0) continue;
    auto call = calls->get_call(target.uid);
    if (!call && call.error().code == ErrorCode::kNotFound) continue;
    if (!call) return Error(std::move(call.error()));
    pseudonymise(*call, target.choice, random_word);
    records.push_back(std::move(*call));
  }
  if (records.empty()) return {};
  return store_.rewrite(records);
}

// Before the entries, so that whatever an interruption leaves is done as it was asked for.
Result<void> RetentionDesk::put_choices(std::span<const EraseTarget> targets) {
  std::string text;
  for (const EraseTarget& target : targets) {
    if ((target.parts & kPartCdr) == 0 || target.choice == PartyChoice{}) continue;
    text += to_string(target.uid) + " " + encode_party_choice(target.choice) + "\n";
  }
  return store_.put_value(kChoicesValue, text);
}

Result<std::map<Uid, PartyChoice>> RetentionDesk::get_choices() {
  std::map<Uid, PartyChoice> choices;
  const auto value = store_.get_value(kChoicesValue);
  if (!value) return Error(value.error());
  if (!*value) return choices;
  std::string_view text = **value;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t space = line.find(' ');
    const auto uid = parse_uid(line.substr(0, space));
    if (!uid || space == std::string_view::npos) continue;
    const auto choice = decode_party_choice(line.substr(space + 1));
    if (choice) choices[*uid] = *choice;
  }
  return choices;
}

// Where nothing says whom an erasure meant, it meant everybody.
Result<void> RetentionDesk::erase_again(const std::map<Uid, RecordingParts>& erased) {
  if (erased.empty()) return {};
  const auto choices = get_choices();
  if (!choices) return Error(choices.error());
  std::vector<EraseTarget> targets;
  const auto calls = reader();
  const auto flush = [&]() -> Result<void> {
    TD_TRY(erase_now(targets));
    targets.clear();
    return {};
  };
  for (const auto& [uid, parts] : erased) {
    const auto call = calls->get_call(uid);
    if (!call && call.error().code != ErrorCode::kNotFound) return Error(call.error());
    EraseTarget& target =
        targets.emplace_back(EraseTarget{.uid = uid, .parts = parts, .known = call.has_value()});
    const auto chosen = choices->find(uid);
    if (chosen != choices->end()) target.choice = chosen->second;
    if (targets.size() >= kErasedPerBatch) TD_TRY(flush());
  }
  return flush();
}

Result<std::string> RetentionDesk::certify(const Report& report,
                                           const EraseRequest& request,
                                           const LedgerActor& actor,
                                           const storage::SigningKey& key) {
  std::map<Uid, CertifiedCall> calls;
  for (const EraseTarget& target : report.targets) {
    CertifiedCall& call = calls[target.uid];
    call.uid = target.uid;
    call.parts = target.parts;
    call.known = target.known;
    const auto exports = report.exports.find(target.uid);
    if (exports != report.exports.end()) call.exports = exports->second;
  }
  storage::Hasher hasher;
  TD_TRY(
      log().replay(report.first_sequence, [&](const storage::LedgerRecord& record) -> Result<bool> {
        const auto call = calls.find(record.header.uid);
        const auto type = static_cast<LedgerType>(record.header.type);
        if (type != LedgerType::kErasure || call == calls.end()) return true;
        call->second.sequence = record.header.sequence;
        call->second.leaf_hash = storage::to_hex(storage::ledger_leaf_hash(hasher, record.header));
        return true;
      }));
  Certificate certificate{.time_us = now_us(), .actor = actor, .reason = request.reason};
  certificate.one_party = !request.number.empty();
  certificate.last_backup_us = report.answer.last_backup_us;
  certificate.set_aside = report.answer.set_aside;
  for (auto& [uid, call] : calls) certificate.calls.push_back(std::move(call));
  return seal_certificate(to_json(certificate), key);
}

}  // namespace tapdeck::retention
