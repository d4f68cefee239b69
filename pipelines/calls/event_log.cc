#include "pipelines/calls/event_log.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "pipelines/calls/call.h"
#include "pipelines/calls/message_numbers.h"
#include "pipelines/calls/uid.h"
#include "pipelines/signalling/message.h"

namespace tapdeck::calls {
namespace {

constexpr std::int64_t kAnsweredNs = 5'000'000'000;  // the answer's other hops and repetitions
constexpr std::size_t kEventTextMax = 256;
constexpr std::uint32_t kExpiresDefaultS = 3'600;  // RFC 3261 section 10.2.1.1

std::string cut(std::string_view text) { return std::string(text.substr(0, kEventTextMax)); }

EventParty party_of(std::string_view field, const MessageNumbers& numbers) {
  PersonReader reader;
  const PersonFacts person = reader.read(field);
  return {cut(person.number), cut(numbers.e164(person)), cut(person.name), cut(person.uri)};
}

std::string_view name_at(const std::vector<std::string>& names, std::size_t index) {
  return index < names.size() ? std::string_view(names[index]) : std::string_view();
}

// How long the registrar keeps the contact that was asked for, in seconds.
std::optional<std::uint32_t> granted_s(const sip::Message& response, std::string_view contact) {
  std::string_view value;
  std::optional<std::uint32_t> only;
  int count = 0;
  auto values = response.values(sip::HeaderId::kContact);
  while (values.next(value)) {
    const std::optional<sip::Contact> listed = sip::parse_contact(value);
    if (!listed || listed->is_star) continue;
    if (cut(listed->address.uri.text) == contact) return listed->expires;
    only = listed->expires;
    ++count;
  }
  return count == 1 ? only : std::nullopt;
}

}  // namespace

EventLog::EventLog(const CallPlaneOptions& options, CallPlaneSink& sink, std::uint64_t seed)
    : options_(options),
      sink_(sink),
      seed_(seed),
      registrations_(options.events.registrations_max, counters_, seed),
      slots_(1) {}

std::uint64_t EventLog::key_of(EventMethod method, const SeenMessage& message) const {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
  const std::uint64_t call = hash_text(message.facts.call_id, seed_ ^ message.signal.realm);
  const std::uint64_t which =
      std::uint64_t{message.facts.cseq} << 8 | static_cast<std::uint64_t>(method);
  return mix64(call ^ which, kOdd);
}

// 0 when there is none.  Nobody can make two keys meet: they are of a secret seed.
std::uint32_t EventLog::find(std::uint64_t key) const {
  const std::uint32_t index = by_key_.find(key, [](std::uint32_t) { return true; });
  return index == HashIndex::kNone ? 0 : index;
}

void EventLog::append(List& list, std::uint32_t index) {
  slots_[index].before = list.last;
  slots_[index].behind = 0;
  (list.last == 0 ? list.first : slots_[list.last].behind) = index;
  list.last = index;
}

void EventLog::unlink(std::uint32_t index) {
  const Slot& slot = slots_[index];
  List& list = list_of(slot);
  (slot.before == 0 ? list.first : slots_[slot.before].behind) = slot.behind;
  (slot.behind == 0 ? list.last : slots_[slot.behind].before) = slot.before;
}

void EventLog::drop(std::uint32_t index) {
  Slot& slot = slots_[index];
  by_key_.remove(slot.key, index);
  unlink(index);
  slot.open.reset();
  slot.state = State::kFree;
  ++slot.generation;
  free_.push_back(index);
  --pending_;
}

std::uint32_t EventLog::take_slot() {
  ++pending_;
  if (free_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  return index;
}

void EventLog::make_room() {
  if (pending_ < options_.events.pending_max) return;
  if (answered_.first != 0) return drop(answered_.first);
  counters_.add(EventCount::kEvicted);
  for (int attempt = 0; attempt < 2; ++attempt) {
    while (const auto victim = victims_.next()) {
      const Slot& slot = slots_[victim->index];
      if (slot.generation == victim->generation && slot.state == State::kWaiting) {
        return drop(victim->index);
      }
    }
    std::vector<FloodVictims::Entry> oldest;
    for (std::uint32_t index = waiting_.first;
         index != 0 && oldest.size() < FloodVictims::kLookedAtMax;
         index = slots_[index].behind) {
      oldest.push_back({slots_[index].source, index, slots_[index].generation});
    }
    victims_.plan(oldest);
  }
}

void EventLog::take(EventMethod method, const SeenMessage& message, std::int64_t timer_now_ns) {
  const bool is_request = message.facts.is_request;
  counters_.add(is_request ? count_of(method) : EventCount::kResponses);
  const bool registers = method == EventMethod::kRegister && options_.events.registrations_max != 0;
  if (!tells(method) && !registers) return;
  if (is_request) {
    take_request(method, message, timer_now_ns);
  } else if (message.facts.status >= 200) {
    take_response(method, message, timer_now_ns);
  }
}

void EventLog::take_request(EventMethod method,
                            const SeenMessage& message,
                            std::int64_t timer_now_ns) {
  const std::uint64_t key = key_of(method, message);
  if (const std::uint32_t known = find(key); known != 0) {
    if (slots_[known].open) ++slots_[known].open->record.requests;
    return;
  }
  make_room();
  const std::uint32_t index = take_slot();
  Slot& slot = slots_[index];
  slot.key = key;
  slot.deadline_ns = timer_now_ns + kTransactionNs;
  slot.source = message.signal.source.ip;
  slot.state = State::kWaiting;
  slot.open = std::make_unique<Open>();
  open(method, message, *slot.open);
  by_key_.add(key, index);
  append(waiting_, index);
}

void EventLog::open(EventMethod method, const SeenMessage& message, Open& to) {
  const MessageFacts& facts = message.facts;
  const SignalMessage& signal = message.signal;
  EventRecord& record = to.record;
  const std::string transaction =
      std::string(event_method_name(method)) + " " + std::to_string(facts.cseq);
  record.uid =
      identify_call({signal.realm, facts.call_id, transaction, message.time_ns()}, hasher_);
  record.time_us = message.time_ns() / 1000;
  record.method = method;
  const MessageNumbers numbers(message);
  record.from = party_of(facts.from, numbers);
  record.to = party_of(facts.to, numbers);
  record.source = signal.source;
  record.destination = signal.destination;
  record.user_agent = cut(facts.user_agent);
  record.call_id = cut(facts.call_id);
  record.realm = signal.realm;
  record.realm_name = name_at(options_.realm_names, signal.realm);
  record.node = options_.node;
  record.port = name_at(options_.port_names, signal.port_index);
  if (signal.vlan != 0) record.vlan = signal.vlan;
  record.transport = signal.transport;
  record.expires_s = facts.message->expires();
  const auto package = facts.message->first(sip::HeaderId::kEvent).value_or(std::string_view());
  record.event_package = cut(sip::trim(package.substr(0, package.find(';'))));
  const std::optional<sip::Contact> contact = facts.message->contact();
  if (contact) {
    to.all_contacts = contact->is_star;
    record.contact = cut(contact->address.uri.text);
    if (contact->expires) record.expires_s = contact->expires;
  }
  if (options_.events.retention_us > 0) {
    record.kept_until_us = record.time_us + options_.events.retention_us;
  }
}

void EventLog::take_response(EventMethod method,
                             const SeenMessage& message,
                             std::int64_t timer_now_ns) {
  const std::uint32_t index = find(key_of(method, message));
  if (index == 0 || slots_[index].state != State::kWaiting) return;
  counters_.add(EventCount::kAnswered);
  Slot& slot = slots_[index];
  EventRecord& record = slot.open->record;
  record.status_code = message.facts.status;
  record.reason = cut(message.facts.phrase);
  record.answered_us = std::max(record.time_us, message.time_ns() / 1000);
  record.server = cut(message.facts.user_agent);
  if (method == EventMethod::kRegister && message.facts.status < 300) {
    learn_device(message, *slot.open);
  }
  tell(*slot.open);
  unlink(index);
  slot.open.reset();
  slot.state = State::kAnswered;
  slot.deadline_ns = timer_now_ns + kAnsweredNs;
  append(answered_, index);
}

void EventLog::learn_device(const SeenMessage& response, Open& request) {
  EventRecord& record = request.record;
  if (request.all_contacts || record.expires_s == 0U) {
    return registrations_.remove(record.realm, record.to.uri, record.source.ip);
  }
  if (record.contact.empty()) return;  // it only asks who is registered
  const sip::Message& message = *response.facts.message;
  std::optional<std::uint32_t> expires_s = granted_s(message, record.contact);
  if (!expires_s) expires_s = message.expires();
  if (!expires_s) expires_s = record.expires_s.value_or(kExpiresDefaultS);
  record.expires_s = expires_s;
  Device device;
  device.name = record.to.name.empty() ? record.from.name : record.to.name;
  device.user_agent = record.user_agent;
  device.contact = record.contact;
  device.address = record.source;
  device.registered_us = *record.answered_us;
  device.expires_us = *record.answered_us + std::int64_t{*expires_s} * 1'000'000;
  registrations_.put(record.realm, record.to.uri, std::move(device));
}

void EventLog::tell(Open& open) {
  if (tells(open.record.method)) sink_.put_event(std::move(open.record));
}

// Of a transaction that waits.
void EventLog::give_up(std::uint32_t index) {
  counters_.add(EventCount::kUnanswered);
  tell(*slots_[index].open);
  drop(index);
}

void EventLog::advance(std::int64_t timer_now_ns) {
  while (waiting_.first != 0 && slots_[waiting_.first].deadline_ns <= timer_now_ns) {
    give_up(waiting_.first);
  }
  while (answered_.first != 0 && slots_[answered_.first].deadline_ns <= timer_now_ns) {
    drop(answered_.first);
  }
}

void EventLog::finish() {
  while (waiting_.first != 0) give_up(waiting_.first);
}

}  // namespace tapdeck::calls
