#include "control/assurance_rows.h"

#include "control/json_values.h"

namespace tapdeck::control {
namespace {

using reports::AssuranceCounts;
using reports::AssuranceRow;

constexpr RecordingState kStates[] = {RecordingState::kRecorded,
                                      RecordingState::kRecordedWithGaps,
                                      RecordingState::kNotRecorded,
                                      RecordingState::kPending};

// A call whose state is not settled yet is still going on.
std::string_view column_of(RecordingState state) {
  return state == RecordingState::kPending ? "in_progress" : recording_state_name(state);
}

std::uint64_t calls_in(const AssuranceCounts& counts, RecordingState state) {
  return counts.states[static_cast<std::size_t>(state)];
}

std::string reasons_text(const AssuranceCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.reasons.size(); ++i) {
    if (counts.reasons[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::string(recording_reason_name(static_cast<RecordingReason>(i))) + " " +
            std::to_string(counts.reasons[i]);
  }
  return text;
}

std::string json_of(const AssuranceRow& row, bool is_sum) {
  Json json;
  json["sum"] = is_sum;
  json["day"] = text_or_null(row.day);
  json["trunk"] = text_or_null(row.trunk.value_or(""));
  json["calls"] = row.counts.calls;
  for (const RecordingState state : kStates) {
    json[std::string(column_of(state))] = calls_in(row.counts, state);
  }
  Json reasons = Json::object();
  for (std::size_t i = 0; i < row.counts.reasons.size(); ++i) {
    if (row.counts.reasons[i] == 0) continue;
    reasons[std::string(recording_reason_name(static_cast<RecordingReason>(i)))] =
        row.counts.reasons[i];
  }
  json["reasons"] = std::move(reasons);
  json["adds_up"] = row.counts.adds_up();
  return json_line(json) + "\n";
}

std::vector<std::string> titles() {
  std::vector<std::string> titles = {"day", "trunk", "calls"};
  for (const RecordingState state : kStates) titles.emplace_back(column_of(state));
  titles.insert(titles.end(), {"reasons", "adds_up"});
  return titles;
}

std::vector<std::string> cells_of(const AssuranceRow& row) {
  const std::string trunk = row.trunk == "" ? "(none)" : row.trunk.value_or("");
  std::vector<std::string> cells = {row.day, trunk, std::to_string(row.counts.calls)};
  for (const RecordingState state : kStates) {
    cells.push_back(std::to_string(calls_in(row.counts, state)));
  }
  cells.push_back(reasons_text(row.counts));
  cells.emplace_back(row.counts.adds_up() ? "yes" : "NO");
  return cells;
}

}  // namespace

Result<AssuranceGrouping> parse_assurance_grouping(std::string_view text) {
  if (text == "day,trunk" || text == "trunk,day") return AssuranceGrouping{};
  if (text == "day") return AssuranceGrouping{.by_trunk = false};
  if (text == "trunk") return AssuranceGrouping{.by_day = false};
  if (text == "none") return AssuranceGrouping{.by_day = false, .by_trunk = false};
  return make_error(ErrorCode::kInvalidArgument,
                    "--by is day, trunk, day,trunk or none; \"" + std::string(text) + "\" is not.");
}

std::string render_assurance(const reports::Assurance& assurance, RowFormat format) {
  std::vector<AssuranceRow> rows = assurance.rows();
  AssuranceRow sum{"", std::nullopt, assurance.total()};
  std::string text;
  if (format == RowFormat::kJson) {
    for (const AssuranceRow& row : rows) text += json_of(row, false);
    return text + json_of(sum, true);
  }
  sum.day = "all";
  rows.push_back(std::move(sum));
  std::vector<std::vector<std::string>> lines;
  lines.reserve(rows.size());
  for (const AssuranceRow& row : rows) lines.push_back(cells_of(row));
  if (format == RowFormat::kCsv) {
    text = csv_line(titles());
    for (const std::vector<std::string>& line : lines) text += csv_line(line);
    return text;
  }
  std::vector<TableColumn> columns;
  for (const std::string& title : titles()) {
    const bool words =
        title == "day" || title == "trunk" || title == "reasons" || title == "adds_up";
    columns.push_back({title, words ? Align::kLeft : Align::kRight});
  }
  for (TableColumn& column : columns) {
    for (char& c : column.title) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
  }
  return Table(std::move(columns)).render(lines);
}

}  // namespace tapdeck::control
