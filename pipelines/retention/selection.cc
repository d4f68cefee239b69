#include "pipelines/retention/selection.h"

#include <algorithm>

namespace tapdeck::retention {
namespace {

constexpr std::uint32_t kPageCalls = 1'000;
constexpr std::size_t kListedMax = 5;

}  // namespace

Result<std::optional<SelectedUids>> select_uids(storage::StoreAccess& reader,
                                                const std::optional<Selection>& selection) {
  std::optional<SelectedUids> uids;
  if (!selection) return uids;
  uids.emplace();
  TD_TRY(
      for_each_selected(reader, *selection, [&](const Uid& uid, const CallRecord*) -> Result<void> {
        uids->insert(uid);
        return {};
      }));
  return uids;
}

Result<void> check_selection(const Selection& selection) {
  if (selection.uids.empty() == !selection.query.has_value()) {
    return make_error(ErrorCode::kInvalidArgument,
                      selection.query ? "Calls are selected by uid or by filters, not by both."
                                      : "Which calls are meant? Name their uids, or filters.");
  }
  const bool nil = std::any_of(
      selection.uids.begin(), selection.uids.end(), [](const Uid& uid) { return uid.is_nil(); });
  if (nil) return make_error(ErrorCode::kInvalidArgument, "The uid of zeros is that of no call.");
  return {};
}

Result<void> for_each_selected(storage::StoreAccess& reader,
                               const Selection& selection,
                               const SelectedVisitor& visitor) {
  TD_TRY(check_selection(selection));
  if (selection.query) {
    CallQuery query = *selection.query;
    query.limit = kPageCalls;
    query.cursor.clear();
    do {
      auto page = reader.find_calls(query);
      if (!page) return Error(std::move(page.error()));
      for (const CallRecord& call : page->calls) TD_TRY(visitor(call.uid, &call));
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return {};
  }
  std::vector<Uid> uids = selection.uids;
  std::sort(uids.begin(), uids.end());
  uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
  for (const Uid& uid : uids) {
    const auto call = reader.get_call(uid);
    if (!call && call.error().code != ErrorCode::kNotFound) return Error(call.error());
    TD_TRY(visitor(uid, call ? &*call : nullptr));
  }
  return {};
}

Result<void> check_required_text(const std::string& text, std::string_view what, std::size_t max) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return make_error(ErrorCode::kInvalidArgument, "This needs " + std::string(what) + ".");
  }
  if (text.size() > max) {
    return make_error(ErrorCode::kInvalidArgument,
                      "This needs " + std::string(what) + " of at most " + std::to_string(max) +
                          " bytes; it has " + std::to_string(text.size()) + ".");
  }
  return {};
}

void add_to(NamedCalls& calls, const Uid& uid) {
  ++calls.count;
  if (calls.named.size() < kNamedMax) calls.named.push_back(uid);
}

std::string list_text(const NamedCalls& calls) {
  std::string text;
  const std::size_t listed = std::min(kListedMax, calls.named.size());
  for (std::size_t i = 0; i < listed; ++i) {
    text += (i == 0 ? "" : ", ") + to_string(calls.named[i]);
  }
  if (calls.count > listed) text += " and " + std::to_string(calls.count - listed) + " more";
  return text;
}

}  // namespace tapdeck::retention
