#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "control/annotation_csv.h"
#include "control/cli/selection.h"
#include "control/retention_access.h"
#include "model/annotations.h"

namespace tapdeck::control {
namespace {

constexpr std::size_t kFileBytesMax = 256U << 20;

constexpr const char* kAnnotateFooter =
    "Keys: agent, client, campaign, disposition, resolved (true or false), csat (0 to 100),\n"
    "revenue, tag (tags with commas between; they replace those of before), note. `key=` takes\n"
    "it away. A CSV file has a header row, uid,KEY,KEY and so on, and a row for each call; an\n"
    "empty cell says nothing. Every bad line is told with its number, and then nothing is\n"
    "applied. What is annotated goes with the call when it is erased.\n"
    "\n"
    "Examples:\n"
    "  tapdeck annotate 01KASJ4Q3R8ZC5W1T9M2XVB7NE disposition=sold csat=4.5 tag=vip,renewal\n"
    "  tapdeck annotate --csv survey.csv";

struct AnnotateOptions {
  std::string uid;
  std::vector<std::string> words;
  std::string csv;
  bool json = false;
};

// One call of a file, or of the command line (line 0).
Result<AnnotationLine> parse_words(const AnnotateOptions& options) {
  AnnotationLine line;
  const auto uid = parse_uid(options.uid);
  if (!uid) {
    return make_error(ErrorCode::kInvalidArgument,
                      "'" + options.uid + "' is not a uid (26 letters and digits).");
  }
  line.uid = *uid;
  std::map<std::string, std::string> values;
  for (const std::string& word : options.words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return make_error(ErrorCode::kInvalidArgument, "'" + word + "' is not key=value.");
    }
    const std::string key = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    const auto [at, is_new] = values.emplace(key, value);
    if (!is_new && key != "tag") {
      return make_error(ErrorCode::kInvalidArgument, "The key " + key + " is given twice.");
    }
    if (!is_new) at->second += "," + value;
  }
  for (const auto& [key, value] : values) {
    TD_TRY(check_annotation(key, value));
    line.values.emplace_back(key, value);
  }
  return line;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  if (!file || file.bad()) {
    return make_errno_error(ErrorCode::kIo, "cannot read " + path, errno == 0 ? EIO : errno);
  }
  if (text.size() <= kFileBytesMax) return text;
  return make_error(ErrorCode::kInvalidArgument, path + " is longer than 256 MiB.");
}

int apply(RetentionAccess& access, const std::vector<AnnotationLine>& lines, bool json) {
  std::size_t done = 0;
  for (const AnnotationLine& line : lines) {
    const auto answer = access.ask(retention::AnnotateRequest{line.uid, line.values});
    if (!answer) {
      if (line.line != 0) {
        std::fprintf(stderr,
                     "line %zu and those behind it are not applied; the %zu before are\n",
                     line.line,
                     done);
      }
      return report_error(answer.error());
    }
    ++done;
    if (json) write_out(*answer + "\n");
  }
  if (!json) write_out("annotated " + counted(done, "call\n", "calls\n"));
  return kExitDone;
}

int annotate_call(const Context& context, const AnnotateOptions& options) {
  const auto line = parse_words(options);
  if (!line) return report_error(line.error());
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto access = open_retention(*settings);
  if (!access) return report_error(access.error());
  return apply(**access, {*line}, options.json);
}

int annotate_file(const Context& context, const AnnotateOptions& options) {
  const auto text = read_file(options.csv);
  if (!text) return report_error(text.error());
  AnnotationFile file = read_annotations(*text);
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto access = open_retention(*settings);
  if (!access) return report_error(access.error());
  for (const AnnotationLine& line : file.lines) {
    const auto call = (*access)->get_call(line.uid);
    if (call) continue;
    if (call.error().code != ErrorCode::kNotFound) return report_error(call.error());
    file.faults.push_back("line " + std::to_string(line.line) + ": there is no call " +
                          to_string(line.uid) + " here.");
  }
  for (const std::string& fault : file.faults) {
    std::fprintf(stderr, "%s: %s\n", options.csv.c_str(), fault.c_str());
  }
  if (!file.faults.empty()) {
    return report_error(make_error(ErrorCode::kCorrupt, "Nothing was applied."));
  }
  return apply(**access, file.lines, options.json);
}

int annotate(const Context& context, const AnnotateOptions& options) {
  const bool has_words = !options.uid.empty() || !options.words.empty();
  if (options.csv.empty() == (options.uid.empty() || options.words.empty()) ||
      (!options.csv.empty() && has_words)) {
    return report_error(make_error(ErrorCode::kInvalidArgument,
                                   "`annotate` takes a uid and key=value…, or --csv FILE."));
  }
  return options.csv.empty() ? annotate_call(context, options) : annotate_file(context, options);
}

}  // namespace

void add_annotate_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<AnnotateOptions>();
  CLI::App* command = app.add_subcommand("annotate",
                                         "Business facts of calls.\n"
                                         "In the journal, in the record, in the filters.");
  command->footer(kAnnotateFooter);
  command->add_option("uid", options->uid, "Which call")->type_name("UID");
  command->add_option("values", options->words, "What of it")->type_name("KEY=VALUE...");
  command->add_option("--csv", options->csv, "Calls and values from a file")->type_name("FILE");
  command->add_flag("--json", options->json, "One JSON object per call");
  command->callback([options, &context] { context.exit_status = annotate(context, *options); });
}

}  // namespace tapdeck::control
