#include "control/call_json.h"

#include <array>
#include <cstdio>
#include <utility>

#include "base/clock.h"
#include "control/claims_json.h"
#include "control/json_values.h"

namespace tapdeck::control {
namespace {

std::string ssrc_text(std::uint32_t ssrc) {
  std::array<char, 11> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "0x%08x", ssrc);
  return buffer.data();
}

Json sdp_to_json(const CallParty& party) {
  if (party.sdp_origin.empty() && party.sdp_addresses.empty()) return nullptr;
  Json addresses = Json::array();
  for (const Endpoint& address : party.sdp_addresses) addresses.push_back(to_string(address));
  return {{"origin", text_or_null(party.sdp_origin)}, {"addresses", std::move(addresses)}};
}

Json device_to_json(const SharedDevice& device) {
  if (device == nullptr) return nullptr;
  return Json{{"name", text_or_null(device->name)},
              {"user_agent", text_or_null(device->user_agent)},
              {"contact", text_or_null(device->contact)},
              {"address", to_string(device->address)},
              {"registered", format_rfc3339_us(device->registered_us)},
              {"expires", format_rfc3339_us(device->expires_us)}};
}

Json party_to_json(const CallParty& party) {
  return Json{{"id", party.id},
              {"role", party_role_name(party.role)},
              {"number", text_or_null(party.number)},
              {"e164", text_or_null(party.e164)},
              {"name", text_or_null(party.name)},
              {"uri", text_or_null(party.uri)},
              {"ip", party.ip ? Json(to_string(*party.ip)) : Json(nullptr)},
              {"port", party.ip ? Json(party.port) : Json(nullptr)},
              {"user_agent", text_or_null(party.user_agent)},
              {"device", device_to_json(party.device)},
              {"from", time_or_null(party.from_us)},
              {"to", time_or_null(party.to_us)},
              {"sdp", sdp_to_json(party)}};
}

Json party_at(const CallRecord& call, const std::optional<std::uint8_t>& index) {
  if (!index || *index >= call.parties.size()) return nullptr;
  return party_to_json(call.parties[*index]);
}

template <template <typename...> typename Map, typename Key, typename Value, typename... More>
Json map_to_json(const Map<Key, Value, More...>& map) {
  Json json = Json::object();
  for (const auto& [key, value] : map) {
    std::string name;
    if constexpr (std::is_integral_v<Key>) {
      name = std::to_string(key);
    } else {
      name = to_valid_utf8(key);
    }
    if constexpr (std::is_same_v<Value, std::string>) {
      json[name] = text_or_null(value);
    } else {
      json[name] = value;
    }
  }
  return json;
}

// Addresses of people who were taken out of the record are gone.
Json endpoint_or_null(const Endpoint& endpoint) {
  return endpoint == Endpoint{} ? Json(nullptr) : Json(to_string(endpoint));
}

Json media_to_json(const MediaRecord& media) {
  return Json{{"kind", media_kind_name(media.kind)},
              {"party", value_or_null(media.party)},
              {"speaker", value_or_null(media.speaker)},
              {"src", endpoint_or_null(media.source)},
              {"dst", endpoint_or_null(media.destination)},
              {"ssrc", media.is_datagrams() ? Json(nullptr) : Json(ssrc_text(media.ssrc))},
              {"codec", text_or_null(media.codec)},
              {"payload_type", value_or_null(media.payload_type)},
              {"clock_rate", media.clock_rate_hz != 0 ? Json(media.clock_rate_hz) : Json(nullptr)},
              {"codecs", map_to_json(media.codecs)},
              {"payload_packets", map_to_json(media.payload_packets)},
              {"first", format_rfc3339_us(media.first_us)},
              {"last", format_rfc3339_us(media.last_us)},
              {"packets", media.packets},
              {"bytes", media.bytes},
              {"expected", media.expected},
              {"lost", media.lost},
              {"lost_by_us", media.lost_by_us},
              {"lost_suspect", media.lost_suspect},
              {"duplicated", media.duplicated},
              {"reordered", media.reordered},
              {"jitter_ms", value_or_null(media.jitter_ms)},
              {"jitter_max_ms", value_or_null(media.jitter_max_ms)},
              {"mos_est", value_or_null(media.mos_est)},
              {"mos_model", text_or_null(media.mos_model)},
              {"rtcp",
               {{"loss_pct", value_or_null(media.rtcp_loss_pct)},
                {"jitter_ms", value_or_null(media.rtcp_jitter_ms)},
                {"rtt_ms", value_or_null(media.rtcp_rtt_ms)}}},
              {"srtp", media.srtp}};
}

Json recording_to_json(const RecordingInfo& recording) {
  Json reasons = Json::array();
  for (const RecordingReason reason : recording.reasons) {
    reasons.push_back(recording_reason_name(reason));
  }
  Json holds = Json::array();
  for (const std::string& hold : recording.legal_holds) holds.push_back(to_valid_utf8(hold));
  Json gaps = Json::array();
  for (const RecordingGap& gap : recording.gaps) {
    gaps.push_back({{"from", format_rfc3339_us(gap.from_us)},
                    {"to", format_rfc3339_us(gap.to_us)},
                    {"reason", text_or_null(gap.reason)},
                    {"packets", gap.packets}});
  }
  return Json{{"state", text_or_null(recording_state_name(recording.state))},
              {"reasons", std::move(reasons)},
              {"lifecycle", recording_lifecycle_name(recording.lifecycle)},
              {"class", text_or_null(recording.retention_class)},
              {"policy_rule", text_or_null(recording.policy_rule)},
              {"expires", time_or_null(recording.expires_us)},
              {"sip_expires", time_or_null(recording.sip_expires_us)},
              {"cdr_expires", time_or_null(recording.cdr_expires_us)},
              {"locked", recording.locked},
              {"legal_holds", std::move(holds)},
              {"encrypted", recording.encrypted},
              {"sha256", text_or_null(recording.sha256)},
              {"duration_ms", recording.duration_ms},
              {"gaps", std::move(gaps)},
              {"gaps_left_out", recording.gaps_left_out},
              {"paused_since", time_or_null(recording.paused_since_us)}};
}

void add_identity(const CallRecord& call, Json& json) {
  json["schema"] = kCallSchema;
  json["uid"] = to_string(call.uid);
  json["version"] = call.version;
  json["final"] = call.final;
  json["call_id"] = text_or_null(call.call_id);
  json["from_tag"] = text_or_null(call.from_tag);
  json["to_tag"] = text_or_null(call.to_tag);
  json["realm"] = text_or_null(call.realm_name);
  json["conversation_id"] = text_or_null(call.conversation_id);
  json["joined_by"] = call.joined_by_method.empty()
                          ? Json(nullptr)
                          : Json{{"method", to_valid_utf8(call.joined_by_method)},
                                 {"score", value_or_null(call.joined_by_score)}};
  json["node"] = text_or_null(call.node);
  json["port"] = text_or_null(call.port);
  json["vlan"] = value_or_null(call.vlan);
}

void add_times(const CallRecord& call, Json& json) {
  json["state"] = text_or_null(call_state_name(call.state));
  json["start"] = time_or_null(call.start_us);
  json["progress"] = time_or_null(call.progress_us);
  json["ringing"] = time_or_null(call.ringing_us);
  json["answered"] = time_or_null(call.answered_us);
  json["ended"] = time_or_null(call.ended_us);
  json["first_seen"] = format_rfc3339_us(call.first_seen_us);
  json["pdd_ms"] = value_or_null(call.pdd_ms);
  json["ring_ms"] = value_or_null(call.ring_ms);
  json["setup_ms"] = value_or_null(call.setup_ms);
  json["talk_ms"] = value_or_null(call.talk_ms);
  json["total_ms"] = value_or_null(call.total_ms);
  json["hold_ms"] = value_or_null(call.hold_ms);
}

void add_parties(const CallRecord& call, Json& json) {
  Json parties = Json::array();
  for (const CallParty& party : call.parties) parties.push_back(party_to_json(party));
  json["parties"] = std::move(parties);
  json["caller"] = party_at(call, call.caller);
  json["callee"] = party_at(call, call.callee);
  json["dialled"] = text_or_null(call.dialled);
  json["diverted_from"] = text_or_null(call.diverted_from);
  json["asserted"] = text_or_null(call.asserted);
  json["dialled_e164"] = text_or_null(call.dialled_e164);
  json["diverted_from_e164"] = text_or_null(call.diverted_from_e164);
  json["asserted_e164"] = text_or_null(call.asserted_e164);
  json["direction"] = text_or_null(call_direction_name(call.direction));
}

void add_outcome(const CallRecord& call, Json& json) {
  const std::string_view outcome = call_outcome_name(call.outcome);
  json["outcome"] = outcome.empty() ? std::string_view("unknown") : outcome;
  json["end_reason"] = text_or_null(end_reason_name(call.end_reason));
  json["hangup_by"] = text_or_null(hangup_by_name(call.hangup_by));
  json["transferred"] = transfer_to_json(call);
  add_edges(call, json);
  json["status_code"] = value_or_null(call.status_code);
  json["reason"] = text_or_null(call.reason);
  json["q850_cause"] = value_or_null(call.q850_cause);
  json["sip_methods"] = map_to_json(call.sip_methods);
  json["sip_responses"] = map_to_json(call.sip_responses);
}

// The trunk, and what the directory and annotations say.
void add_business(const CallRecord& call, Json& json) {
  static const CallBusiness kNone;
  const CallBusiness& business = call.business ? *call.business : kNone;
  json["trunk"] = text_or_null(call.trunk);
  json["agent"] = text_or_null(business.agent);
  json["team"] = text_or_null(business.team);
  json["client"] = text_or_null(business.client);
  json["marketing_channel"] = text_or_null(business.marketing_channel);
  json["campaign"] = text_or_null(business.campaign);
  Json tags = Json::array();
  for (const std::string& tag : business.tags) tags.push_back(to_valid_utf8(tag));
  json["tags"] = std::move(tags);
  json["disposition"] = text_or_null(business.disposition);
  json["resolved"] = value_or_null(business.resolved);
  json["csat"] = value_or_null(business.csat);
  json["revenue"] = value_or_null(business.revenue);
  json["note"] = text_or_null(business.note);
}

}  // namespace

