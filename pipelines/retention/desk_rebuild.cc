// After the call store was made anew nothing goes by itself until a person has looked.
#include <charconv>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "pipelines/retention/desk.h"
#include "storage/retention_store.h"

namespace tapdeck::retention {

Result<std::optional<std::string>> RetentionDesk::rebuilt() {
  auto value = store_.get_value(storage::kRebuiltValue);
  if (!value) return Error(std::move(value.error()));
  if (!*value || (*value)->empty()) return std::optional<std::string>();
  std::int64_t time_us = 0;
  const std::string& text = **value;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), time_us);
  const bool known = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return std::optional(known ? format_rfc3339_us(time_us) : text);
}

Result<void> RetentionDesk::check_rebuilt() {
  const auto when = rebuilt();
  if (!when) return Error(when.error());
  if (!*when) return {};
  return make_error(ErrorCode::kBusy,
                    "The call store was rebuilt at " + **when +
                        ", and nobody has confirmed yet that it has what it should. Compare "
                        "`calls`, `hold list` and `retention plan` with what you know; then "
                        "`tapdeck retention confirm-rebuild` lets things expire again.");
}

Result<bool> RetentionDesk::confirm_rebuild(const LedgerActor& actor) {
  const std::lock_guard lock(mutex_);
  const auto when = rebuilt();
  if (!when) return Error(when.error());
  if (!*when) return false;
  Confirmation confirmation{
      actor, ConfirmedMatter::kRebuild, "The call store was rebuilt at " + **when + "."};
  const auto committed = log().commit({.time_us = now_us(), .content = std::move(confirmation)});
  if (!committed) return Error(committed.error());
  TD_TRY(store_.put_value(storage::kRebuiltValue, {}));
  reclaim_due_ = true;
  log_warning("The call store that was rebuilt at " + **when + " was confirmed by " + actor.name +
              " (user " + std::to_string(actor.user_id) + ").");
  return true;
}

}  // namespace tapdeck::retention
