#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "model/annotations.h"
#include "model/ledger_codec.h"
#include "pipelines/retention/desk.h"

namespace tapdeck::retention {
namespace {

enum class Form : std::uint8_t { kText, kNumber, kTruth };

constexpr std::array<std::pair<std::string_view, Form>, 9> kKeys = {{{"agent", Form::kText},
                                                                     {"campaign", Form::kText},
                                                                     {"client", Form::kText},
                                                                     {"csat", Form::kNumber},
                                                                     {"disposition", Form::kText},
                                                                     {"note", Form::kText},
                                                                     {"resolved", Form::kTruth},
                                                                     {"revenue", Form::kNumber},
                                                                     {"tag", Form::kText}}};

Error wrong(const std::string& sentence) {
  return make_error(ErrorCode::kInvalidArgument, sentence);
}

bool has_form(const std::string& value, Form form) {
  if (value.empty() || form == Form::kText) return true;
  if (form == Form::kTruth) return value == "true" || value == "false";
  double number = 0;
  const char* end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  return read.ec == std::errc() && read.ptr == end && std::isfinite(number);
}

Result<void> check_value(const std::string& key, const std::string& value) {
  const auto known =
      std::find_if(kKeys.begin(), kKeys.end(), [&](const auto& each) { return each.first == key; });
  if (known == kKeys.end()) {
    std::string keys;
    for (const auto& [name, form] : kKeys) keys += (keys.empty() ? "" : ", ") + std::string(name);
    return wrong("A call cannot be annotated with \"" + key + "\". There are: " + keys + ".");
  }
  if (!has_form(value, known->second)) {
    return wrong("\"" + key + "\" is " +
                 (known->second == Form::kTruth ? "true or false" : "a number") + ", not \"" +
                 value + "\".");
  }
  if (value.size() > kLedgerTextBytesMax) {
    return wrong("\"" + key + "\" has " + std::to_string(value.size()) + " bytes, more than " +
                 std::to_string(kLedgerTextBytesMax) + ".");
  }
  return {};
}

Error no_such_call(const Uid& uid) {
  return make_error(ErrorCode::kNotFound, "There is no call " + to_string(uid) + ".");
}

CallRecord with_annotations(storage::Journal& journal,
                            CallRecord call,
                            const Annotation& annotation) {
  storage::LedgerState::Annotations values = journal.look([&](const storage::LedgerState& state) {
    const auto known = state.annotations().find(call.uid);
    return known == state.annotations().end() ? storage::LedgerState::Annotations() : known->second;
  });
  for (const auto& [key, value] : annotation.values) values.insert_or_assign(key, value);
  apply_annotations(values, call);
  return call;
}

}  // namespace

Result<void> RetentionDesk::annotate(const AnnotateRequest& request, const LedgerActor& actor) {
  if (request.values.empty()) return wrong("Nothing is said about the call: give KEY=VALUE.");
  Annotation annotation{actor, request.values};
  std::sort(annotation.values.begin(), annotation.values.end());
  for (std::size_t i = 0; i < annotation.values.size(); ++i) {
    const auto& [key, value] = annotation.values[i];
    TD_TRY(check_value(key, value));
    if (i > 0 && annotation.values[i - 1].first == key) {
      return wrong("\"" + key + "\" is given twice.");
    }
  }
  const std::lock_guard lock(mutex_);  // its key is not destroyed meanwhile
  const auto call = reader()->get_call(request.uid);
  if (!call && call.error().code == ErrorCode::kNotFound) return no_such_call(request.uid);
  if (!call) return Error(call.error());
  const RecordingParts erased = log().look(
      [&](const storage::LedgerState& state) { return state.erased_parts(request.uid); });
  if ((erased & kPartCdr) != 0) {
    return make_error(ErrorCode::kNotFound,
                      "Call " + to_string(request.uid) + " was erased: nothing is added to it.");
  }
  const auto key = store_.details_key(request.uid);
  if (!key) return Error(key.error());
  const CallRecord annotated = with_annotations(log(), *call, annotation);
  std::vector<storage::LedgerEntry> entries;
  entries.push_back(
      {.uid = request.uid, .time_us = now_us(), .key_id = *key, .content = std::move(annotation)});
  // Held in the same write as what makes it match.
  auto matched = future_.match({&annotated, 1});
  std::move(matched.entries.begin(), matched.entries.end(), std::back_inserter(entries));
  const auto committed = log().commit(entries);
  if (!committed) return Error(committed.error());
  return {};
}

// An access to all that there is.  Certificates of erasure name it, those of the copy, too, and
// also when it is broken off; one that cannot begin is none.
Result<BackupAnswer> RetentionDesk::backup(const BackupRequest& request, const LedgerActor& actor) {
  if (!request.destination.starts_with('/')) {
    return make_error(ErrorCode::kInvalidArgument,
                      "A backup goes to an absolute path: the store may be another process's.");
  }
  std::string destination = request.destination;
  while (destination.size() > 1 && destination.back() == '/') destination.pop_back();
  TD_TRY(store_.check_backup(destination));
  TD_TRY(note_access(std::nullopt, {actor, AccessKind::kBackup, destination}));
  // Others hold, erase and expire meanwhile: the copy is as a crash would have left the store.
  const auto copied = store_.backup(destination);
  if (!copied) return Error(copied.error());
  return BackupAnswer{destination, copied->files, copied->cloned, copied->bytes};
}

// The call may have no record yet.
Result<void> RetentionDesk::note(const Uid& uid, LedgerContent content) {
  const auto key = store_.details_key(uid);
  if (!key) return Error(key.error());
  const auto committed = log().commit(storage::LedgerEntry{
      .uid = uid, .time_us = now_us(), .key_id = *key, .content = std::move(content)});
  return committed ? Result<void>() : Result<void>(Error(committed.error()));
}

// Waits for nobody's erasure.  A key that goes at this moment takes the entry with it, so it is
// written once more, then without a call: an access is never left out.
Result<void> RetentionDesk::note_access(const std::optional<Uid>& uid, const Access& access) {
  storage::LedgerEntry entry{.time_us = now_us(), .content = access};
  std::string& detail = std::get<Access>(entry.content).detail;
  detail.resize(std::min(detail.size(), kLedgerTextBytesMax));
  if (uid) {
    const auto call = reader()->get_call(*uid);
    if (!call && call.error().code != ErrorCode::kNotFound) return Error(call.error());
    if (call) {
      const auto key = store_.details_key(*uid);
      if (!key) return Error(key.error());
      entry.uid = *uid;
      entry.key_id = *key;
    }
  }
  auto committed = log().commit(entry);
  if (!committed && committed.error().code == ErrorCode::kNotFound) {
    entry.uid = {};
    entry.key_id = storage::kNoKey;
    committed = log().commit(entry);
  }
  if (!committed) return Error(committed.error());
  return {};
}

}  // namespace tapdeck::retention
