#include "pipelines/retention/early_walk.h"

#include <limits>

#include "pipelines/retention/desk_values.h"

namespace tapdeck::retention {
namespace {

constexpr std::size_t kRowsOfPage = 500;
constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();

}  // namespace

// 0: it may not go.
Result<std::uint64_t> EarlyWalk::bytes_of(storage::StoreAccess& calls,
                                          const storage::DueParts& row) {
  const Uid& uid = row.what.uid;
  if ((row.what.parts & entry().parts) == 0) return 0;
  const bool lengthened = store_->journal().look(
      [&uid](const storage::LedgerState& state) { return state.extended().contains(uid); });
  if (lengthened) return 0;
  const auto call = calls.get_call(uid);
  if (!call && call.error().code != ErrorCode::kNotFound) return Error(call.error());
  if (!call || call->recording.locked) return 0;
  const std::string& name = call->recording.retention_class;
  if ((name.empty() ? kDefaultClass : name) != entry().class_name) return 0;
  return store_->reclaimable_bytes_of(uid, entry().parts);
}

Result<bool> EarlyWalk::next_page(storage::StoreAccess& calls, const Visitor& visitor) {
  const auto rows = store_->due(kEver, kRowsOfPage, after_);
  if (!rows) return Error(rows.error());
  for (const storage::DueParts& row : *rows) {
    const auto bytes = bytes_of(calls, row);
    if (!bytes) return Error(bytes.error());
    after_ = row;
    if (*bytes == 0) continue;
    if (!visitor({row.expires_us, {row.what.uid, entry().parts}}, *bytes)) return true;
  }
  if (rows->size() == kRowsOfPage) return true;
  ++entry_;
  after_.reset();
  return false;
}

}  // namespace tapdeck::retention
