// What policy says of calls: the rules of policies.yaml and the people of directory.yaml, asked
// with what is known of a call so far, and the answer kept with the call.  docs/POLICY.md.
//
// Threads: the call-plane thread.  Memory: a PolicyState of each call while there are rules or a
// directory; the sets that calls were decided by live as long as they.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/policies.h"
#include "model/call.h"
#include "pipelines/calls/claims_facts.h"
#include "pipelines/calls/key_codes.h"
#include "pipelines/numbers/trunks.h"
#include "pipelines/policy/call_facts.h"
#include "pipelines/policy/directory_lookup.h"
#include "pipelines/policy/evaluator.h"
#include "pipelines/policy/policy_set.h"

namespace tapdeck::calls {

struct LiveCall;

constexpr std::size_t kPolicyHeadersMax = 32;  // values of one call

// Either may be missing.  The evaluator belongs to the call plane's thread from then on.
struct PolicySources {
  std::shared_ptr<const policy::PolicySet> set;
  std::shared_ptr<policy::Evaluator> evaluator;  // of `set`
  std::shared_ptr<const policy::DirectoryLookup> directory;
};

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

  KeyCodes keys;  // that pause and resume

  bool muted = false;                            // as the workers know it
  bool video = true;                             // likewise: media that is no audio is kept
  bool kept_any = false;                         // media may have been kept
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

// What is known of media without signalling.
struct UnboundFacts {
  numbers::CallRoute route;
  std::int64_t first_us = 0;
  std::string_view call_id;  // as LiveCall::call_id
  MediaKind kind = MediaKind::kUnknown;
};

class CallPolicy {
 public:
  // `trunks` must outlive this.
  explicit CallPolicy(const std::vector<config::Trunk>& trunks) : trunks_(trunks) {}

  // For every call from its next decision on.
  void swap(PolicySources& sources);

  [[nodiscard]] bool active() const {
    return sources_.evaluator != nullptr || sources_.directory != nullptr;
  }

  // Some rule keeps less than everything.
  [[nodiscard]] bool restricts() const { return restricts_; }

  // Some rule keeps media that no signalling explains.
  [[nodiscard]] bool may_keep_unbound() const { return may_keep_unbound_; }

  // Whether the rule does that decides of such media.
  [[nodiscard]] bool keeps_unbound(const UnboundFacts& facts);

  // The header fields that rules ask for, or pause by.
  [[nodiscard]] std::vector<std::string> header_names() const;

  // Decides anew.
  void ask(LiveCall& live);

  // A call that an earlier process decided: as the rule says that its record names, if there still
  // is one so called, and with no more than the record has.
  void restore(const CallRecord& record, LiveCall& live) const;

  // Then, with what its messages and its record told.  `has_invite`: its INVITE is among them.
  void ask_again(LiveCall& live, bool has_invite);

 private:
  // Of several decisions: the strictest, and what all of them leave out together.
  struct Verdict {
    policy::Decision decision;
    Restriction limits;

    void add(const policy::Decision& other);
  };

  [[nodiscard]] policy::CallFacts facts_of(const LiveCall& live);
  void find_owners(policy::CallFacts& facts, PolicyState& state) const;
  void put_owners(policy::CallFacts& facts) const;
  void decide(policy::CallFacts facts, const LiveCall& live, PolicyState& state);
  void take(const Verdict& verdict, PolicyState& state) const;
  void take_rule(std::string_view name, const LiveCall& live, PolicyState& state) const;

  const std::vector<config::Trunk>& trunks_;
  PolicySources sources_;
  bool restricts_ = false;
  bool may_keep_unbound_ = false;
  std::vector<policy::HeaderFact> headers_;  // scratch
};

// By the header field that the call's rule names.
std::optional<PauseTrigger> pause_trigger_of(const LiveCall& live, const ClaimsFacts& claims);

// The header fields of an INVITE that rules ask for are kept with the call.
void note_policy_headers(const ClaimsFacts& claims, LiveCall& live);

}  // namespace tapdeck::calls
