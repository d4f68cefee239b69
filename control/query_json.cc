#include "control/query_json.h"

#include <utility>

#include "control/json_values.h"
#include "model/ledger_content.h"

namespace tapdeck::control {
namespace {

constexpr std::pair<const char*, std::string CallQuery::*> kTexts[] = {
    {"number", &CallQuery::number},
    {"caller", &CallQuery::caller},
    {"callee", &CallQuery::callee},
    {"call_id", &CallQuery::call_id},
    {"conversation", &CallQuery::conversation_id},
    {"codec", &CallQuery::codec},
    {"trunk", &CallQuery::trunk},
    {"agent", &CallQuery::agent},
    {"client", &CallQuery::client},
    {"marketing_channel", &CallQuery::marketing_channel},
    {"tag", &CallQuery::tag}};

}  // namespace

Json query_to_json(const CallQuery& query) {
  Json json = Json::object();
  for (const auto& [name, member] : kTexts) {
    if (!(query.*member).empty()) json[name] = to_valid_utf8(query.*member);
  }
  if (query.from_us) json["from"] = format_rfc3339_us(*query.from_us);
  if (query.to_us) json["to"] = format_rfc3339_us(*query.to_us);
  if (query.overlap) json["overlap"] = true;
  if (query.uid) json["uid"] = to_string(*query.uid);
  if (query.outcome) json["outcome"] = call_outcome_name(*query.outcome);
  if (query.direction) json["direction"] = call_direction_name(*query.direction);
  if (query.ip) json["ip"] = to_string(*query.ip);
  if (query.status_code) json["status_code"] = *query.status_code;
  if (query.min_duration_ms) json["min_duration_ms"] = *query.min_duration_ms;
  if (query.max_mos) json["max_mos"] = *query.max_mos;
  if (query.recording) json["recording"] = recording_state_name(*query.recording);
  return json;
}

std::string query_to_text(const CallQuery& query) {
  std::string text;
  const Json json = query_to_json(query);
  for (const auto& item : json.items()) {
    text += (text.empty() ? "" : " ") + item.key() + "=" +
            (item.value().is_string() ? item.value().get<std::string>() : json_line(item.value()));
  }
  if (text.size() > kLedgerTextBytesMax) text.resize(kLedgerTextBytesMax);
  return text;
}

bool has_filters(const CallQuery& query) {
  const Json json = query_to_json(query);
  // --overlap only says how --from and --to are meant.
  return json.size() > (query.overlap ? 1U : 0U);
}

}  // namespace tapdeck::control