std::string_view transport_name(SignalTransport transport) {
  switch (transport) {
    case SignalTransport::kUdp: return "udp";
    case SignalTransport::kTcp: return "tcp";
    case SignalTransport::kWebSocket: return "ws";
    case SignalTransport::kHep: return "hep";
  }
  return "unknown";
}

Json call_to_json(const CallRecord& call) {
  Json json = Json::object();
  add_identity(call, json);
  add_times(call, json);
  add_parties(call, json);
  add_outcome(call, json);
  add_claims(call, json);
  add_business(call, json);
  Json media = Json::array();
  for (const MediaRecord& record : call.media) media.push_back(media_to_json(record));
  json["media"] = std::move(media);
  json["recording"] = recording_to_json(call.recording);
  return json;
}

Json message_to_json(const storage::MessageRecord& message) {
  return Json{{"time", format_rfc3339_us(message.time_us)},
              {"src", to_string(message.source)},
              {"dst", to_string(message.destination)},
              {"transport", transport_name(message.transport)},
              {"length", message.bytes.size()},
              {"text", to_valid_utf8(message.bytes)}};
}

Json durability_to_json(const storage::StreamDurability& stream) {
  return Json{{"src", to_string(stream.source)},
              {"dst", to_string(stream.destination)},
              {"ssrc", ssrc_text(stream.ssrc)},
              {"durable_until", format_rfc3339_us(stream.durable_until_us)}};
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const std::vector<std::string>& call_field_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    const Json json = call_to_json(CallRecord{});
    for (const auto& item : json.items()) names.push_back(item.key());
    return names;
  }();
  return kNames;
}

