#include "pipelines/calls/call_policy.h"

#include <algorithm>
#include <utility>

#include "pipelines/calls/live_call.h"
#include "pipelines/calls/message_numbers.h"

namespace tapdeck::calls {
namespace {

policy::NumberFacts number_of(const LiveCall& live, std::uint8_t party) {
  const auto& parties = live.parties.all();
  if (party >= parties.size()) return {};
  return {parties[party].number, parties[party].e164};
}

std::span<const policy::NumberFacts> views_of(const std::vector<MoreNumber>& numbers,
                                              std::vector<policy::NumberFacts>& scratch) {
  scratch.clear();
  for (const MoreNumber& each : numbers) scratch.push_back({each.number, each.e164});
  return scratch;
}

bool is_same_field(std::string_view a, std::string_view b) {
  const sip::HeaderId id = sip::header_id_of(a);
  return id == sip::header_id_of(b) && (id != sip::HeaderId::kOther || sip::iequals(a, b));
}

bool is_stricter(const policy::Decision& a, const policy::Decision& b) {
  if (a.record != b.record) return a.record < b.record;
  if (a.actions->record != b.actions->record) return a.actions->record < b.actions->record;
  return a.actions->log > b.actions->log;
}

// Whom the call was led to is asked for in addition: only a rule that means him says anything new.
bool means(const config::MatchBlock& match, config::NumberKey side) {
  using config::NumberKey;
  using config::TextKey;
  for (const NumberKey key : {NumberKey::kNumber, side}) {
    if (!match.numbers[static_cast<std::size_t>(key)].empty()) return true;
  }
  for (const TextKey key : {TextKey::kAgent, TextKey::kTeam, TextKey::kClient}) {
    if (!match.texts[static_cast<std::size_t>(key)].empty()) return true;
  }
  return false;
}

bool keeps_unbound_media(const config::PolicyActions& actions) {
  return actions.unbound == config::DiscardKeep::kKeep &&
         actions.record != config::RecordChoice::kNone;
}

// Of what an earlier process decided, but for the media: that is named with its rule.
Restriction limits_of(const RecordingDecision& decision) {
  Restriction limits;
  limits.log = static_cast<config::LogDetail>(decision.log);
  limits.early_media =
      decision.early_media ? config::DiscardKeep::kKeep : config::DiscardKeep::kDiscard;
  limits.mask_dtmf = decision.mask_dtmf;
  return limits;
}

}  // namespace

void CallPolicy::swap(PolicySources& sources) {
  std::swap(sources_, sources);
  restricts_ = may_keep_unbound_ = false;
  if (sources_.set == nullptr) return;
  const config::Policies& policies = sources_.set->policies();
  const auto keeps_less = [](const config::PolicyActions& actions) {
    return actions.record != config::RecordChoice::kAudioVideo;
  };
  const auto any = [&policies](const auto& holds) {
    return holds(policies.fallback) ||
           std::ranges::any_of(policies.rules, holds, &config::PolicyRule::actions);
  };
  restricts_ = any(keeps_less);
  may_keep_unbound_ = sources_.evaluator != nullptr && any(keeps_unbound_media);
}

bool CallPolicy::keeps_unbound(const UnboundFacts& facts) {
  if (!may_keep_unbound_) return false;
  policy::CallFacts known;
  const std::size_t trunk = facts.route.trunk();
  if (trunk < trunks_.size()) known.trunk = trunks_[trunk].name;
  known.direction = facts.route.direction();
  known.time_us = facts.first_us;
  known.call_id = facts.call_id;
  const policy::Decision decision = sources_.evaluator->evaluate(known);
  const bool is_left_out =
      decision.record == config::RecordChoice::kAudio && facts.kind == MediaKind::kVideo;
  return keeps_unbound_media(*decision.actions) && decision.record != config::RecordChoice::kNone &&
         !is_left_out;
}

std::vector<std::string> CallPolicy::header_names() const {
  if (sources_.set == nullptr) return {};
  const std::span<const std::string> asked = sources_.set->header_names();
  std::vector<std::string> names(asked.begin(), asked.end());
  const auto add = [&names](const config::PolicyActions& actions) {
    const std::string& name = actions.pause.header_name;
    const auto is_name = [&name](const std::string& known) { return is_same_field(known, name); };
    if (!name.empty() && std::ranges::none_of(names, is_name)) names.push_back(name);
  };
  for (const config::PolicyRule& rule : sources_.set->policies().rules) add(rule.actions);
  add(sources_.set->policies().fallback);
  return names;
}

policy::CallFacts CallPolicy::facts_of(const LiveCall& live) {
  policy::CallFacts facts;
  facts.caller = number_of(live, kCallerParty);
  facts.callee = {live.dialled, live.dialled_e164};
  if (live.dialled.empty()) facts.callee = number_of(live, live.parties.callee());
  facts.asserted = {live.asserted, live.asserted_e164};
  facts.diverted = {live.diverted_from, live.diverted_from_e164};
  facts.more_asserted = views_of(live.policy->asserted, asserted_);
  facts.more_diverted = views_of(live.policy->diverted, diverted_);
  const std::size_t trunk = live.route.trunk();
  if (trunk < trunks_.size()) facts.trunk = trunks_[trunk].name;
  facts.direction = live.route.direction();
  facts.time_us = live.times.start_ns.value_or(live.times.first_seen_ns) / 1000;
  facts.call_id = live.call_id;
  headers_.clear();
  for (const auto& [name, value] : live.policy->headers) headers_.push_back({name, value});
  facts.headers = headers_;
  return facts;
}

void CallPolicy::find_owners(policy::CallFacts& facts, PolicyState& state) const {
  if (sources_.directory == nullptr) return;
  const policy::CallOwners owners =
      sources_.directory->find_of_call(facts.caller, facts.callee, facts.direction, facts.time_us);
  facts.agent = owners.agent;
  facts.team = owners.team;
  facts.client = owners.client;
  CallBusiness found;
  found.agent = owners.agent;
  found.team = owners.team;
  found.client = owners.client;
  if (owners.marketing_channel != nullptr) found.marketing_channel = owners.marketing_channel->name;
  if (owners.campaign != nullptr) found.campaign = owners.campaign->name;
  const bool is_new = state.business == nullptr || *state.business != found;
  if (is_new && found != CallBusiness{}) {
    state.business = std::make_shared<const CallBusiness>(std::move(found));
  }
}

// Those of the callee, whoever calls: between two of our people the call is the caller's otherwise.
// What the directory does not say of him stays as it is.
void CallPolicy::put_owners(policy::CallFacts& facts) const {
  if (sources_.directory == nullptr) return;
  const policy::CallOwners owners =
      sources_.directory->find_of_call({}, facts.callee, facts.direction, facts.time_us);
  if (!owners.agent.empty()) facts.agent = owners.agent;
  if (!owners.team.empty()) facts.team = owners.team;
  if (!owners.client.empty()) facts.client = owners.client;
}

void CallPolicy::Verdict::add(const policy::Decision& other) {
  if (decision.actions == nullptr || is_stricter(other, decision)) decision = other;
  const config::PolicyActions& actions = *other.actions;
  limits.tighten({other.record, actions.log, actions.early_media, actions.mask_dtmf});
}

void CallPolicy::decide_callee(policy::CallFacts& facts,
                               const policy::NumberFacts& callee,
                               Verdict& verdict) {
  facts.callee = callee;
  put_owners(facts);
  verdict.add(sources_.evaluator->evaluate(facts));
}

void CallPolicy::decide_reached(policy::CallFacts& facts,
                                const ReachedNumber& reached,
                                Verdict& verdict) {
  facts.callee = {reached.number, reached.e164};
  put_owners(facts);
  const policy::Decision decision = sources_.evaluator->evaluate(facts);
  const auto& rules = sources_.set->policies().rules;
  if (decision.rule < rules.size() &&
      means(rules[decision.rule].match, config::NumberKey::kCallee)) {
    verdict.add(decision);
  }
}

// Who is recorded by the call counts like who calls and like who was dialled: nobody says which of
// the two he was.
void CallPolicy::decide_participant(policy::CallFacts facts,
                                    const Party& participant,
                                    Verdict& verdict) {
  const policy::NumberFacts number{participant.number, participant.e164};
  const auto& rules = sources_.set->policies().rules;
  const policy::NumberFacts callee = std::exchange(facts.callee, number);
  put_owners(facts);
  for (const config::NumberKey side : {config::NumberKey::kCallee, config::NumberKey::kCaller}) {
    if (side == config::NumberKey::kCaller) {
      facts.caller = number;
      facts.callee = callee;
    }
    const policy::Decision decision = sources_.evaluator->evaluate(facts);
    if (decision.rule < rules.size() && means(rules[decision.rule].match, side)) {
      verdict.add(decision);
    }
  }
}

// Whoever answered, or was brought in by a transfer, counts like who was dialled: of several
// decisions the one that keeps least holds.
void CallPolicy::decide(policy::CallFacts facts, const LiveCall& live, PolicyState& state) {
  // A masked number fits other rules than the number did: what was decided by it holds.
  const bool is_known = state.known_masked == 0 || state.actions == nullptr;
  Verdict verdict;
  if (is_known) verdict.add(sources_.evaluator->evaluate(facts));
  const std::string_view dialled = facts.callee.raw;
  for (const Party& party : live.parties.all()) {
    if (!is_known && party.id < state.known_masked) continue;
    const bool joins = party.role == PartyRole::kTransferTarget && !party.to_us;
    const std::string_view number = party.number;
    if (party.is_participant && !party.to_us && !number.empty()) {
      decide_participant(facts, party, verdict);
    }
    if ((party.id != live.parties.callee() && !joins) || number.empty() || number == dialled) {
      continue;
    }
    if (joins) {
      facts.asserted = {party.number, party.e164};
      facts.more_asserted = {};
    }
    decide_callee(facts, {party.number, party.e164}, verdict);
  }
  for (const ReachedNumber& reached : state.reached) {
    if (reached.answered) decide_reached(facts, reached, verdict);
  }
  if (verdict.decision.actions != nullptr) take(verdict, state);
}

void CallPolicy::take(const Verdict& verdict, PolicyState& state) const {
  const policy::Decision& decision = verdict.decision;
  Restriction limits = verdict.limits;
  // The rule that an earlier process went by is named as long as it is the stricter one.
  const bool is_looser = limits.tighten(state.floor) && state.actions != nullptr;
  if (!is_looser || state.set != sources_.set) state.rule = decision.name;
  state.set = sources_.set;
  state.actions = decision.actions;
  state.limits = limits;
  if (!state.retention_class && decision.record != config::RecordChoice::kNone) {
    state.retention_class = decision.actions->retention_class;
    state.class_is_new = true;
  }
}

void CallPolicy::ask(LiveCall& live) {
  if (live.policy == nullptr) live.policy = std::make_unique<PolicyState>();
  policy::CallFacts facts = facts_of(live);
  find_owners(facts, *live.policy);
  if (sources_.evaluator == nullptr) return;
  decide(facts, live, *live.policy);
  live.priority = live.policy->actions->priority;
}

void CallPolicy::take_rule(std::string_view name, const LiveCall& live, PolicyState& state) const {
  if (sources_.set == nullptr) return;
  const config::Policies& policies = sources_.set->policies();
  const auto rule = std::ranges::find(policies.rules, name, &config::PolicyRule::name);
  if (rule == policies.rules.end() && name != config::kFallbackName) return;
  const auto index = static_cast<std::uint32_t>(rule - policies.rules.begin());
  Verdict verdict;
  verdict.add(sources_.evaluator->decide(index, live.call_id));
  take(verdict, state);
}

void CallPolicy::restore(const CallRecord& record, LiveCall& live) const {
  const RecordingInfo& recording = record.recording;
  const auto& decision = recording.decision;
  const bool was_forbidden =
      std::ranges::find(recording.reasons, RecordingReason::kPolicy) != recording.reasons.end();
  if (!active() && !decision && !was_forbidden && !record.masked) return;
  live.policy = std::make_unique<PolicyState>();
  PolicyState& state = *live.policy;
  state.business = record.business;
  if (record.masked) {
    state.known_masked = static_cast<std::uint8_t>(std::max<std::size_t>(1, record.parties.size()));
    state.floor.log = config::LogDetail::kMasked;
  }
  if (decision) {
    state.floor.tighten(limits_of(*decision));
    state.joined = {static_cast<config::RecordChoice>(decision->media), recording.policy_rule};
  } else if (was_forbidden) {
    state.joined = {config::RecordChoice::kNone, recording.policy_rule};
  }
  state.limits = state.floor;
  take_rule(recording.policy_rule, live, state);
  if (state.actions != nullptr && state.joined) {
    state.joined->for_all_legs = state.joined->record < state.limits.record;
  }
  if (decision) {
    state.limits = state.floor;  // the rule may be another leg's, or say something else by now
  } else {
    state.floor = state.limits;
  }
  if (state.actions != nullptr) {
    live.priority = state.actions->priority;
  } else if (recording.duration_ms > 0) {
    state.retention_class = 0;  // its class was decided by a rule that is gone
  }
  state.class_is_new = false;
}

void CallPolicy::ask_again(LiveCall& live, bool has_invite) {
  if (!active()) return;
  if (sources_.evaluator == nullptr || live.policy == nullptr) return ask(live);
  PolicyState& state = *live.policy;
  const bool is_known =
      state.known_masked == 0 && (has_invite || sources_.set->header_names().empty());
  if (is_known) return ask(live);
  state.withheld = state.actions == nullptr;
}

std::optional<PauseTrigger> pause_trigger_of(const LiveCall& live, const ClaimsFacts& claims) {
  if (live.policy == nullptr || live.policy->actions == nullptr) return std::nullopt;
  const config::PauseTriggers& triggers = live.policy->actions->pause;
  if (triggers.header_name.empty()) return std::nullopt;
  const std::int64_t limit_ns = std::int64_t{triggers.limit_s} * 1'000'000'000;
  for (const HeaderFacts& header : claims.policy_headers) {
    if (!is_same_field(header.name, triggers.header_name)) continue;
    if (sip::iequals(header.value, triggers.header_pause)) return PauseTrigger{false, limit_ns};
    const std::string& resume = triggers.header_resume;
    if (!resume.empty() && sip::iequals(header.value, resume)) return PauseTrigger{true, limit_ns};
  }
  return std::nullopt;
}

void note_reached(const SeenMessage& message, LiveCall& live) {
  const MessageFacts& facts = message.facts;
  if (facts.method != sip::Method::kInvite) return;
  if (!facts.is_request) {
    if (live.policy == nullptr || facts.status < 200 || facts.status >= 300) return;
    for (ReachedNumber& reached : live.policy->reached) {
      reached.answered = reached.answered || reached.branch == facts.branch;
    }
    return;
  }
  const std::string_view number = facts.request_number;
  if (number.empty() || !facts.to_tag.empty() || !is_dialable(number)) return;
  if (number == std::string_view(live.dialled)) return;
  if (live.policy == nullptr) live.policy = std::make_unique<PolicyState>();
  std::vector<ReachedNumber>& all = live.policy->reached;
  const bool is_known = std::ranges::find(all, facts.branch, &ReachedNumber::branch) != all.end();
  if (is_known || all.size() >= kReachedNumbersMax) return;
  const auto e164 = MessageNumbers(message).e164(number, facts.request_context);
  all.push_back({std::string(facts.branch), std::string(number), std::string(e164)});
}

namespace {

void note_identities(const SeenMessage& message, LiveCall& live) {
  const auto& identities = message.facts.claims->identities;
  std::string_view
      target;  // RFC 7044: the last entry is whom the call goes to, and diverts nothing
  for (const IdentityFacts& each : identities) {
    if (each.source == IdentitySource::kHistory) target = each.person.number;
  }
  const MessageNumbers numbers(message);
  for (const IdentityFacts& each : identities) {
    const std::string_view number = each.person.number;
    const bool is_asserted = each.source == IdentitySource::kAsserted;
    const bool is_diverting = each.source == IdentitySource::kDiversion ||
                              (each.source == IdentitySource::kHistory && number != target);
    if (number.empty() || !(is_asserted || is_diverting)) continue;
    if (number == std::string_view(is_asserted ? live.asserted : live.diverted_from)) continue;
    if (live.policy == nullptr) live.policy = std::make_unique<PolicyState>();
    auto& all = is_asserted ? live.policy->asserted : live.policy->diverted;
    MoreNumber seen{std::string(number), std::string(numbers.e164(each.person))};
    const bool is_new = std::ranges::find(all, seen) == all.end();
    if (is_new && all.size() < kMoreNumbersMax) all.push_back(std::move(seen));
  }
}

}  // namespace

void note_policy_claims(const SeenMessage& message, LiveCall& live) {
  const ClaimsFacts* const claims = message.facts.claims;
  if (claims == nullptr || !message.facts.is_invite_request()) return;
  // Who joins later is asked for by himself.
  if (message.facts.to_tag.empty()) note_identities(message, live);
  for (const HeaderFacts& header : claims->policy_headers) {
    if (live.policy == nullptr) live.policy = std::make_unique<PolicyState>();
    auto& headers = live.policy->headers;
    std::pair<std::string, std::string> seen(header.name, header.value);
    const bool is_new = std::ranges::find(headers, seen) == headers.end();
    if (is_new && headers.size() < kPolicyHeadersMax) headers.push_back(std::move(seen));
  }
}

}  // namespace tapdeck::calls
