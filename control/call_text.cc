#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/clock.h"
#include "control/call_report.h"
#include "control/call_rows.h"
#include "control/ladder.h"
#include "control/text.h"
#include "control/zone.h"

namespace tapdeck::control {
namespace {

using Rows = std::vector<std::vector<std::string>>;

void add_fact(Rows& rows, const char* name, const std::string& value) {
  if (!value.empty()) rows.push_back({name, to_printable(value)});
}

void add_time(Rows& rows,
              const char* name,
              const std::optional<std::int64_t>& time_us,
              std::string_view zone) {
  if (time_us) rows.push_back({name, format_local_ms(*time_us, zone)});
}

void add_ms(Rows& rows, const char* name, const std::optional<std::int64_t>& duration_ms) {
  if (duration_ms) rows.push_back({name, std::to_string(*duration_ms) + " ms"});
}

// "name  value" lines, indented.
std::string render_facts(const Rows& rows) {
  std::size_t widest = 0;
  for (const auto& row : rows) widest = std::max(widest, row[0].size());
  std::string out;
  for (const auto& row : rows) {
    out += "  " + row[0] + std::string(widest - row[0].size() + 2, ' ') + row[1] + "\n";
  }
  return out;
}

std::string indent(const std::string& lines) {
  std::string out;
  std::size_t at = 0;
  while (at < lines.size()) {
    const std::size_t end = lines.find('\n', at);
    out += "  " + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string format_ms(const std::optional<double>& value) {
  if (!value) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", *value);
  return text.data();
}

std::string result_of(const CallRecord& call) {
  std::string result(call_outcome_name(call.outcome));
  if (call.status_code) result += ", " + std::to_string(*call.status_code);
  if (call.status_code && !call.reason.empty()) result += " " + call.reason;
  if (call.q850_cause) result += ", Q.850 cause " + std::to_string(*call.q850_cause);
  return result;
}

// "replaces    01KA..., succeeded"
void add_edge(Rows& rows, const CallEdge& edge) {
  std::string name(edge_kind_name(edge.kind));
  std::replace(name.begin(), name.end(), '_', ' ');
  std::string text;
  const auto append = [&text](std::string_view part) {
    if (part.empty()) return;
    if (!text.empty()) text += ", ";
    text += part;
  };
  append(edge.uid ? to_string(*edge.uid) : edge.call_id);
  append(edge.number.empty() ? edge.uri : edge.number);
  if (edge.early) append("before its answer");
  append(edge_outcome_name(edge.outcome));
  if (edge.status_code) append(std::to_string(*edge.status_code));
  add_fact(rows, ("edge: " + name).c_str(), text);
}

void add_claims(Rows& rows, const CallRecord& call) {
  if (!call.claims) return;
  const CallClaims& claims = *call.claims;
  for (const CallIdentity& identity : claims.identities) {
    add_fact(rows, std::string(identity_source_name(identity.source)).c_str(), identity.raw);
  }
  for (const CallPassport& passport : claims.passports) {
    add_fact(rows,
             "identity, unverified",
             (passport.attestation.empty() ? "no attestation" : passport.attestation) + ", from " +
                 passport.orig + ", origid " + passport.origid);
  }
  add_fact(rows, "session id", claims.session_raw);
  add_fact(rows, "charging vector", claims.charging_raw);
  for (const CallReason& reason : claims.reasons) {
    add_fact(rows, "reason", reason.raw + " (" + reason.of + ")");
  }
  for (const CallHeader& header : claims.headers) {
    add_fact(rows, "header", header.name + ": " + header.value);
  }
}

// "12.5"
std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.12g", value);
  return text.data();
}

void add_business(Rows& rows, const CallBusiness& business) {
  add_fact(rows, "agent", business.agent);
  add_fact(rows, "team", business.team);
  add_fact(rows, "client", business.client);
  add_fact(rows, "channel", business.marketing_channel);
  add_fact(rows, "campaign", business.campaign);
  std::string tags;
  for (const std::string& tag : business.tags) tags += (tags.empty() ? "" : ", ") + tag;
  add_fact(rows, "tags", tags);
  add_fact(rows, "disposition", business.disposition);
  if (business.resolved) add_fact(rows, "resolved", *business.resolved ? "yes" : "no");
  if (business.csat) add_fact(rows, "csat", number_text(*business.csat));
  if (business.revenue) add_fact(rows, "revenue", number_text(*business.revenue));
  add_fact(rows, "note", business.note);
}

// "030123456 (+4930123456)"
std::string with_e164(const std::string& written, const std::string& e164) {
  return e164.empty() || e164 == written ? written : written + " (" + e164 + ")";
}

// "version 2", or with those before it that are gone: "version 2, 1 kept" (after an erasure).
std::string version_text(const CallReport& report) {
  const std::string text = "version " + std::to_string(report.call.version);
  const std::size_t kept = report.versions.size();
  return kept == report.call.version ? text : text + ", " + std::to_string(kept) + " kept";
}

std::string facts_text(const CallReport& report, std::string_view zone) {
  const CallRecord& call = report.call;
  Rows rows;
  add_fact(rows, "call-id", call.call_id);
  add_fact(rows,
           "state",
           std::string(call_state_name(call.state)) + (call.final ? ", final" : ", not final") +
               ", " + version_text(report));
  add_fact(rows, "outcome", result_of(call));
  add_fact(rows, "end reason", std::string(end_reason_name(call.end_reason)));
  add_fact(rows, "hangup by", std::string(hangup_by_name(call.hangup_by)));
  add_fact(rows, "direction", std::string(call_direction_name(call.direction)));
  add_fact(rows, "trunk", call.trunk);
  if (call.business) add_business(rows, *call.business);
  add_fact(rows, "dialled", with_e164(call.dialled, call.dialled_e164));
  add_fact(rows, "diverted from", with_e164(call.diverted_from, call.diverted_from_e164));
  add_fact(rows, "asserted", with_e164(call.asserted, call.asserted_e164));
  if (call.transferred) {
    add_fact(rows, "transferred", with_e164(call.transferred->to, call.transferred->to_e164));
  }
  for (const CallEdge& edge : call.edges) add_edge(rows, edge);
  add_claims(rows, call);
  add_time(
      rows, "first seen", call.start_us ? std::nullopt : std::optional(call.first_seen_us), zone);
  add_time(rows, "start", call.start_us, zone);
  add_time(rows, "progress", call.progress_us, zone);
  add_time(rows, "ringing", call.ringing_us, zone);
  add_time(rows, "answered", call.answered_us, zone);
  add_time(rows, "ended", call.ended_us, zone);
  add_ms(rows, "post-dial delay", call.pdd_ms);
  add_ms(rows, "setup", call.setup_ms);
  add_ms(rows, "talk", call.talk_ms);
  add_ms(rows, "hold", call.hold_ms);
  add_fact(rows, "realm", call.realm_name);
  add_fact(rows, "port", call.port);
  return render_facts(rows);
}

// "Desk Phone 7, sip:1001@192.0.2.10 from 192.0.2.10:5060"; nothing where none is known.
std::string device_text(const SharedDevice& device) {
  if (device == nullptr) return {};
  std::string text = device->user_agent.empty() ? device->name : device->user_agent;
  if (!text.empty()) text += ", ";
  return text + device->contact + " from " + to_string(device->address);
}

std::string parties_text(const CallRecord& call) {
  Rows rows;
  for (const CallParty& party : call.parties) {
    const std::string address =
        party.ip ? to_string(Endpoint{*party.ip, party.port}) : std::string();
    rows.push_back({std::to_string(party.id),
                    std::string(party_role_name(party.role)),
                    to_printable(with_e164(party.number, party.e164)),
                    to_printable(party.name),
                    address,
                    to_printable(party.user_agent),
                    to_printable(device_text(party.device))});
  }
  return indent(Table({{"ID", Align::kRight},
                       {"ROLE", Align::kLeft},
                       {"NUMBER", Align::kLeft},
                       {"NAME", Align::kLeft},
                       {"ADDRESS", Align::kLeft},
                       {"USER AGENT", Align::kLeft},
                       {"DEVICE", Align::kLeft}})
                    .render(rows));
}

std::string endpoint_text(const Endpoint& endpoint) {
  return endpoint == Endpoint{} ? "-" : to_string(endpoint);
}

std::string media_text(const CallRecord& call) {
  Rows rows;
  for (const MediaRecord& media : call.media) {
    std::array<char, 16> ssrc{};
    std::snprintf(ssrc.data(), ssrc.size(), "0x%08x", media.ssrc);
    rows.push_back({std::string(media_kind_name(media.kind)),
                    media.party ? std::to_string(*media.party) : "-",
                    endpoint_text(media.source),
                    endpoint_text(media.destination),
                    media.is_datagrams() ? "-" : ssrc.data(),
                    to_printable(media.codec),
                    std::to_string(media.packets),
                    std::to_string(media.lost),
                    std::to_string(media.lost_by_us),
                    format_ms(media.jitter_ms),
                    format_ms(media.jitter_max_ms),
                    format_ms(media.mos_est)});
  }
  return indent(Table({{"KIND", Align::kLeft},
                       {"FROM", Align::kRight},
                       {"SOURCE", Align::kLeft},
                       {"DESTINATION", Align::kLeft},
                       {"SSRC", Align::kLeft},
                       {"CODEC", Align::kLeft},
                       {"PACKETS", Align::kRight},
                       {"LOST", Align::kRight},
                       {"BY US", Align::kRight},
                       {"JITTER", Align::kRight},
                       {"MAX", Align::kRight},
                       {"MOS", Align::kRight}})
                    .render(rows));
}

std::string recording_text(const CallReport& report, std::string_view zone) {
  const RecordingInfo& recording = report.call.recording;
  Rows rows;
  std::string state(recording_state_name(recording.state));
  for (const RecordingReason reason : recording.reasons) {
    state += ", " + std::string(recording_reason_name(reason));
  }
  add_fact(rows, "state", state);
  add_fact(rows, "lifecycle", std::string(recording_lifecycle_name(recording.lifecycle)));
  add_fact(rows, "policy rule", recording.policy_rule);
  add_fact(rows, "class", recording.retention_class);
  add_fact(rows,
           "expires",
           recording.expires_us ? format_local_ms(*recording.expires_us, zone) : "never");
  add_fact(rows, "encrypted", recording.encrypted ? "yes" : "no");
  add_ms(rows, "duration", recording.duration_ms);
  add_fact(rows, "sha256", recording.sha256);
  for (const RecordingGap& gap : recording.gaps) {
    add_fact(rows,
             "gap",
             format_local_ms(gap.from_us, zone) + " to " + format_local_ms(gap.to_us, zone) + ", " +
                 gap.reason + ", " + std::to_string(gap.packets) + " packets");
  }
  for (const auto& stream : report.durability) {
    std::array<char, 16> ssrc{};
    std::snprintf(ssrc.data(), ssrc.size(), "0x%08x", stream.ssrc);
    add_fact(rows,
             "durable until",
             format_local_ms(stream.durable_until_us, zone) + "  " + to_string(stream.source) +
                 " => " + to_string(stream.destination) + " " + ssrc.data());
  }
  return render_facts(rows);
}

}  // namespace

std::string report_to_text(const CallReport& report, std::string_view zone) {
  const CallRecord& call = report.call;
  std::string out = "Call " + to_string(call.uid) + "\n" + facts_text(report, zone);
  out += "\nParties\n" + parties_text(call);
  out += "\nMessages (seconds from start)\n" +
         render_ladder(report.messages, call.media, call.key_time_us());
  if (!report.conversation.legs.empty()) {
    out += "\nConversation " + to_printable(call.conversation_id) + "\n" +
           conversation_to_text(call, report.conversation);
  }
  if (!call.media.empty()) out += "\nMedia (jitter in ms)\n" + media_text(call);
  out += "\nRecording\n" + recording_text(report, zone);
  for (const std::string& fault : report.faults) out += "\nNot readable: " + fault + "\n";
  return out;
}

}  // namespace tapdeck::control
