#include "pipelines/calls/parties.h"

#include <algorithm>
#include <utility>

#include "model/stream.h"
#include "pipelines/calls/message_numbers.h"
#include "pipelines/calls/offer_answer.h"
#include "pipelines/calls/registrations.h"

namespace tapdeck::calls {
namespace {

void describe(std::string_view field, const MessageNumbers& numbers, Party& party) {
  PersonReader reader;
  const PersonFacts person = reader.read(field);
  party.number = person.number;
  party.e164 = numbers.e164(person);
  party.name = person.name;
  party.uri = person.uri;
}

// Each address once: m-lines may share theirs.
void describe(const SessionFacts& session, CallParty& record) {
  record.sdp_origin = session.origin;
  for (const MediaLine& line : session.lines) {
    std::vector<Endpoint>& addresses = record.sdp_addresses;
    if (line.address.port == 0 || addresses.size() == kSdpAddressesMax) continue;
    if (std::find(addresses.begin(), addresses.end(), line.address) == addresses.end()) {
      addresses.push_back(line.address);
    }
  }
}

Party kept(const CallParty& record) {
  return {.id = record.id,
          .role = record.role,
          .number = PoolString(record.number),
          .e164 = PoolString(record.e164),
          .name = PoolString(record.name),
          .uri = PoolString(record.uri),
          .ip = record.ip,
          .port = record.port,
          .user_agent = PoolString(record.user_agent),
          .device = record.device,
          .from_us = record.from_us,
          .to_us = record.to_us,
          .session = nullptr};
}

}  // namespace

void PartyList::open(const SeenMessage& message, bool oriented) {
  if (!parties_.empty()) return;
  oriented_ = oriented;
  const MessageNumbers numbers(message);
  parties_.reserve(2);
  Party& caller = parties_.emplace_back();
  caller.role = oriented ? PartyRole::kCaller : PartyRole::kUnknown;
  describe(message.facts.from, numbers, caller);
  caller.from_us = message.time_ns() / 1000;
  Party& callee = parties_.emplace_back();
  callee.id = kFirstCalleeParty;
  callee.role = oriented ? PartyRole::kCallee : PartyRole::kUnknown;
  describe(message.facts.to, numbers, callee);
}

void PartyList::open(const Endpoint& one, const Endpoint& other) {
  if (!parties_.empty()) return;
  parties_.reserve(2);
  for (const Endpoint& end : {one, other}) {
    Party& party = parties_.emplace_back();
    party.id = static_cast<std::uint8_t>(parties_.size() - 1);
    party.ip = end.ip;
    party.port = end.port;
  }
}

void PartyList::restore(const CallRecord& record) {
  // Ids are indexes: anything else is not a list that this class made.
  if (record.parties.size() < 2 || record.parties.size() > kPartiesMax) return;
  for (const CallParty& party : record.parties) parties_.push_back(kept(party));
  for (std::size_t i = 0; i < parties_.size(); ++i) {
    parties_[i].id = static_cast<std::uint8_t>(i);
    parties_[i].is_participant = i > kFirstCalleeParty && parties_[i].role == PartyRole::kUnknown;
    if (parties_[i].role != PartyRole::kFork) parties_[i].to_us.reset();
  }
  oriented_ = record.caller.has_value();
  if (record.callee && *record.callee < parties_.size()) callee_ = *record.callee;
}

std::vector<CallParty> PartyList::records() const {
  std::vector<CallParty> records;
  records.reserve(parties_.size());
  for (const Party& party : parties_) {
    CallParty& record = records.emplace_back();
    record.id = party.id;
    record.role = party.role;
    record.number = party.number;
    record.e164 = party.e164;
    record.name = party.name;
    record.uri = party.uri;
    record.ip = party.ip;
    record.port = party.port;
    record.user_agent = party.user_agent;
    record.device = party.device;
    record.from_us = party.from_us;
    record.to_us = party.to_us;
    if (party.session) describe(*party.session, record);
  }
  return records;
}

void PartyList::orient() {
  if (oriented_ || parties_.size() < 2) return;
  oriented_ = true;
  parties_[kCallerParty].role = PartyRole::kCaller;
  parties_[callee_].role = PartyRole::kCallee;
}

std::uint8_t PartyList::add_fork(const SeenMessage& message) {
  if (parties_.size() >= kPartiesMax) return kFirstCalleeParty;
  const auto id = static_cast<std::uint8_t>(parties_.size());
  Party& fork = parties_.emplace_back();
  fork.id = id;
  fork.role = PartyRole::kFork;
  describe(message.facts.to, MessageNumbers(message), fork);
  if (!message.facts.contact_uri.empty()) fork.uri = message.facts.contact_uri;
  return id;
}

void PartyList::dial(const SeenMessage& message) {
  if (answered_ || callee_ >= parties_.size()) return;
  describe(message.facts.to, MessageNumbers(message), parties_[callee_]);
}

void PartyList::learn(std::uint8_t party, const SeenMessage& message) {
  if (party >= parties_.size()) return;
  Party& known = parties_[party];
  if (std::exchange(known.is_refusal, false)) {  // another device answers for the party
    known.from_us.reset();
    known.ip.reset();
    known.user_agent.clear();
    known.session.reset();
  }
  if (!known.from_us) known.from_us = message.time_ns() / 1000;
  if (!known.ip) {
    known.ip = message.signal.source.ip;
    known.port = message.signal.source.port;
  }
  if (known.user_agent.empty()) known.user_agent = message.facts.user_agent;
  if (!known.session) known.session = message.facts.session;
  // A called party is whoever the network asserts that it is, not who was dialled.  Once the call
  // is answered, another identity is another person.
  if (!answered_ && party != kCallerParty && message.facts.asserted &&
      !message.facts.asserted->number.empty()) {
    known.number = message.facts.asserted->number;
    known.e164 = MessageNumbers(message).e164(*message.facts.asserted);
    if (!message.facts.asserted->name.empty()) known.name = message.facts.asserted->name;
  }
}

void PartyList::learn_refusal(const SeenMessage& message) {
  if (parties_.size() <= kFirstCalleeParty || parties_[kFirstCalleeParty].is_refusal) return;
  const bool is_all = !parties_[kFirstCalleeParty].ip;  // that is known of the callee
  learn(kFirstCalleeParty, message);
  parties_[kFirstCalleeParty].is_refusal = is_all;
}

void PartyList::find_devices(const Registrations& registrations,
                             RealmId realm,
                             std::int64_t time_us) {
  for (Party& party : parties_) {
    if (party.device == nullptr) {
      party.device = registrations.find(realm, party.uri, party.ip, time_us);
    }
  }
}

void PartyList::answer(std::uint8_t party, std::int64_t time_ns) {
  if (party >= parties_.size()) return;
  callee_ = party;
  answered_ = true;
  for (Party& each : parties_) {
    if (each.id == kCallerParty || each.role == PartyRole::kTransferTarget) continue;
    if (each.is_participant) continue;
    if (each.id == party) {
      if (oriented_) each.role = PartyRole::kCallee;
      each.to_us.reset();
    } else {
      each.role = PartyRole::kFork;
      if (!each.to_us) each.to_us = time_ns / 1000;
    }
  }
}

void PartyList::add_target(const PersonFacts& person, std::string_view e164, std::int64_t time_ns) {
  if (parties_.empty() || parties_.size() >= kPartiesMax) return;
  for (const Party& party : parties_) {
    if (party.role == PartyRole::kTransferTarget && party.uri == person.uri) return;
  }
  const auto id = static_cast<std::uint8_t>(parties_.size());
  Party& target = parties_.emplace_back();
  target.id = id;
  target.role = PartyRole::kTransferTarget;
  target.number = person.number;
  target.e164 = e164;
  target.name = person.name;
  target.uri = person.uri;
  target.from_us = time_ns / 1000;
}

std::uint8_t PartyList::add_participant(const PersonFacts& person,
                                        std::string_view e164,
                                        std::int64_t time_ns,
                                        std::uint64_t taken) {
  for (const Party& party : parties_) {
    const bool is_free = party.is_participant && (taken >> party.id & 1) == 0;
    if (is_free && party.uri == person.uri && party.name == person.name) return party.id;
  }
  if (parties_.empty() || parties_.size() >= kPartiesMax) return kNoParty;
  const auto id = static_cast<std::uint8_t>(parties_.size());
  Party& participant = parties_.emplace_back();
  participant.id = id;
  participant.is_participant = true;
  participant.number = person.number;
  participant.e164 = e164;
  participant.name = person.name;
  participant.uri = person.uri;
  participant.from_us = time_ns / 1000;
  return id;
}

void PartyList::set_present(std::uint8_t party, bool is_present, std::int64_t time_ns) {
  if (party >= parties_.size()) return;
  std::optional<std::int64_t>& to_us = parties_[party].to_us;
  if (is_present) {
    to_us.reset();
  } else if (!to_us) {
    to_us = time_ns / 1000;
  }
}

void PartyList::leave(std::string_view uri, std::int64_t time_ns) {
  for (Party& party : parties_) {
    if (party.role == PartyRole::kTransferTarget && party.uri == uri && !party.to_us) {
      party.to_us = time_ns / 1000;
    }
  }
}

void PartyList::leave_fork(std::uint8_t party, std::int64_t time_ns) {
  if (answered_ || party >= parties_.size() || party == kCallerParty) return;
  if (!parties_[party].to_us) parties_[party].to_us = time_ns / 1000;
}

}  // namespace tapdeck::calls
