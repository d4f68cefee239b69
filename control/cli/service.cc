#include <cstdio>
#include <utility>

#include "control/call_json.h"
#include "control/cli/commands.h"
#include "control/remote_store.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

Result<std::unique_ptr<RemoteStore>> connect_to_service(const Context& context) {
  const auto settings = load_settings(context.global);
  if (!settings) return Error(settings.error());
  auto service = RemoteStore::connect(settings->store_directory);
  if (!service && service.error().code == ErrorCode::kNotFound) {
    return make_error(ErrorCode::kNotFound,
                      "No service runs on the store " + settings->store_directory +
                          "; start one with `tapdeck --config FILE run`.");
  }
  return service;
}

// "a.b.c" and value for every leaf.
void flatten(const Json& json,
             const std::string& name,
             std::vector<std::vector<std::string>>& rows) {
  if (!json.is_structured() || json.empty()) {
    rows.push_back({to_printable(name),
                    json.is_string() ? to_printable(json.get<std::string>()) : json_line(json)});
    return;
  }
  for (const auto& item : json.items()) {
    flatten(item.value(), name.empty() ? item.key() : name + "." + item.key(), rows);
  }
}

int print_answer(const std::string& text, bool as_json, Json& parsed) {
  parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) {
    return report_error(make_error(ErrorCode::kCorrupt, "The service answered with no object."));
  }
  if (as_json) {
    write_out(json_line(parsed) + "\n");
    return kExitDone;
  }
  std::vector<std::vector<std::string>> rows;
  flatten(parsed, "", rows);
  write_out(Table({{"NAME", Align::kLeft}, {"VALUE", Align::kRight}}).render(rows));
  return kExitDone;
}

int show_stats(const Context& context, bool as_json) {
  auto service = connect_to_service(context);
  if (!service) return report_error(service.error());
  const auto text = (*service)->stats_json();
  if (!text) return report_error(text.error());
  Json parsed;
  return print_answer(*text, as_json, parsed);
}

int show_status(const Context& context, bool as_json) {
  auto service = connect_to_service(context);
  if (!service) return report_error(service.error());
  const auto text = (*service)->status_json();
  if (!text) return report_error(text.error());
  Json parsed;
  const int status = print_answer(*text, as_json, parsed);
  if (status != kExitDone) return status;
  return parsed.value("healthy", false) ? kExitDone : kExitFailed;
}

}  // namespace

void add_service_commands(CLI::App& app, Context& context) {
  auto json = std::make_shared<bool>(false);
  CLI::App* stats = app.add_subcommand("stats",
                                       "Counters of the running service.\n"
                                       "By port, queue, stage and reason; every packet is in one.");
  stats->footer("Example:\n  tapdeck --store /srv/store stats --json");
  stats->add_flag("--json", *json, "One JSON object");
  stats->callback([json, &context] { context.exit_status = show_stats(context, *json); });
  CLI::App* status = app.add_subcommand("status",
                                        "Health of the running service.\n"
                                        "Exit status 0 when it is well, 1 when not or not there.");
  status->footer("Example:\n  tapdeck --store /srv/store status || echo 'look at it'");
  status->add_flag("--json", *json, "One JSON object");
  status->callback([json, &context] { context.exit_status = show_status(context, *json); });
}

}  // namespace tapdeck::control
