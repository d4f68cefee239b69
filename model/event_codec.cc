#include "model/event_codec.h"

#include <cstring>
#include <event.pb.h>
#include <limits>

namespace tapdeck {
namespace {

constexpr std::uint32_t kEventEncoding = 1;
constexpr std::size_t kBytesMax = 1U << 20;

void write_party(const EventParty& party, wire::EventPartyV1* to) {
  to->set_number(party.number);
  to->set_e164(party.e164);
  to->set_name(party.name);
  to->set_uri(party.uri);
}

EventParty read_party(const wire::EventPartyV1& from) {
  return {from.number(), from.e164(), from.name(), from.uri()};
}

void write_event_endpoint(const Endpoint& endpoint, wire::EndpointV1* to) {
  to->set_ip(endpoint.ip.bytes.data(), endpoint.ip.bytes.size());
  to->set_port(endpoint.port);
}

template <typename To>
bool fits(std::uint32_t value) {
  return value <= std::numeric_limits<To>::max();
}

bool read_event_endpoint(const wire::EndpointV1& from, Endpoint& endpoint) {
  if (from.ip().size() != endpoint.ip.bytes.size() || !fits<std::uint16_t>(from.port())) {
    return false;
  }
  std::memcpy(endpoint.ip.bytes.data(), from.ip().data(), from.ip().size());
  endpoint.port = static_cast<std::uint16_t>(from.port());
  return true;
}

// Of the fields that are narrower or fewer than what travels.
bool is_good(const wire::EventV1& from) {
  return from.encoding() == kEventEncoding && from.uid().size() == sizeof(Uid::bytes) &&
         from.method() < kEventMethods && from.transport() <= kSignalTransportMax &&
         fits<std::uint16_t>(from.status_code()) && fits<std::uint16_t>(from.vlan()) &&
         fits<RealmId>(from.realm());
}

}  // namespace

std::string encode_event(const EventRecord& event) {
  wire::EventV1 to;
  to.set_encoding(kEventEncoding);
  to.set_uid(event.uid.bytes.data(), event.uid.bytes.size());
  to.set_time_us(event.time_us);
  to.set_method(static_cast<std::uint32_t>(event.method));
  write_party(event.from, to.mutable_from());
  write_party(event.to, to.mutable_to());
  write_event_endpoint(event.source, to.mutable_source());
  write_event_endpoint(event.destination, to.mutable_destination());
  if (event.status_code) to.set_status_code(*event.status_code);
  to.set_reason(event.reason);
  if (event.answered_us) to.set_answered_us(*event.answered_us);
  to.set_user_agent(event.user_agent);
  to.set_server(event.server);
  to.set_contact(event.contact);
  if (event.expires_s) to.set_expires_s(*event.expires_s);
  to.set_event_package(event.event_package);
  to.set_call_id(event.call_id);
  to.set_requests(event.requests);
  to.set_realm(event.realm);
  to.set_realm_name(event.realm_name);
  to.set_node(event.node);
  to.set_port(event.port);
  if (event.vlan) to.set_vlan(*event.vlan);
  to.set_transport(static_cast<std::uint32_t>(event.transport));
  if (event.kept_until_us) to.set_kept_until_us(*event.kept_until_us);
  return to.SerializeAsString();
}

std::optional<EventRecord> decode_event(std::string_view bytes) {
  wire::EventV1 from;
  if (bytes.size() > kBytesMax ||
      !from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !is_good(from)) {
    return std::nullopt;
  }
  EventRecord event;
  if (!read_event_endpoint(from.source(), event.source) ||
      !read_event_endpoint(from.destination(), event.destination)) {
    return std::nullopt;
  }
  std::memcpy(event.uid.bytes.data(), from.uid().data(), event.uid.bytes.size());
  event.time_us = from.time_us();
  event.method = static_cast<EventMethod>(from.method());
  event.from = read_party(from.from());
  event.to = read_party(from.to());
  if (from.has_status_code()) event.status_code = static_cast<std::uint16_t>(from.status_code());
  event.reason = from.reason();
  if (from.has_answered_us()) event.answered_us = from.answered_us();
  event.user_agent = from.user_agent();
  event.server = from.server();
  event.contact = from.contact();
  if (from.has_expires_s()) event.expires_s = from.expires_s();
  event.event_package = from.event_package();
  event.call_id = from.call_id();
  event.requests = from.requests();
  event.realm = static_cast<RealmId>(from.realm());
  event.realm_name = from.realm_name();
  event.node = from.node();
  event.port = from.port();
  if (from.has_vlan()) event.vlan = static_cast<std::uint16_t>(from.vlan());
  event.transport = static_cast<SignalTransport>(from.transport());
  if (from.has_kept_until_us()) event.kept_until_us = from.kept_until_us();
  return event;
}

}  // namespace tapdeck
