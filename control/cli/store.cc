#include <cstdio>

#include "control/call_json.h"
#include "control/cli/commands.h"
#include "control/open_store.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

Result<std::unique_ptr<storage::StoreAccess>> open_configured_store(const Context& context) {
  const auto settings = load_settings(context.global);
  if (!settings) return Error(settings.error());
  return open_store(*settings);
}

int check_store(const Context& context, bool json) {
  auto store = open_configured_store(context);
  if (!store) return report_error(store.error());
  const auto faults = (*store)->check();
  if (!faults) return report_error(faults.error());
  for (const auto& fault : *faults) {
    if (json) {
      write_out(json_line(Json{{"where", to_valid_utf8(fault.where)},
                               {"what", to_valid_utf8(fault.what)}}) +
                "\n");
    } else {
      write_out(to_printable(fault.where) + ": " + to_printable(fault.what) + "\n");
    }
  }
  if (!json && faults->empty()) write_out("The store is consistent.\n");
  return faults->empty() ? kExitDone : kExitFailed;
}

int show_statistics(const Context& context, bool json) {
  auto store = open_configured_store(context);
  if (!store) return report_error(store.error());
  const auto statistics = (*store)->statistics();
  if (!statistics) return report_error(statistics.error());
  if (json) {
    Json figures = Json::object();
    for (const auto& [name, value] : statistics->figures) figures[to_valid_utf8(name)] = value;
    write_out(json_line(figures) + "\n");
    return kExitDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : statistics->figures) {
    rows.push_back({to_printable(name), std::to_string(value)});
  }
  write_out(Table({{"FIGURE", Align::kLeft}, {"VALUE", Align::kRight}}).render(rows));
  return kExitDone;
}

}  // namespace

void add_store_command(CLI::App& app, Context& context) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("store",
                                         "Look after a store directory.\n"
                                         "Works on a store that is in use, too.");
  command->require_subcommand(1);
  CLI::App* check =
      command->add_subcommand("check",
                              "Compare segments, keys and the call store with each other.\n"
                              "Prints each fault with its place; exit status 1 if there is any.");
  check->footer("Example:\n  tapdeck --store /srv/store store check");
  check->add_flag("--json", *json, "One JSON object per fault");
  check->callback([json, &context] { context.exit_status = check_store(context, *json); });
  CLI::App* stats = command->add_subcommand("stats",
                                            "Figures of the store.\n"
                                            "How much is kept, and where the bytes are.");
  stats->footer("Example:\n  tapdeck --store /srv/store store stats --json");
  stats->add_flag("--json", *json, "One JSON object");
  stats->callback([json, &context] { context.exit_status = show_statistics(context, *json); });
}

}  // namespace tapdeck::control
