#include <algorithm>

#include "pipelines/retention/desk_due.h"
#include "pipelines/retention/selection.h"

namespace tapdeck::retention {
namespace {

constexpr std::size_t kPlannedAtOnce = 1'000;

// When a record goes that is over by itself: after what it leads to.
std::int64_t record_goes_us(const CallRecord& call,
                            RecordingParts erased,
                            std::int64_t expires_us) {
  const RecordingInfo& recording = call.recording;
  for (const auto& [part, part_us] : {std::pair{kPartMedia, recording.expires_us},
                                      std::pair{kPartSip, recording.sip_expires_us}}) {
    if (!part_us || !outlives_record(call, 0, erased | (kPartsAll & ~part), *part_us - 1)) continue;
    expires_us = std::max(expires_us, *part_us);
  }
  return expires_us;
}

// As RetentionDesk::keep_records() will have it then.
Result<void> plan_records(storage::RetentionStore& store,
                          std::vector<storage::DueParts>& rows,
                          std::int64_t until_us) {
  std::vector<Uid> uids;
  for (const storage::DueParts& row : rows) {
    if ((row.what.parts & kPartCdr) != 0) uids.push_back(row.what.uid);
  }
  const auto calls = store.get_terms(uids);
  if (!calls) return Error(calls.error());
  std::map<Uid, const CallRecord*> known;
  for (const CallRecord& call : *calls) known[call.uid] = &call;
  for (storage::DueParts& row : rows) {
    const auto found = known.find(row.what.uid);
    if ((row.what.parts & kPartCdr) == 0 || found == known.end()) continue;
    const CallRecord& call = *found->second;
    const RecordingParts erased = store.journal().look(
        [&call](const storage::LedgerState& state) { return state.erased_parts(call.uid); });
    if (outlives_record(call, row.what.parts, erased, until_us)) {
      row.what.parts = static_cast<RecordingParts>(row.what.parts & ~kPartCdr);
    } else if (row.what.parts == kPartCdr) {
      row.expires_us = record_goes_us(call, erased, row.expires_us);
    }
  }
  return {};
}

}  // namespace

Result<void> RetentionDesk::add_plan_row(storage::StoreAccess& calls,
                                         const storage::DueParts& row,
                                         PlanAnswer& answer) {
  const Uid& uid = row.what.uid;
  const auto bytes = store_.bytes_of(uid, row.what.parts);
  if (!bytes) return Error(bytes.error());
  std::vector<std::string> matters =
      log().look([&](const storage::LedgerState& state) { return state.matters_of(uid); });
  const bool held = !matters.empty();
  (held ? answer.held : answer.going) += 1;
  (held ? answer.bytes_held : answer.bytes_going) += *bytes;
  if (answer.rows.size() >= kNamedMax) return {};
  const auto call = calls.get_call(uid);
  if (!call && call.error().code != ErrorCode::kNotFound) return Error(call.error());
  PlanRow& planned = answer.rows.emplace_back();
  planned.uid = uid;
  planned.start_us = call ? call->key_time_us() : uid.start_ms() * 1'000;
  if (call) planned.class_name = call->recording.retention_class;
  const ClassTerms* terms = terms_of(planned.class_name);
  if (terms != nullptr) planned.basis = terms->basis;
  planned.parts = row.what.parts;
  planned.expires_us = row.expires_us;
  planned.bytes = *bytes;
  planned.fate = held ? Fate::kHeld : Fate::kGoes;
  planned.matters = std::move(matters);
  return {};
}

Result<PlanAnswer> RetentionDesk::plan(const PlanRequest& request) {
  if (request.early) return plan_early(request);
  const auto calls = reader();
  const auto wanted = select_uids(*calls, request.calls);
  if (!wanted) return Error(wanted.error());
  const std::int64_t until_us = request.at_us == 0 ? now_us() : request.at_us;
  PlanAnswer answer;
  std::optional<storage::DueParts> after;
  for (;;) {
    auto rows = store_.due(until_us, kPlannedAtOnce, after);
    if (!rows) return Error(rows.error());
    if (!rows->empty()) after = rows->back();
    TD_TRY(plan_records(store_, *rows, until_us));
    for (const storage::DueParts& row : *rows) {
      if (row.what.parts == 0 || (*wanted && !(*wanted)->contains(row.what.uid))) continue;
      TD_TRY(add_plan_row(*calls, row, answer));
    }
    if (rows->size() < kPlannedAtOnce) return answer;
  }
}

}  // namespace tapdeck::retention
