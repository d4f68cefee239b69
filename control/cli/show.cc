#include "control/call_report.h"
#include "control/cli/commands.h"
#include "control/open_store.h"

namespace tapdeck::control {
namespace {

constexpr const char* kShowFooter =
    "The uid is the last column of `calls`. Exit status 3 when part of what is kept of the call\n"
    "cannot be read.\n"
    "\n"
    "Examples:\n"
    "  tapdeck show 01KASJ4Q3R8ZC5W1T9M2XVB7NE\n"
    "  tapdeck show 01KASJ4Q3R8ZC5W1T9M2XVB7NE --json | jq .durability";

int show_call(const Context& context, const std::string& text, bool json) {
  const auto uid = parse_uid(text);
  if (!uid) {
    return report_error(make_error(ErrorCode::kInvalidArgument,
                                   "'" + text + "' is not a uid (26 letters and digits)."));
  }
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto store = open_store(*settings);
  if (!store) return report_error(store.error());
  const auto report = read_call_report(**store, *uid);
  if (!report) return report_error(report.error());
  write_out(json ? json_line(report_to_json(*report)) + "\n"
                 : report_to_text(*report, settings->zone));
  for (const std::string& fault : report->faults) {
    report_error(make_error(ErrorCode::kCorrupt, fault));
  }
  return report->faults.empty() ? kExitDone : kExitSkipped;
}

}  // namespace

void add_show_command(CLI::App& app, Context& context) {
  auto uid = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("show",
                                         "One call in full.\n"
                                         "Parties, message ladder, media, quality, recording.");
  command->footer(kShowFooter);
  command->add_option("uid", *uid, "Which call")->required()->type_name("UID");
  command->add_flag("--json", *json, "One JSON object, with every message");
  command->callback(
      [uid, json, &context] { context.exit_status = show_call(context, *uid, *json); });
}

}  // namespace tapdeck::control
