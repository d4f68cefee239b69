#include "control/obey.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "control/protocol.h"
#include "control/query_json.h"
#include "control/retention_json.h"
#include "model/annotations.h"

namespace tapdeck::control {
namespace {

using namespace retention;

constexpr std::size_t kJournalBytesMax = kAnswerBytesMax / 2;
constexpr std::uint32_t kJournalRowsMax = 1'000;  // of one answer

class Clerk {
 public:
  Clerk(RetentionDesk& desk, const LedgerActor& actor) : desk_(desk), actor_(actor) {}

  Result<std::string> operator()(const HoldRequest& request) {
    return told(desk_.hold(request, actor_));
  }

  Result<std::string> operator()(const ReleaseRequest& request) {
    return told(desk_.release(request, actor_));
  }

  Result<std::string> operator()(const ListHoldsRequest& /*request*/) {
    return told(desk_.holds());
  }

  Result<std::string> operator()(const PlanRequest& request) {
    if (request.calls) TD_TRY(note_search(*request.calls));
    return told(desk_.plan(request));
  }

  Result<std::string> operator()(const ApplyRequest& /*request*/) { return told(desk_.apply()); }

  Result<std::string> operator()(const ConfirmClockRequest& /*request*/) {
    TD_TRY(desk_.confirm_clock(actor_));
    return json_line(Json{{"confirmed", true}});
  }

  Result<std::string> operator()(const PublicKeyRequest& /*request*/) {
    const auto key = desk_.public_key();
    if (!key) return Error(key.error());
    return json_line(Json{{"key_id", storage::to_hex(storage::key_id_of(*key))},
                          {"public_key", storage::to_pem(*key)}});
  }

  Result<std::string> operator()(const ConfirmRebuildRequest& /*request*/) {
    const auto confirmed = desk_.confirm_rebuild(actor_);
    if (!confirmed) return Error(confirmed.error());
    return json_line(Json{{"confirmed", *confirmed}});
  }

  Result<std::string> operator()(const BackupRequest& request) {
    return told(desk_.backup(request, actor_));
  }

  Result<std::string> operator()(const ExtendRequest& request) {
    TD_TRY(note_search(request.calls));  // likewise
    return told(desk_.extend(request, actor_));
  }

  Result<std::string> operator()(const EraseRequest& request) {
    TD_TRY(note_search(request.calls));  // it may tell of calls that it does not erase
    return told(desk_.erase(request, actor_));
  }

  Result<std::string> operator()(const ExportRequest& request) {
    const auto sequence = desk_.note_export(request, actor_);
    if (!sequence) return Error(sequence.error());
    return json_line(Json{{"sequence", *sequence}});
  }

  // Whoever speaks to the socket may have other keys than those of the command.
  Result<std::string> operator()(const AnnotateRequest& request) {
    for (const auto& [key, value] : request.values) TD_TRY(check_annotation(key, value));
    TD_TRY(desk_.annotate(request, actor_));
    return json_line(Json{{"uid", to_string(request.uid)}, {"values", request.values.size()}});
  }

  Result<std::string> operator()(JournalRequest request) {
    request.limit = request.limit == 0 ? kJournalRowsMax : std::min(request.limit, kJournalRowsMax);
    const auto answer = desk_.journal(request);
    if (!answer) return Error(answer.error());
    return json_line(answer_to_json(*answer, kJournalBytesMax));
  }

 private:
  // A report on calls of a number is a search for them.  What is done then has entries of its own.
  Result<void> note_search(const Selection& calls) {
    if (!calls.query) return {};
    const CallQuery& query = *calls.query;
    if (query.number.empty() && query.caller.empty() && query.callee.empty()) return {};
    return desk_.note_access(std::nullopt,
                             Access{actor_, AccessKind::kSearch, query_to_text(query)});
  }

  template <typename Answer>
  Result<std::string> told(const Result<Answer>& answer) {
    if (!answer) return Error(answer.error());
    return json_line(answer_to_json(*answer));
  }

  RetentionDesk& desk_;
  const LedgerActor& actor_;
};

}  // namespace

Result<std::string> obey(RetentionDesk& desk,
                         const RetentionRequest& request,
                         const LedgerActor& actor) {
  return std::visit(Clerk(desk, actor), request);
}

}  // namespace tapdeck::control
