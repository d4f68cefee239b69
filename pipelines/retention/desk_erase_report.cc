#include <algorithm>

#include "base/clock.h"
#include "model/ledger_codec.h"
#include "pipelines/retention/desk_erase.h"
#include "pipelines/retention/desk_values.h"
#include "pipelines/retention/selection.h"

namespace tapdeck::retention {
namespace {

// How far apart in time legs of one conversation are looked for.
constexpr std::int64_t kConversationUs = kUsPerDay;

// The latest time at which one of these parts would have gone; nullopt: never.
std::optional<std::int64_t> kept_until(const RecordingInfo& recording, RecordingParts parts) {
  std::optional<std::int64_t> latest = 0;
  const auto add = [&](RecordingParts part, const std::optional<std::int64_t>& expires_us) {
    if ((parts & part) == 0 || !latest) return;
    latest = expires_us ? std::optional(std::max(*latest, *expires_us)) : std::nullopt;
  };
  add(kPartMedia, recording.expires_us);
  add(kPartSip, recording.sip_expires_us);
  add(kPartCdr, recording.cdr_expires_us);
  return latest;
}

std::vector<std::string> numbers_of(const CallRecord& call) {
  std::vector<std::string> numbers;
  for (const CallParty& party : call.parties) {
    const std::string& number = party.e164.empty() ? party.number : party.e164;
    if (!number.empty()) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

Result<void> RetentionDesk::report_calls(const EraseRequest& request, Report& report) {
  const RecordingParts parts = parts_erased(request.parts);
  const NumberPattern number(request.number, request.number_e164);
  const std::int64_t now = now_us();
  const bool doubted = clock_ && clock_->doubted();
  const auto calls = reader();
  const auto look_at = [&](const Uid& uid, const CallRecord* call) -> Result<void> {
    EraseTarget target{.uid = uid, .parts = parts, .known = call != nullptr};
    EraseCall row{.uid = uid};
    row.start_us = call == nullptr ? uid.start_ms() * kUsPerMs : call->key_time_us();
    row.matters =
        log().look([&](const storage::LedgerState& state) { return state.matters_of(uid); });
    if (call != nullptr && !request.number.empty()) {
      const auto choice = choose_parties(*call, number);
      if (!choice) {
        return make_error(ErrorCode::kInvalidArgument,
                          "Call " + to_string(uid) + " has no such number: nothing is erased.");
      }
      target.choice = *choice;
    }
    if (call != nullptr) {
      row.conversation_id = call->conversation_id;
      row.class_name = call->recording.retention_class;
      if (!request.confirmed) row.parties = numbers_of(*call);
      row.expires_us = kept_until(call->recording, parts);
      row.locked =
          is_locked(call->recording) && (doubted || !row.expires_us || *row.expires_us > now);
      if (!report.in_progress && call->state == CallState::kInProgress) report.in_progress = uid;
      if (!row.conversation_id.empty()) {
        const bool first = report.conversations.empty();
        report.first_us = first ? row.start_us : std::min(report.first_us, row.start_us);
        report.last_us = first ? row.start_us : std::max(report.last_us, row.start_us);
        report.conversations.insert(row.conversation_id);
      }
    }
    report.targets.push_back(target);
    EraseAnswer& answer = report.answer;
    if (!row.matters.empty() || row.locked) {
      if (answer.in_the_way.size() < kNamedMax) answer.in_the_way.push_back(std::move(row));
      return {};
    }
    if (call == nullptr) {
      add_to(answer.unknown, uid);
      return {};
    }
    ++answer.going;
    if (answer.calls.size() < kNamedMax) answer.calls.push_back(std::move(row));
    return {};
  };
  TD_TRY(for_each_selected(*calls, request.calls, look_at));
  for (auto* rows : {&report.answer.calls, &report.answer.in_the_way}) {
    for (EraseCall& row : *rows) {
      const auto bytes = store_.bytes_of(row.uid, parts);
      if (!bytes) return Error(bytes.error());
      row.bytes = *bytes;
    }
  }
  std::sort(report.targets.begin(),
            report.targets.end(),
            [](const EraseTarget& a, const EraseTarget& b) { return a.uid < b.uid; });
  return {};
}

Result<void> RetentionDesk::report_joined(Report& report) {
  if (report.conversations.empty()) return {};
  Selection around;
  around.query.emplace();
  around.query->from_us = report.first_us - kConversationUs;
  around.query->to_us = report.last_us + kConversationUs;
  const auto calls = reader();
  return for_each_selected(
      *calls, around, [&](const Uid& uid, const CallRecord* call) -> Result<void> {
        if (call->conversation_id.empty() ||
            !report.conversations.contains(call->conversation_id)) {
          return {};
        }
        const bool selected = std::binary_search(
            report.targets.begin(),
            report.targets.end(),
            EraseTarget{.uid = uid},
            [](const EraseTarget& a, const EraseTarget& b) { return a.uid < b.uid; });
        if (!selected) add_to(report.answer.joined, uid);
        return {};
      });
}

// An export is an access to each part of a call that it reads, and an entry of its own at its end,
// which one that was broken off does not have: the largest count.
Result<void> RetentionDesk::report_exports(Report& report) {
  struct Counts {
    std::uint64_t exports = 0;
    std::map<std::string, std::uint64_t> accesses;  // by what was read
  };

  std::map<Uid, Counts> counts;
  for (const EraseTarget& target : report.targets) counts.emplace(target.uid, Counts{});
  const auto count = [&](const storage::LedgerRecord& record) -> Result<bool> {
    const auto type = static_cast<LedgerType>(record.header.type);
    if (type != LedgerType::kExport && type != LedgerType::kAccess) return true;
    const auto accessed = counts.find(record.header.uid);
    const bool is_of_none = record.header.uid == Uid{};
    if (type == LedgerType::kAccess && !is_of_none && accessed == counts.end()) return true;
    LedgerContent content;
    if (record.state != storage::LedgerContentState::kReadable ||
        decode_ledger_content(
            record.header.type, record.header.uid, as_text(record.content), content) !=
            LedgerVerdict::kGood) {
      return true;
    }
    if (const auto* access = std::get_if<Access>(&content)) {
      if (access->kind == AccessKind::kBackup) report.answer.last_backup_us = record.header.time_us;
      if (access->kind == AccessKind::kExport && accessed != counts.end()) {
        ++accessed->second.accesses[access->detail];
      }
      return true;
    }
    for (const Uid& uid : std::get<Export>(content).uids) {
      const auto found = counts.find(uid);
      if (found != counts.end()) ++found->second.exports;
    }
    return true;
  };
  TD_TRY(log().replay(0, count));
  for (const auto& [uid, each] : counts) {
    std::uint64_t exports = each.exports;
    for (const auto& [part, times] : each.accesses) exports = std::max(exports, times);
    if (exports > 0) report.exports.emplace(uid, exports);
  }
  for (auto* rows : {&report.answer.calls, &report.answer.in_the_way}) {
    for (EraseCall& row : *rows) {
      const auto found = report.exports.find(row.uid);
      row.exports = found == report.exports.end() ? 0 : found->second;
    }
  }
  auto aside = store_.set_aside();
  if (!aside) return Error(std::move(aside.error()));
  report.answer.set_aside = std::move(*aside);
  return {};
}

}  // namespace tapdeck::retention
