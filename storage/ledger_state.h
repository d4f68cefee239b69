// What the journal restores: which recordings matters hold and which calls to come they will, what
// was erased, what was lengthened, what was annotated.  The same entries give the same state, one
// at a time as they are appended or all at once by a replay.
//
// Threads: one at a time per object.  Memory: bounded by LedgerStateLimits: about 80 bytes for a
// held recording and matter, 80 for an erased one, 120 for a lengthened one, the bytes of
// annotations and 200 for each, 2 KiB for an order (up to 60 with long texts): under 2 GiB at all
// defaults.  Beyond a limit: kResources and the state as it was, since a hold that is forgotten is
// no hold. Contents that are not understood: kUnsupported or kCorrupt, by the name of the verdict.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/ledger_content.h"
#include "storage/ledger.h"

namespace tapdeck::storage {

struct LedgerStateLimits {
  std::size_t held_max = 4'000'000;                 // pairs of recording and matter
  std::size_t orders_max = 10'000;                  // holds that are active, of all matters
  std::size_t erased_max = 8'000'000;               // recordings
  std::size_t extended_max = 1'000'000;             // recordings
  std::size_t annotation_bytes_max = 256ULL << 20;  // keys and values, and 200 for each pair
};

// One `hold add`.
struct HoldOrder {
  std::uint64_t sequence = 0;  // of its entry
  std::int64_t time_us = 0;
  LedgerActor actor;
  std::string reason;
  std::optional<CallQuery> future;  // calls to come that it holds
};

struct HeldMatter {
  std::uint32_t id = 0;  // of this state: numbers are not used again
  std::vector<HoldOrder> orders;
  std::size_t held = 0;  // recordings
};

struct ExtendedTimes {
  std::optional<std::int64_t> media_until_us;
  std::optional<std::int64_t> sip_until_us;
  std::optional<std::int64_t> cdr_until_us;

  bool operator==(const ExtendedTimes&) const = default;
};

struct LedgerStateFigures {
  std::uint64_t annotations_gone = 0;  // their call's key was destroyed
  std::uint64_t annotations_unreadable = 0;
  std::uint64_t stale_matches = 0;  // of a hold that had been released
};

class LedgerState {
 public:
  using Annotations = std::map<std::string, std::string>;

  explicit LedgerState(const LedgerStateLimits& limits = {}) : limits_(limits) {}

  // From all entries of `ledger`; errors name file and offset.
  static Result<LedgerState> restore(const Ledger& ledger, const LedgerStateLimits& limits = {});

  // The entry behind the last one, beginning with sequence number 0.
  Result<void> apply(const LedgerRecord& record);

  // Whether apply() has room for all of these, as the next ones: kResources.  Beside a limit it may
  // say no where entries in between would make room.
  [[nodiscard]] Result<void> check_room(std::span<const LedgerEntry> entries) const;

  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }

  [[nodiscard]] bool is_held(const Uid& uid) const;
  [[nodiscard]] std::vector<std::string> matters_of(const Uid& uid) const;  // by name

  [[nodiscard]] std::vector<Uid> held_by(const std::string& matter) const;  // ascending

  // By name; with their orders.
  [[nodiscard]] const std::map<std::string, HeldMatter>& matters() const { return matters_; }

  // 0: nothing was.  What is erased stays so, whatever is recorded under that uid again.
  [[nodiscard]] RecordingParts erased_parts(const Uid& uid) const;

  [[nodiscard]] const std::map<Uid, RecordingParts>& erased() const { return erased_; }

  // Of recordings that have not gone since; times only grow.
  [[nodiscard]] const std::map<Uid, ExtendedTimes>& extended() const { return extended_; }

  // Of calls whose details have not gone since.
  [[nodiscard]] const std::map<Uid, Annotations>& annotations() const { return annotations_; }

  [[nodiscard]] const LedgerStateFigures& figures() const { return figures_; }

 private:
  Result<void> put(const LedgerRecord& record, const Hold& hold);
  Result<void> put(const LedgerRecord& record, const Release& release);
  Result<void> put(const LedgerRecord& record, const Extension& extension);
  Result<void> put(const LedgerRecord& record, const Erasure& erasure);
  Result<void> put(const LedgerRecord& record, const Expiry& expiry);
  Result<void> put(const LedgerRecord& record, const Annotation& annotation);

  // Contents that change nothing here.
  template <typename Other>
  Result<void> put(const LedgerRecord&, const Other&) {
    return {};
  }

  void drop_parts(const Uid& uid, RecordingParts parts);
  void drop_annotations(const Uid& uid);
  void drop_if_empty(std::map<std::string, HeldMatter>::iterator matter);

  LedgerStateLimits limits_;
  std::uint64_t next_sequence_ = 0;
  std::uint32_t next_matter_ = 0;
  std::map<std::string, HeldMatter> matters_;
  std::map<std::uint32_t, std::string> matter_names_;
  std::set<std::pair<Uid, std::uint32_t>> held_;  // with the matter's id
  std::size_t orders_ = 0;
  std::map<Uid, RecordingParts> erased_;
  std::map<Uid, ExtendedTimes> extended_;
  std::map<Uid, Annotations> annotations_;
  std::size_t annotation_bytes_ = 0;
  LedgerStateFigures figures_;
};

}  // namespace tapdeck::storage
