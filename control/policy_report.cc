#include "control/policy_report.h"

#include <utility>
#include <vector>

#include "control/json_values.h"
#include "control/text.h"
#include "control/zone.h"

namespace tapdeck::control {
namespace {

template <typename Choice>
std::string word_of(Choice choice) {
  return std::string(config::words_of(choice)[static_cast<std::size_t>(choice)]);
}

std::string class_name(std::uint16_t index, const std::vector<std::string>& names) {
  return index < names.size() ? names[index] : std::to_string(index);
}

double percent(std::uint32_t ppm) { return ppm / 10'000.0; }

// "12.5%", without zeros behind.
std::string percent_text(std::uint32_t ppm) {
  std::string text =
      std::to_string(ppm / 10'000) + "." + std::to_string(10'000 + ppm % 10'000).substr(1);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + "%";
}

Json pause_to_json(const config::PauseTriggers& pause) {
  if (!pause.any()) return nullptr;
  Json json;
  json["dtmf"] = pause.dtmf_pause.empty() ? Json(nullptr)
                                          : Json{{"pause", pause.dtmf_pause},
                                                 {"resume", text_or_null(pause.dtmf_resume)}};
  json["header"] = pause.header_name.empty() ? Json(nullptr)
                                             : Json{{"name", pause.header_name},
                                                    {"pause", pause.header_pause},
                                                    {"resume", text_or_null(pause.header_resume)}};
  json["limit_s"] = pause.limit_s;
  return json;
}

Json number_to_json(const policy::NumberFacts& number) {
  if (number.raw.empty() && number.e164.empty()) return nullptr;
  return {{"number", text_or_null(number.raw)}, {"e164", text_or_null(number.e164)}};
}

Json facts_to_json(const policy::CallFacts& facts) {
  Json headers = Json::array();
  for (const policy::HeaderFact& header : facts.headers) {
    headers.push_back(
        {{"name", to_valid_utf8(header.name)}, {"value", to_valid_utf8(header.value)}});
  }
  return {{"time", format_rfc3339_us(facts.time_us)},
          {"caller", number_to_json(facts.caller)},
          {"callee", number_to_json(facts.callee)},
          {"asserted", number_to_json(facts.asserted)},
          {"diverted", number_to_json(facts.diverted)},
          {"trunk", text_or_null(facts.trunk)},
          {"direction", text_or_null(call_direction_name(facts.direction))},
          {"agent", text_or_null(facts.agent)},
          {"team", text_or_null(facts.team)},
          {"client", text_or_null(facts.client)},
          {"headers", headers},
          {"call_id", text_or_null(facts.call_id)}};
}

std::string number_text(const policy::NumberFacts& number) {
  std::string text = to_printable(number.raw.empty() ? number.e164 : number.raw);
  if (!number.e164.empty() && number.e164 != number.raw && !number.raw.empty()) {
    text += " (" + std::string(number.e164) + ")";
  }
  return text;
}

// The actions as "name: value" lines in two columns.
std::string actions_text(const policy::Decision& decision,
                         const std::vector<std::string>& class_names) {
  const config::PolicyActions& actions = *decision.actions;
  std::string record = word_of(actions.record);
  if (actions.sample_ppm != config::kSampleAll && actions.record != config::RecordChoice::kNone) {
    record += " of " + percent_text(actions.sample_ppm) + " of its calls, of which this is ";
    record += decision.sampled_out ? "none" : "one";
  }
  std::string pause = "by command only";
  if (actions.pause.any()) {
    pause.clear();
    if (!actions.pause.dtmf_pause.empty()) pause += "DTMF " + actions.pause.dtmf_pause + ", ";
    if (!actions.pause.header_name.empty()) {
      pause += "header " + actions.pause.header_name + ": " + actions.pause.header_pause + ", ";
    }
    pause += "at most " + std::to_string(actions.pause.limit_s) + " s";
  }
  std::string text;
  for (const auto& [name, value] : std::vector<std::pair<const char*, std::string>>{
           {"record", record},
           {"log", word_of(actions.log)},
           {"class", class_name(actions.retention_class, class_names)},
           {"keep", "raw"},
           {"early_media", word_of(actions.early_media)},
           {"unbound", word_of(actions.unbound)},
           {"mask_dtmf", actions.mask_dtmf ? "true" : "false"},
           {"priority", std::to_string(actions.priority)},
           {"pause", pause}}) {
    text += "  " + std::string(name) + std::string(12 - std::string_view(name).size(), ' ') +
            to_printable(value) + "\n";
  }
  return text;
}

std::string facts_text(const policy::CallFacts& facts, const std::string& zone) {
  std::string text = "The call: " + format_local_ms(facts.time_us, zone) + " " + zone;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += ", " + std::string(name) + " " + value;
  };
  add("caller", number_text(facts.caller));
  add("callee", number_text(facts.callee));
  add("asserted", number_text(facts.asserted));
  add("diverted", number_text(facts.diverted));
  add("trunk", to_printable(facts.trunk));
  add("direction", std::string(call_direction_name(facts.direction)));
  add("agent", to_printable(facts.agent));
  add("team", to_printable(facts.team));
  add("client", to_printable(facts.client));
  for (const policy::HeaderFact& header : facts.headers) {
    add("header", to_printable(header.name) + ": " + to_printable(header.value));
  }
  return text + ".\n";
}

bool is_default(const PolicyReport& report) {
  return report.explanation.decision.rule == report.set->policies().rules.size();
}

}  // namespace

Json actions_to_json(const config::PolicyActions& actions,
                     const std::vector<std::string>& class_names) {
  return {{"record", word_of(actions.record)},
          {"log", word_of(actions.log)},
          {"class", class_name(actions.retention_class, class_names)},
          {"keep", "raw"},
          {"early_media", word_of(actions.early_media)},
          {"unbound", word_of(actions.unbound)},
          {"sample", percent(actions.sample_ppm)},
          {"mask_dtmf", actions.mask_dtmf},
          {"priority", actions.priority},
          {"pause", pause_to_json(actions.pause)}};
}

Json policy_report_to_json(const PolicyReport& report) {
  const config::Policies& policies = report.set->policies();
  const policy::Decision& decision = report.explanation.decision;
  Json rule{{"index", nullptr}, {"name", decision.name}, {"line", nullptr}};
  if (!is_default(report)) {
    rule["index"] = decision.rule;
    rule["line"] = policies.rules[decision.rule].line;
  } else if (policies.fallback_line != 0) {
    rule["line"] = policies.fallback_line;
  }
  Json rules = Json::array();
  for (const policy::RuleVerdict& verdict : report.explanation.rules) {
    rules.push_back({{"index", verdict.rule},
                     {"name", to_valid_utf8(policies.rules[verdict.rule].name)},
                     {"line", policies.rules[verdict.rule].line},
                     {"fits", verdict.fits},
                     {"key", text_or_null(verdict.key)},
                     {"reason", text_or_null(verdict.reason)}});
  }
  rule["name"] = to_valid_utf8(decision.name);
  return {{"file", report.file},
          {"rule", rule},
          {"actions", actions_to_json(*decision.actions, report.class_names)},
          {"record", word_of(decision.record)},
          {"sampled_out", decision.sampled_out},
          {"call", facts_to_json(report.facts)},
          {"rules", rules}};
}

std::string policy_report_to_text(const PolicyReport& report,
                                  const std::string& zone,
                                  RulesShown shown) {
  const config::Policies& policies = report.set->policies();
  const policy::Decision& decision = report.explanation.decision;
  std::string text = facts_text(report.facts, zone);
  const std::uint32_t line =
      is_default(report) ? policies.fallback_line : policies.rules[decision.rule].line;
  text += (is_default(report) ? "No rule fits; the default"
                              : "Rule '" + to_printable(decision.name) + "'");
  text += line == 0 ? " decides" : " (" + report.file + ":" + std::to_string(line) + ") decides";
  text += ":\n" + actions_text(decision, report.class_names);
  std::vector<std::vector<std::string>> rows;
  for (const policy::RuleVerdict& verdict : report.explanation.rules) {
    if (shown == RulesShown::kToTheDecision && verdict.rule > decision.rule) break;
    rows.push_back({std::to_string(verdict.rule),
                    std::to_string(policies.rules[verdict.rule].line),
                    to_printable(policies.rules[verdict.rule].name),
                    verdict.fits ? "yes" : "no",
                    verdict.fits ? "" : verdict.key + ": " + to_printable(verdict.reason)});
  }
  if (!rows.empty()) {
    text +=
        "\n" +
        Table({{"RULE", Align::kRight}, {"LINE", Align::kRight}, {"NAME"}, {"FITS"}, {"WHY NOT"}})
            .render(rows);
  }
  if (rows.size() < policies.rules.size()) {
    text += std::to_string(policies.rules.size() - rows.size()) +
            " rules behind it are not asked (--all shows them).\n";
  }
  return text;
}

}  // namespace tapdeck::control
