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

// The strictest rule of a conversation, where it is another leg's.
struct JoinedRule {
  config::RecordChoice record = config::RecordChoice::kAudioVideo;
  std::string name;
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

// Where a proxy or a redirect took an INVITE of the call.
struct ReachedNumber {
  std::string branch;  // of its topmost Via
  std::string number;
  std::string e164;
  bool answered = false;
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
  bool tightened = false;         // a record should say so
  std::shared_ptr<const CallBusiness> business;              // nullptr: nothing is known
  std::vector<std::pair<std::string, std::string>> headers;  // that rules ask for, of its INVITEs

  std::vector<ReachedNumber> reached;  // in place of who was dialled

  KeyCodes keys;  // that pause and resume

  bool muted = false;                            // as the workers know it
  bool video = true;                             // likewise: media that is no audio is kept
  bool kept_any = false;                         // media may have been kept
  bool kept_video = false;                       // likewise, that is no audio
  bool early_cut = false;                        // early media goes, until the answer
  bool early_settled = false;                    // it is gone, after the answer
  bool destroyed = false;                        // what was kept: nothing is, from then on
  std::optional<std::int64_t> heard_since_ns;    // muted from the answer until then
  std::optional<std::uint16_t> retention_class;  // of the first decision that records
  bool class_is_new = false;                     // decided by this process

  [[nodiscard]] config::RecordChoice allowed() const {
    return joined ? std::min(limits.record, joined->record) : limits.record;
  }

  // Of the rule that says so.
  [[nodiscard]] std::string_view deciding_rule() const {
    return joined && joined->record < limits.record ? std::string_view(joined->name) : rule;
  }

  [[nodiscard]] bool records() const {
    return allowed() != config::RecordChoice::kNone && !destroyed;
  }

  [[nodiscard]] config::LogDetail log() const { return limits.log; }

  // By what it says now; `established`: the call is answered.
  [[nodiscard]] bool wants_mute(bool established) const {
    return !records() || withheld ||
           (!established && limits.early_media == config::DiscardKeep::kDiscard);
  }

  [[nodiscard]] bool wants(MediaKind kind) const {
    return allowed() == config::RecordChoice::kAudioVideo || kind == MediaKind::kAudio ||
           kind == MediaKind::kUnknown;
  }
};

}  // namespace tapdeck::calls
