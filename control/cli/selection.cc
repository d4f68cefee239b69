#include "control/cli/selection.h"

#include <cstdio>
#include <utility>

#include "base/clock.h"
#include "control/query_json.h"
#include "control/retention_access.h"
#include "control/text.h"
#include "control/zone.h"

namespace tapdeck::control {

void add_selection_options(CLI::App& command, SelectionWords& words) {
  add_filter_options(command, words.filters);
  command.remove_option(command.get_option("--uid"));
  command.add_option("--uid", words.uids, "Tapdeck's own ids of calls")
      ->type_name("UID...")
      ->group("Filters");
}

Result<std::optional<retention::Selection>> parse_selection(const SelectionWords& words,
                                                            const Settings& settings) {
  FilterWords filters = words.filters;
  if (words.uids.size() == 1) filters.uid = words.uids.front();
  auto query = parse_filters(filters, settings.zone, settings.config.numbers.default_region);
  if (!query) return Error(query.error());
  retention::Selection selection;
  for (const std::string& word : words.uids) {
    const auto uid = parse_uid(word);
    if (!uid) {
      return make_error(ErrorCode::kInvalidArgument,
                        "--uid: '" + word + "' is not a uid (26 letters and digits).");
    }
    selection.uids.push_back(*uid);
  }
  CallQuery others = *query;
  others.uid.reset();
  if (has_filters(others)) {
    if (words.uids.size() > 1) {
      return make_error(ErrorCode::kInvalidArgument,
                        "Several uids and other filters exclude each other.");
    }
    selection.uids.clear();
    selection.query = std::move(*query);
    return std::optional(std::move(selection));
  }
  if (selection.uids.empty()) return std::optional<retention::Selection>();
  if (selection.uids.size() > kSelectedUidsMax) {
    return make_error(ErrorCode::kInvalidArgument,
                      "More than 3000 uids do not go at once; use filters, or several commands.");
  }
  return std::optional(std::move(selection));
}

Result<retention::Selection> need_selection(const SelectionWords& words,
                                            const Settings& settings,
                                            std::string_view command) {
  auto selection = parse_selection(words, settings);
  if (!selection) return Error(selection.error());
  if (*selection) return std::move(**selection);
  return make_error(ErrorCode::kInvalidArgument,
                    "`" + std::string(command) +
                        "` without a filter would take all calls and does nothing; say which: "
                        "--uid, --number, --from and so on.");
}

Result<RecordingParts> parse_parts(std::string_view text) {
  RecordingParts parts = 0;
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    if (word == "media") {
      parts |= kPartMedia;
    } else if (word == "sip") {
      parts |= kPartSip;
    } else if (word == "cdr") {
      parts |= kPartCdr;
    } else if (word == "all") {
      parts = kPartsAll;
    } else {
      return make_error(ErrorCode::kInvalidArgument,
                        "--what: '" + std::string(text) + "' is not media, sip, cdr or all.");
    }
    if (comma == std::string_view::npos) return parts;
    rest.remove_prefix(comma + 1);
  }
}

Result<Json> parse_answer(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return make_error(ErrorCode::kCorrupt, "The service answered with no object.");
}

Result<Json> ask_once(const Settings& settings, const RetentionRequest& request) {
  auto access = open_retention(settings);
  if (!access) return Error(access.error());
  const auto answer = (*access)->ask(request);
  if (!answer) return Error(answer.error());
  return parse_answer(*answer);
}

std::string local_time(const Json& json, const char* name, std::string_view zone) {
  const Json time = field_of(json, name);
  if (!time.is_string()) return {};
  const auto time_us = parse_rfc3339_us(time.get<std::string>());
  return time_us ? format_local_ms(*time_us, zone) : printable(json, name);
}

std::string printable(const Json& json, const char* name) {
  const Json value = field_of(json, name);
  if (value.is_null()) return {};
  if (value.is_string()) return to_printable(value.get<std::string>());
  if (!value.is_array()) return to_printable(json_line(value));
  std::string text;
  for (const Json& element : value) {
    const std::string word = element.is_string() ? element.get<std::string>() : json_line(element);
    text += (text.empty() ? "" : ", ") + to_printable(word);
  }
  return text;
}

std::string counted(std::uint64_t count, const char* one, const char* several) {
  return std::to_string(count) + " " + (count == 1 ? one : several);
}

bool tell_skipped(const Json& answer, const char* name, const char* why) {
  const Json calls = field_of(answer, name);
  if (!calls.is_object()) return false;
  const auto count = calls.value("count", std::uint64_t{0});
  const Json uids = field_of(calls, "uids");
  for (const Json& uid : uids) {
    std::fprintf(stderr,
                 "%s: %s\n",
                 to_printable(uid.is_string() ? uid.get<std::string>() : std::string()).c_str(),
                 why);
  }
  if (count > uids.size()) {
    std::fprintf(
        stderr, "and %llu more: %s\n", static_cast<unsigned long long>(count - uids.size()), why);
  }
  return count != 0;
}

}  // namespace tapdeck::control
