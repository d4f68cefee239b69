// What may be asked about the life of recordings, and the answers: commands fill these in,
// RetentionDesk obeys.  Threads: plain values.  Memory: strings and vectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/call_query.h"
#include "model/ledger_content.h"
#include "pipelines/retention/journal_requests.h"

namespace tapdeck::retention {

// Which calls: these, or those that the filters find; one of both.
struct Selection {
  std::vector<Uid> uids;
  std::optional<CallQuery> query;  // no limit or cursor
};

constexpr std::size_t kNamedMax = 1'000;  // calls that an answer names; the counts are of all

struct NamedCalls {
  std::uint64_t count = 0;
  std::vector<Uid> named;  // the first kNamedMax
};

struct HoldRequest {
  Selection calls;
  bool future = false;  // calls to come that the filters match, too
  std::string matter;
  std::string reason;
};

struct HoldAnswer {
  std::uint64_t sequence = 0;  // of its entry in the journal
  NamedCalls held;             // by this request
  NamedCalls already_held;     // by this matter, before
  NamedCalls not_recorded;     // of those held: there is no recording
  NamedCalls gone;             // likewise: it was erased or has expired
};

struct ReleaseRequest {
  std::string matter;
  std::string reason;
  std::optional<Selection> calls;  // nullopt: the whole matter, with calls to come
};

struct ReleaseAnswer {
  std::uint64_t sequence = 0;
  std::uint64_t released = 0;
  std::uint64_t still_held = 0;  // of those: by another matter
};

struct HoldOrderRow {
  std::uint64_t sequence = 0;
  std::int64_t time_us = 0;
  std::string who;
  std::string reason;
  std::optional<CallQuery> future;
};

struct HoldRow {
  std::string matter;
  std::uint64_t held = 0;  // recordings
  std::vector<HoldOrderRow> orders;
};

enum class Fate : std::uint8_t { kGoes, kHeld };

struct PlanRequest {
  std::int64_t at_us = 0;  // what would have gone by then
  std::optional<Selection> calls;
  bool early = false;  // instead: what would go before its time if the disk filled up
};

// One row for parts of a call that go at the same time.
struct PlanRow {
  Uid uid{};
  std::int64_t start_us = 0;
  std::string class_name;
  std::string basis;
  RecordingParts parts = 0;
  std::int64_t expires_us = 0;
  std::uint64_t bytes = 0;
  Fate fate = Fate::kGoes;
  std::vector<std::string> matters;
};

struct PlanAnswer {
  std::vector<PlanRow> rows;  // in the order in which they go, the first kNamedMax
  std::uint64_t going = 0;
  std::uint64_t bytes_going = 0;
  std::uint64_t held = 0;
  std::uint64_t bytes_held = 0;
};

struct ApplyAnswer {
  std::uint64_t expired = 0;  // recordings and records
  std::uint64_t held = 0;     // that would have
  std::uint64_t segments_removed = 0;
  std::uint64_t bytes_removed = 0;
  std::uint64_t bytes_punched = 0;
};

struct ExtendRequest {
  Selection calls;
  std::int64_t until_us = 0;
  RecordingParts parts = kPartsAll;
  std::string reason;
  bool confirmed = false;  // without it: what would happen
};

struct ExtendAnswer {
  bool done = false;
  NamedCalls changed;
  NamedCalls unchanged;  // kept as long already, or for ever
  // Beyond what the class allows, shorter where it is locked, or of calls that have not ended.
  NamedCalls refused;
  NamedCalls gone;
};

// With kPartCdr the messages go, too, because they name the parties; the record stays with
// pseudonyms.
struct EraseRequest {
  Selection calls;
  RecordingParts parts = kPartMedia | kPartSip;
  // Whose facts go out of the records (with kPartCdr), as in CallQuery; empty: everybody's.
  std::string number;
  std::string number_e164;
  std::string reason;
  bool confirmed = false;
};

// SIP messages name the parties of a record.
constexpr RecordingParts parts_erased(RecordingParts wanted) {
  return static_cast<RecordingParts>((wanted & kPartCdr) != 0 ? wanted | kPartSip : wanted);
}

struct EraseCall {
  Uid uid{};
  std::int64_t start_us = 0;
  std::string conversation_id{};
  std::vector<std::string> matters{};  // hold it
  bool locked = false;                 // its class keeps it until `expires_us`
  std::string class_name{};
  std::optional<std::int64_t> expires_us{};
  std::uint64_t exports = 0;  // of it that the journal knows
  std::uint64_t bytes = 0;
  std::vector<std::string> parties{};  // their numbers, in reports only: who else is concerned
};

struct EraseAnswer {
  bool done = false;
  std::vector<EraseCall> calls;  // that go, or would; the first kNamedMax
  std::uint64_t going = 0;
  NamedCalls joined;                  // of the same conversations, not among them: they stay
  std::vector<EraseCall> in_the_way;  // held or locked: nothing is erased while there are any
  NamedCalls unknown;  // no such call in the log; erased all the same, for what may come
  std::optional<std::int64_t> last_backup_us;
  std::vector<std::string> set_aside;  // directories of the store that are not reached
  std::string certificate;             // JSON, when done
};

struct AnnotateRequest {
  Uid uid{};
  std::vector<std::pair<std::string, std::string>> values;  // "": takes the key away
};

struct BackupRequest {
  std::string destination;  // an absolute path of the host that has the store
};

struct BackupAnswer {
  std::string destination;
  std::uint64_t files = 0;
  std::uint64_t cloned = 0;  // without copying, by the file system
  std::uint64_t bytes = 0;
};

}  // namespace tapdeck::retention
