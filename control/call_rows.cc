#include "control/call_rows.h"

#include <array>
#include <cstdio>
#include <utility>

#include "control/zone.h"

namespace tapdeck::control {
namespace {

// What a spreadsheet gets when no fields are chosen: flat facts, one call a line.
const std::vector<std::string>& csv_fields() {
  static const std::vector<std::string> kFields = {
      "uid",           "call_id",         "state",           "start",
      "ringing",       "answered",        "ended",           "caller.number",
      "callee.number", "dialled",         "diverted_from",   "direction",
      "trunk",         "caller.e164",     "callee.e164",     "dialled_e164",
      "outcome",       "status_code",     "reason",          "hangup_by",
      "end_reason",    "pdd_ms",          "ring_ms",         "setup_ms",
      "talk_ms",       "total_ms",        "hold_ms",         "media.codec",
      "media.lost",    "recording.state", "recording.class", "recording.duration_ms"};
  return kFields;
}

std::vector<TableColumn> columns_for(const RowOptions& options) {
  if (!options.fields.empty()) {
    std::vector<TableColumn> columns;
    for (const std::string& field : options.fields) columns.push_back({field, Align::kLeft});
    return columns;
  }
  return {{"START", Align::kLeft},
          {"CALLER", Align::kLeft},
          {"CALLEE", Align::kLeft},
          {"OUTCOME", Align::kLeft},
          {"CODE", Align::kRight},
          {"TALK", Align::kRight},
          {"CODEC", Align::kLeft},
          {"RECORDING", Align::kLeft},
          {"UID", Align::kLeft}};
}

// One cell of a field: text as it is, null as nothing, lists of plain values joined.
std::string cell_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::string joined;
    for (const Json& element : value) {
      if (element.is_structured()) return json_line(value);
      if (!joined.empty()) joined += ' ';
      joined += cell_text(element);
    }
    return joined;
  }
  return json_line(value);
}

std::string number_of(const CallRecord& call,
                      const std::optional<std::uint8_t>& index,
                      const std::string& otherwise) {
  if (!index || *index >= call.parties.size()) return otherwise;
  const CallParty& party = call.parties[*index];
  return party.number.empty() ? otherwise : party.number;
}

// A recording that is there no more was one all the same: sums over states never change.
std::string recording_cell(const RecordingInfo& recording) {
  const bool gone = recording.lifecycle == RecordingLifecycle::kErased ||
                    recording.lifecycle == RecordingLifecycle::kExpired;
  std::string cell(recording_state_name(recording.state));
  if (gone) cell.append(", ").append(recording_lifecycle_name(recording.lifecycle));
  return cell;
}

std::string codecs_of(const CallRecord& call) {
  std::string codecs;
  for (const MediaRecord& media : call.media) {
    if (media.codec.empty() ||
        (" " + codecs + " ").find(" " + media.codec + " ") != std::string::npos) {
      continue;
    }
    codecs += (codecs.empty() ? "" : " ") + media.codec;
  }
  return codecs;
}

}  // namespace

std::string format_clock_duration(const std::optional<std::int64_t>& duration_ms) {
  if (!duration_ms) return "";
  const std::int64_t seconds = *duration_ms / 1'000;
  std::array<char, 48> text{};
  if (seconds >= 3'600) {
    std::snprintf(text.data(),
                  text.size(),
                  "%lld:%02lld:%02lld",
                  static_cast<long long>(seconds / 3'600),
                  static_cast<long long>(seconds / 60 % 60),
                  static_cast<long long>(seconds % 60));
  } else {
    std::snprintf(text.data(),
                  text.size(),
                  "%lld:%02lld",
                  static_cast<long long>(seconds / 60),
                  static_cast<long long>(seconds % 60));
  }
  return text.data();
}

Result<std::vector<std::string>> parse_fields(std::string_view text) {
  std::vector<std::string> fields;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string field(text.substr(0, comma));
    if (!is_field_name(field)) {
      return make_error(
          ErrorCode::kInvalidArgument,
          "--fields: a call has no field '" + field + "'; `calls --json` shows all of them.");
    }
    fields.push_back(std::move(field));
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  }
  return fields;
}

RowRenderer::RowRenderer(RowOptions options)
    : options_(std::move(options)), table_(columns_for(options_)) {
  if (options_.format == RowFormat::kCsv && options_.fields.empty()) {
    options_.fields = csv_fields();
  }
}

std::string RowRenderer::render(const std::vector<CallRecord>& calls) {
  if (options_.format == RowFormat::kCsv) return render_csv(calls);
  if (options_.format == RowFormat::kJson) {
    std::string lines;
    for (const CallRecord& call : calls) lines += render_json(call);
    return lines;
  }
  std::vector<std::vector<std::string>> rows;
  for (const CallRecord& call : calls) {
    rows.push_back(cells_of(call));
    for (std::string& cell : rows.back()) cell = to_printable(cell);
  }
  return table_.render(rows);
}

std::string RowRenderer::render_json(const CallRecord& call) const {
  const Json whole = call_to_json(call);
  if (options_.fields.empty()) return json_line(whole) + "\n";
  Json chosen = Json::object();
  for (const std::string& field : options_.fields) chosen[field] = field_of(whole, field);
  return json_line(chosen) + "\n";
}

std::vector<std::string> RowRenderer::cells_of(const CallRecord& call) const {
  if (!options_.fields.empty()) {
    const Json whole = call_to_json(call);
    std::vector<std::string> cells;
    for (const std::string& field : options_.fields) {
      cells.push_back(cell_text(field_of(whole, field)));
    }
    return cells;
  }
  return {format_local_ms(call.key_time_us(), options_.zone),
          number_of(call, call.caller, ""),
          number_of(call, call.callee, call.dialled),
          call.state == CallState::kInProgress ? "in progress"
                                               : std::string(call_outcome_name(call.outcome)),
          call.status_code ? std::to_string(*call.status_code) : "",
          format_clock_duration(call.talk_ms),
          codecs_of(call),
          recording_cell(call.recording),
          to_string(call.uid)};
}

std::string RowRenderer::render_csv(const std::vector<CallRecord>& calls) {
  std::string lines;
  if (!csv_titles_shown_) lines += csv_line(options_.fields);
  csv_titles_shown_ = true;
  for (const CallRecord& call : calls) lines += csv_line(cells_of(call));
  return lines;
}

}  // namespace tapdeck::control
