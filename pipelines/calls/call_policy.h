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
#include "pipelines/calls/policy_state.h"
#include "pipelines/numbers/trunks.h"
#include "pipelines/policy/call_facts.h"
#include "pipelines/policy/directory_lookup.h"
#include "pipelines/policy/evaluator.h"
#include "pipelines/policy/policy_set.h"

namespace tapdeck::calls {

struct LiveCall;
struct Party;
struct SeenMessage;  // pipelines/calls/message_facts.h

constexpr std::size_t kPolicyHeadersMax = 32;   // values of one call
constexpr std::size_t kReachedNumbersMax = 32;  // likewise
constexpr std::size_t kMoreNumbersMax = 16;     // asserted ones, and diverting ones

// Either may be missing.  The evaluator belongs to the call plane's thread from then on.
struct PolicySources {
  std::shared_ptr<const policy::PolicySet> set;
  std::shared_ptr<policy::Evaluator> evaluator;  // of `set`
  std::shared_ptr<const policy::DirectoryLookup> directory;
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

  // A call that an earlier process decided: as its record says, and the rule that it names, if
  // there still is one so called.  Records of earlier versions say no more than that.
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
  void decide_callee(policy::CallFacts& facts, const policy::NumberFacts& callee, Verdict& verdict);
  void decide_reached(policy::CallFacts& facts, const ReachedNumber& reached, Verdict& verdict);
  void decide_participant(policy::CallFacts facts, const Party& participant, Verdict& verdict);
  void decide(policy::CallFacts facts, const LiveCall& live, PolicyState& state);
  void take(const Verdict& verdict, PolicyState& state) const;
  void take_rule(std::string_view name, const LiveCall& live, PolicyState& state) const;

  const std::vector<config::Trunk>& trunks_;
  PolicySources sources_;
  bool restricts_ = false;
  bool may_keep_unbound_ = false;
  std::vector<policy::HeaderFact> headers_;  // scratch, likewise
  std::vector<policy::NumberFacts> asserted_;
  std::vector<policy::NumberFacts> diverted_;
};

// By the header field that the call's rule names.
std::optional<PauseTrigger> pause_trigger_of(const LiveCall& live, const ClaimsFacts& claims);

// An INVITE to another number than the one that was dialled, and the answer to it: who answers
// there counts like who was dialled.
void note_reached(const SeenMessage& message, LiveCall& live);

// What rules may ask for of an INVITE is kept with the call: header fields, and every identity that
// is asserted or that diverted it.
void note_policy_claims(const SeenMessage& message, LiveCall& live);

}  // namespace tapdeck::calls
