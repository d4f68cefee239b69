// What the commands about the life of recordings share: which calls are meant, one question to the
// store, and how the JSON of its answer becomes lines.
// Threads: the main thread.  Memory: a selection or an answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/call_json.h"
#include "control/cli/commands.h"
#include "control/retention_codec.h"

namespace tapdeck::control {

struct SelectionWords {
  FilterWords filters;            // but its uid
  std::vector<std::string> uids;  // --uid, any number of them
};

// The filters of `calls`, where --uid takes several.
void add_selection_options(CLI::App& command, SelectionWords& words);

// nullopt: neither a filter nor a uid.  kInvalidArgument as parse_filters(), and for several uids
// beside other filters, or more than fit one request.
Result<std::optional<retention::Selection>> parse_selection(const SelectionWords& words,
                                                            const Settings& settings);

// The same for a command that does not take all calls because nothing was said.
Result<retention::Selection> need_selection(const SelectionWords& words,
                                            const Settings& settings,
                                            std::string_view command);

// "media", "sip", "cdr" with commas between them, or "all".
Result<RecordingParts> parse_parts(std::string_view text);

// The answer as an object; opens the store for this one question.
Result<Json> ask_once(const Settings& settings, const RetentionRequest& request);
Result<Json> parse_answer(const std::string& text);

// A time of an answer in the zone; "" for null.
std::string local_time(const Json& json, const char* name, std::string_view zone);

// A text of an answer, printable; lists with commas between; "" for null.
std::string printable(const Json& json, const char* name);

// "3 calls", "1 call".
std::string counted(std::uint64_t count, const char* one, const char* several);

// {count, uids} of an answer: a line on stderr for each, with why.  True: there are any.
bool tell_skipped(const Json& answer, const char* name, const char* why);

}  // namespace tapdeck::control
