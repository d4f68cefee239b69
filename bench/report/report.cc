#include "bench/report/report.h"

#include <cmath>

#include <fmt/format.h>

#include "base/assert.h"
#include "control/call_json.h"
#include "control/text.h"

namespace tapdeck::report {
namespace {

using control::Json;

// All digits that a double has, or `decimals` of them.
std::string to_word(const Value& value, const int* decimals) {
  if (const auto* word = std::get_if<std::string>(&value)) return *word;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "yes" : "no";
  if (const auto* count = std::get_if<std::uint64_t>(&value)) return std::to_string(*count);
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr || !std::isfinite(*number)) return "";
  return decimals == nullptr ? fmt::format("{}", *number)
                             : fmt::format("{:.{}f}", *number, *decimals);
}

std::string cell(const Value& value, int decimals) {
  std::string word = to_word(value, &decimals);
  return word.empty() ? "-" : word;
}

Json to_json_value(const Value& value) {
  if (const auto* word = std::get_if<std::string>(&value)) return control::to_valid_utf8(*word);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* count = std::get_if<std::uint64_t>(&value)) return *count;
  const auto* number = std::get_if<double>(&value);
  return number != nullptr && std::isfinite(*number) ? Json(*number) : Json();
}

Json to_json_object(const std::vector<Figure>& figures) {
  Json object = Json::object();
  for (const Figure& figure : figures) object[figure.name.key] = to_json_value(figure.value);
  return object;
}

std::string table_of(const std::vector<Figure>& figures) {
  std::vector<std::vector<std::string>> rows;
  for (const Figure& figure : figures) {
    rows.push_back({figure.name.title, cell(figure.value, figure.name.decimals)});
  }
  std::string text = control::Table({{""}, {""}}).render(rows);
  return text.substr(text.find('\n') + 1);  // without the titles
}

std::string table_of_rows(const Report& report) {
  std::vector<control::TableColumn> columns;
  for (std::size_t i = 0; i < report.columns.size(); ++i) {
    const bool word =
        !report.rows.empty() && std::holds_alternative<std::string>(report.rows.front()[i]);
    columns.push_back(
        {report.columns[i].title, word ? control::Align::kLeft : control::Align::kRight});
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& values : report.rows) {
    TD_ASSERT(values.size() == columns.size());
    rows.emplace_back();
    for (std::size_t i = 0; i < values.size(); ++i) {
      rows.back().push_back(cell(values[i], report.columns[i].decimals));
    }
  }
  return control::Table(columns).render(rows);
}

std::string list_of(const char* title, const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += fmt::format("{}: {}\n", title, sentence);
  return text;
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text = table_of(report.host) + "\n" + list_of("simulated", report.simulated) + "\n";
  if (!report.rows.empty()) text += table_of_rows(report);
  if (!report.results.empty()) text += "\n" + table_of(report.results);
  if (!report.wrong.empty()) text += "\n" + list_of("WRONG", report.wrong);
  if (report.held_back.empty()) return text;
  text += "\nheld back by\n";
  for (const control::Finding& finding : report.held_back) {
    text += fmt::format("  {}: {}\n", finding.check, finding.found);
    if (!finding.remedy.empty()) text += fmt::format("      -> {}\n", finding.remedy);
  }
  return text;
}

std::vector<std::string> provenance(const Report& report) {
  std::vector<std::string> lines = {"tapdeck bench " + report.bench};
  const auto add = [&lines](const std::string& name, const std::string& what) {
    lines.push_back(control::to_printable(name + ": " + what));
  };
  for (const Figure& fact : report.host) {
    add(fact.name.title, cell(fact.value, fact.name.decimals));
  }
  for (const std::string& sentence : report.simulated) add("simulated", sentence);
  for (const std::string& sentence : report.wrong) add("WRONG", sentence);
  return lines;
}

std::string to_csv(const Report& report) {
  std::string text;
  for (const std::string& line : provenance(report)) text += "# " + line + "\r\n";
  std::vector<std::string> cells;
  for (const Column& column : report.columns) cells.push_back(column.key);
  text += control::csv_line(cells);
  for (const auto& values : report.rows) {
    cells.clear();
    for (const Value& value : values) cells.push_back(to_word(value, nullptr));
    text += control::csv_line(cells);
  }
  return text;
}

std::string to_json(const Report& report) {
  Json rows = Json::array();
  for (const auto& values : report.rows) {
    TD_ASSERT(values.size() == report.columns.size());
    Json row = Json::object();
    for (std::size_t i = 0; i < values.size(); ++i) {
      row[report.columns[i].key] = to_json_value(values[i]);
    }
    rows.push_back(std::move(row));
  }
  Json held_back = Json::array();
  for (const control::Finding& finding : report.held_back) {
    held_back.push_back({{"check", finding.check},
                         {"health", control::health_name(finding.health)},
                         {"found", control::to_valid_utf8(finding.found)},
                         {"remedy", finding.remedy.empty() ? Json() : Json(finding.remedy)}});
  }
  return control::json_line({{"bench", report.bench},
                             {"host", to_json_object(report.host)},
                             {"simulated", report.simulated},
                             {"rows", std::move(rows)},
                             {"results", to_json_object(report.results)},
                             {"wrong", report.wrong},
                             {"held_back", std::move(held_back)}}) +
         "\n";
}

}  // namespace tapdeck::report
