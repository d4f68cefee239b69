// What the journal's entries say, one struct per type of entry.  Contents are stored encrypted and
// hashed with a salt (docs/formats/ledger.md), so numbers and names may stand in them; what goes
// with its call is under the call's key.  Threads: plain values.  Memory: strings and vectors,
// bounded by the limits below.  Beyond one: check_ledger_content() says which kind of fault it is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/call_query.h"
#include "model/ids.h"
#include "model/ledger_actor.h"
#include "model/ledger_type.h"
#include "model/media_span.h"
#include "model/pause.h"
#include "model/recording_parts.h"

namespace tapdeck {

constexpr std::size_t kLedgerContentBytesMax = 128U << 10;  // of one encoded content
constexpr std::size_t kLedgerUidsMax = 4'096;       // of one content: more take more entries
constexpr std::size_t kLedgerTextBytesMax = 4'096;  // of each text
constexpr std::size_t kLedgerNameBytesMax = 256;    // of each matter, class, key and name
constexpr std::size_t kLedgerValuesMax = 64;        // of one annotation

using LedgerDigest = std::array<std::uint8_t, 32>;  // SHA-256

struct PolicyChange {
  LedgerActor actor;
  std::optional<LedgerDigest> before;  // of the policies and what they include; nullopt: none
  std::optional<LedgerDigest> after;
  std::uint32_t rules = 0;  // afterwards
  std::string reason;
};

struct RetentionTerms {
  std::int64_t media_s = 0;
  std::int64_t sip_s = 0;
  std::int64_t cdr_s = 0;
  bool locked = false;
  std::int64_t max_s = 0;  // 0: none
  std::string basis;
  bool operator==(const RetentionTerms&) const = default;
};

struct ClassChange {
  LedgerActor actor;
  std::string name;
  std::optional<RetentionTerms> before;  // nullopt: a new class
  std::optional<RetentionTerms> after;   // nullopt: the class is gone
  std::string reason;
};

// Calls that a matter holds.  Where they are more than kLedgerUidsMax, further entries name the
// first as their matched_hold.
struct Hold {
  LedgerActor actor;
  std::string matter;
  std::string reason;
  std::vector<Uid> uids;            // ascending, each once
  std::optional<CallQuery> future;  // calls to come, too, by matches(); no limit or cursor
  // These uids belong to the hold with this sequence number, whose `future` they matched; if that
  // is released by now they are not held.  Then `future` is not set.
  std::optional<std::uint64_t> matched_hold;
};

// Ends the matter's hold on `uids`, or the whole matter with all its filters.
struct Release {
  LedgerActor actor;
  std::string matter;
  std::string reason;
  bool whole = false;     // then without uids
  std::vector<Uid> uids;  // ascending, each once
};

// New times of expiry of the subject, UTC microseconds; nullopt: as before.
struct Extension {
  LedgerActor actor;
  std::string reason;
  std::optional<std::int64_t> media_until_us;
  std::optional<std::int64_t> sip_until_us;
  std::optional<std::int64_t> cdr_until_us;
};

struct Erasure {
  LedgerActor actor;
  std::string reason;
  RecordingParts parts = 0;
};

enum class ExpiryCause : std::uint8_t { kTime, kPressure };  // stored; before time: disk pressure

// By the service itself; many recordings in one entry.
struct Expiry {
  std::string class_name;
  RecordingParts parts = 0;
  std::vector<Uid> uids;  // ascending, each once, at least one
  ExpiryCause cause = ExpiryCause::kTime;
};

struct Pause {
  LedgerActor actor;
  PauseCause cause = PauseCause::kCommand;
  std::int64_t from_us = 0;              // packet time from which nothing is kept
  std::optional<std::int64_t> limit_us;  // when it ends by itself
};

struct Resume {
  LedgerActor actor;
  PauseCause cause = PauseCause::kCommand;
  std::int64_t until_us = 0;
};

struct Annotation {
  LedgerActor actor;
  std::vector<std::pair<std::string, std::string>> values;  // keys ascending; "" takes one away
};

enum class AccessKind : std::uint8_t {
  kShow = 1,
  kExport = 2,
  kSearch = 3,
  kListen = 4,
  kBackup = 5
};
constexpr std::uint32_t kAccessKindMax = 5;

struct Access {
  LedgerActor actor;
  AccessKind kind = AccessKind::kShow;
  std::string detail;  // filters of a search, parts that were shown
};

struct Export {
  LedgerActor actor;
  std::string format;
  std::string output;
  std::uint32_t files = 0;
  std::optional<LedgerDigest> manifest;
  std::vector<Uid> uids;  // ascending, each once
};

// What a person says is right, after which the store goes on destroying what is due.
enum class ConfirmedMatter : std::uint8_t { kClock = 1, kRebuild = 2 };

struct Confirmation {
  LedgerActor actor;
  ConfirmedMatter matter = ConfirmedMatter::kClock;
  std::string detail;  // what was doubted; empty: nothing
};

// A stretch of a call's media, or its video, that a policy or a pause forbade after it had been
// written; the rest stays.  Bounded: what is kept behind it is not meant.
struct Redaction {
  LedgerActor actor;
  std::string reason;
  MediaSpan span;
};

// The index is LedgerType - 1.
using LedgerContent = std::variant<PolicyChange,
                                   ClassChange,
                                   Hold,
                                   Release,
                                   Extension,
                                   Erasure,
                                   Expiry,
                                   Pause,
                                   Resume,
                                   Annotation,
                                   Access,
                                   Export,
                                   Confirmation,
                                   Redaction>;
static_assert(std::variant_size_v<LedgerContent> == kLedgerTypeMax);

constexpr LedgerType type_of(const LedgerContent& content) {
  return static_cast<LedgerType>(content.index() + 1);
}

}  // namespace tapdeck
