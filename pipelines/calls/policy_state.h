// What policy has decided of one call, and what follows from it (pipelines/calls/call_policy.h).
// Threads: the call-plane thread.  Memory: texts of the call; the set of rules is shared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/policies.h"
#include "model/call.h"
#include "pipelines/calls/key_codes.h"
#include "pipelines/policy/policy_set.h"

namespace tapdeck::calls {

// The strictest rule of a conversation, where it is another leg's, or the one that an earlier
// process went by.
struct JoinedRule {
  config::RecordChoice record = config::RecordChoice::kAudioVideo;
  std::string name;
  bool for_all_legs = true;  // false: the call's own share that is not sampled
};

// What a decision leaves out.
struct Restriction {
  config::RecordChoice record = config::RecordChoice::kAudioVideo;
  config::LogDetail log = config::LogDetail::kFull;
  config::DiscardKeep early_media = config::DiscardKeep::kKeep;
  bool mask_dtmf = false;

  // Of each the stricter one; true where that changes anything.
  bool tighten(const Restriction& other) {
    const Restriction before = *this;
    record = std::min(record, other.record);
    log = std::max(log, other.log);
    early_media = std::min(early_media, other.early_media);
    mask_dtmf = mask_dtmf || other.mask_dtmf;
    return *this != before;
  }

  bool operator==(const Restriction&) const = default;
};

static_assert(static_cast<int>(DecidedMedia::kAudio) ==
                  static_cast<int>(config::RecordChoice::kAudio) &&
              static_cast<int>(DecidedMedia::kAudioVideo) ==
                  static_cast<int>(config::RecordChoice::kAudioVideo));
static_assert(static_cast<int>(DecidedLog::kMasked) ==
                  static_cast<int>(config::LogDetail::kMasked) &&
              static_cast<int>(DecidedLog::kNone) == static_cast<int>(config::LogDetail::kNone));

// Where a proxy or a redirect took an INVITE of the call.
struct ReachedNumber {
  std::string branch;  // of its topmost Via
  std::string number;
  std::string e164;
  bool answered = false;
};

// A number that rules may ask for beside those in the record.
struct MoreNumber {
  std::string number;
  std::string e164;

  bool operator==(const MoreNumber&) const = default;
};

// What has been decided of one call, and what follows from it.
struct PolicyState {
  std::shared_ptr<const policy::PolicySet> set;    // `actions` and `rule` are its
  const config::PolicyActions* actions = nullptr;  // nullptr: no rules, everything is kept
  std::string_view rule;
  Restriction limits;
  std::optional<JoinedRule> joined;
  Restriction floor;              // what an earlier process decided
  std::uint8_t known_masked = 0;  // so many parties are known by masked numbers only
  bool withheld = false;          // its rule is gone, and too little is known to decide anew
  std::shared_ptr<const CallBusiness> business;              // nullptr: nothing is known
  std::vector<std::pair<std::string, std::string>> headers;  // that rules ask for, of its INVITEs

  std::vector<MoreNumber> asserted;    // by its INVITEs, beside LiveCall::asserted
  std::vector<MoreNumber> diverted;    // likewise
  std::vector<ReachedNumber> reached;  // in place of who was dialled

  KeyCodes keys;  // that pause and resume

  std::optional<std::int64_t> heard_since_ns;    // muted from the answer until then
  std::optional<std::uint16_t> retention_class;  // of the first decision that records
  bool class_is_new = false;                     // decided by this process

  [[nodiscard]] config::RecordChoice allowed() const {
    return joined ? std::min(limits.record, joined->record) : limits.record;
  }

  // What it asks of the other legs of its conversation; nullopt: nothing was decided.
  [[nodiscard]] std::optional<config::RecordChoice> asked_of_legs() const {
    const bool is_joined = joined && joined->for_all_legs;
    if (actions == nullptr) return is_joined ? std::optional(joined->record) : std::nullopt;
    return is_joined ? std::min(actions->record, joined->record) : actions->record;
  }

  // Of the rule that says so.
  [[nodiscard]] std::string_view deciding_rule() const {
    const bool is_joined = joined && (joined->record < limits.record || rule.empty());
    return is_joined ? std::string_view(joined->name) : rule;
  }

  [[nodiscard]] config::LogDetail log() const { return limits.log; }

  // nullopt: nothing was decided.
  [[nodiscard]] std::optional<RecordingDecision> decision() const {
    if (actions == nullptr && !joined && limits == Restriction{}) return std::nullopt;
    return RecordingDecision{static_cast<DecidedMedia>(allowed()),
                             static_cast<DecidedLog>(limits.log),
                             limits.early_media == config::DiscardKeep::kKeep,
                             limits.mask_dtmf};
  }
};

}  // namespace tapdeck::calls