Json field_of(const Json& call, std::string_view dotted_name) {
  if (dotted_name.empty()) return call;
  if (call.is_array()) {
    Json values = Json::array();
    for (const Json& element : call) values.push_back(field_of(element, dotted_name));
    return values;
  }
  const std::size_t dot = dotted_name.find('.');
  const auto found =
      call.is_object() ? call.find(std::string(dotted_name.substr(0, dot))) : call.end();
  if (found == call.end()) return nullptr;
  return field_of(*found, dot == std::string_view::npos ? "" : dotted_name.substr(dot + 1));
}

bool is_field_name(std::string_view dotted_name) {
  static const Json kSample = [] {
    CallRecord call;
    call.parties.emplace_back().device = std::make_shared<const Device>();
    call.caller = call.callee = std::uint8_t{0};
    call.joined_by_method = "sample";
    call.parties.front().sdp_origin = "sample";
    call.transferred.emplace();
    call.edges.resize(2);
    call.edges[0].kind = EdgeKind::kReplaces;
    call.edges[1].kind = EdgeKind::kReplacedBy;
    CallClaims claims;
    claims.identities.emplace_back();
    claims.passports.emplace_back();
    claims.reasons.emplace_back();
    claims.headers.emplace_back();
    claims.session_raw = claims.icid = "sample";
    call.claims = std::make_shared<const CallClaims>(std::move(claims));
    call.media.emplace_back();
    call.recording.gaps.emplace_back();
    return call_to_json(call);
  }();
  const Json* at = &kSample;
  while (!dotted_name.empty()) {
    const std::size_t dot = dotted_name.find('.');
    if (at->is_array() && !at->empty()) at = &at->front();
    if (!at->is_object()) return false;
    const auto found = at->find(std::string(dotted_name.substr(0, dot)));
    if (found == at->end()) return false;
    at = &*found;
    if (dot == std::string_view::npos) return true;
    dotted_name.remove_prefix(dot + 1);
  }
  return false;
}

}  // namespace tapdeck::control
