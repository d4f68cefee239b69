// What retention asks of a store: what is due, what becomes of it, the journal beside it.
// pipelines/retention decides; this side does it, whole and durably, or says that it did not.
//
// Threads: any; one caller at a time of retire(), rewrite() and reclaim() (they wait for each
// other). Memory: as much as one call names.  Errors: kIo and kResources of the disk; after one,
// the same is to be asked again: everything here may be done twice.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/call.h"
#include "storage/backup.h"
#include "storage/crypto.h"
#include "storage/due_parts.h"
#include "storage/journal.h"

namespace tapdeck::storage {

constexpr std::size_t kRetiredAtOnceMax = 4'096;

// The value of this name: decimal, UTC microseconds, when the call store was rebuilt
// (storage/store_rebuild.h); empty or missing when nobody need confirm that (any more).
constexpr std::string_view kRebuiltValue = "retention/rebuilt";

// Decimal: entries of the journal before this sequence number have been done.
constexpr std::string_view kDoneValue = "retention/done";

// Likewise of redactions, which a rebuilt call store does not know to be done.
constexpr std::string_view kRedactedValue = "retention/redacted";

// Written by the store: when a record was masked of which earlier versions may be in RocksDB's
// files with whole numbers.  Decimal, UTC microseconds; "": none since whoever read it.
constexpr std::string_view kMaskedValue = "retention/masked";

struct Reclaimed {
  std::uint64_t segments_removed = 0;  // one unlink each
  std::uint64_t bytes_removed = 0;
  std::uint64_t bytes_punched = 0;  // in segments that something else still needs
};

class RetentionStore {
 public:
  virtual ~RetentionStore() = default;

  virtual Journal& journal() = 0;

  // The slot of the call's key for SIP and details, durable before it returns; made and claimed
  // where it has none (any more).  For entries of the journal that go with the call.
  virtual Result<std::uint32_t> details_key(const Uid& uid) = 0;

  // Of ended calls: parts whose time is over before `until_us`, soonest first, at most `most`,
  // behind `after` where there is one.
  virtual Result<std::vector<DueParts>> due(std::int64_t until_us,
                                            std::size_t most,
                                            const std::optional<DueParts>& after) = 0;

  // Newest records of those that are there, in this order; of each what decode_call_terms() reads.
  virtual Result<std::vector<CallRecord>> get_terms(std::span<const Uid> uids) = 0;

  // Other times for an ended call: its record and what due() says of it.  nullopt: as it is.
  virtual Result<void> move_expiry(const Uid& uid, const ExtendedTimes& times) = 0;

  // Destroys for good, at most kRetiredAtOnceMax recordings: keys first, durable before anything
  // else, then all rows, and what due() knew of these parts.  Newest records then say `lifecycle`
  // (kErased or kExpired) if their media is among the parts.  With kPartCdr a record goes
  // altogether: all versions, all indexes.  Recordings that are being written are abandoned first.
  virtual Result<void> retire(std::span<const RecordingPartsOf> what,
                              RecordingLifecycle lifecycle) = 0;

  // Destroys what there is of a stretch of a recording's media: a Redaction of the journal, again.
  // `by_us`: when it was written down, UTC.  Segments that were begun later have nothing of it: the
  // call was imported anew.
  virtual Result<void> redact(const Uid& recording, const MediaSpan& span, std::int64_t by_us) = 0;

  // `calls`, whole, in place of the stored ones of the same uids: older versions and whatever
  // indexes led to them go, and so does every older copy in RocksDB's files before it returns.
  virtual Result<void> rewrite(std::span<const CallRecord> calls) = 0;

  // The same of copies that retire() with kPartCdr left.
  virtual Result<void> purge(std::span<const Uid> calls) = 0;
  // The same of whatever calls went before.  Takes as long as rewriting all records does.
  virtual Result<void> purge_everywhere() = 0;

  // Unlinks sealed segments without a recording that is there, and punches holes for those that
  // are gone into the others.  Safe beside readers, who hold what they have open.
  virtual Result<Reclaimed> reclaim() = 0;

  // Bytes that the parts take in segments: for plans.
  virtual Result<std::uint64_t> bytes_of(const Uid& uid, RecordingParts parts) = 0;

  // Of those, what reclaim() would give back if the parts went now: not what lies in segments that
  // are still written.
  virtual Result<std::uint64_t> reclaimable_bytes_of(const Uid& uid, RecordingParts parts) = 0;

  // A copy of the store as it is now, in the directory `destination`, which must not exist; while
  // everything else goes on.  storage/backup.h.
  virtual Result<CopiedFiles> backup(const std::string& destination) = 0;
  // What is wrong with such a destination, before anything is done.
  virtual Result<void> check_backup(const std::string& destination) = 0;

  // Directories of the store with call stores that were set aside when they were rebuilt: nothing
  // that is destroyed is destroyed there.
  virtual Result<std::vector<std::string>> set_aside() = 0;

  // With which the store signs (storage/signing_key.h); the error says why it cannot.
  virtual Result<SigningKey> signing_key() = 0;

  // Small values of the caller's own, synced: "retention/…".
  virtual Result<void> put_value(std::string_view name, std::string_view value) = 0;
  virtual Result<std::optional<std::string>> get_value(std::string_view name) = 0;
};

}  // namespace tapdeck::storage
