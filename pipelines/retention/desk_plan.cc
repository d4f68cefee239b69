#include "pipelines/retention/desk.h"
#include "pipelines/retention/selection.h"

namespace tapdeck::retention {
namespace {

constexpr std::size_t kPlannedAtOnce = 1'000;

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
    const auto rows = store_.due(until_us, kPlannedAtOnce, after);
    if (!rows) return Error(rows.error());
    for (const storage::DueParts& row : *rows) {
      if (*wanted && !(*wanted)->contains(row.what.uid)) continue;
      TD_TRY(add_plan_row(*calls, row, answer));
    }
    if (rows->size() < kPlannedAtOnce) return answer;
    after = rows->back();
  }
}

}  // namespace tapdeck::retention
