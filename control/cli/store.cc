#include <cstdio>
#include <filesystem>

#include "control/call_json.h"
#include "control/cli/commands.h"
#include "control/open_store.h"
#include "control/retention_access.h"
#include "control/text.h"
#include "storage/backup.h"

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

int back_up(const Context& context, const std::string& directory, bool json) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto access = open_retention(*settings);
  if (!access) return report_error(access.error());
  // Of whom the store is: its directory need not be ours.
  const std::string destination = std::filesystem::absolute(directory).lexically_normal();
  const auto answer = (*access)->ask(retention::BackupRequest{destination});
  if (!answer) return report_error(answer.error());
  if (json) {
    write_out(*answer + "\n");
    return kExitDone;
  }
  const Json told = Json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  write_out("Copied " + std::to_string(told.value("files", 0U)) + " files to " +
            to_printable(destination) + " (" + std::to_string(told.value("cloned", 0U)) +
            " cloned by the file system, " + std::to_string(told.value("bytes", std::uint64_t{0})) +
            " bytes).\n");
  return kExitDone;
}

// The copy is opened once: what a crash at the moment of the backup would have left is recovered,
// and what was erased is erased again, before anything is given out of it.
int restore(const Context& context, const std::string& from, const std::string& journal) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto copied = storage::restore_copy(from, settings->store_directory, journal);
  if (!copied) return report_error(copied.error());
  const auto access = open_retention(*settings);
  if (!access) return report_error(access.error());
  write_out("Restored " + std::to_string(copied->files) + " files (" +
            std::to_string(copied->bytes) + " bytes) to " +
            to_printable(settings->store_directory) +
            "; what its journal says is erased is erased.\n");
  return kExitDone;
}

void add_copies(CLI::App& command, Context& context) {
  struct Options {
    std::string directory;
    std::string journal;
    bool json = false;
  };

  auto options = std::make_shared<Options>();
  CLI::App* backup = command.add_subcommand("backup",
                                            "Make a consistent copy of the store.\n"
                                            "The store may be in use meanwhile.");
  backup->footer(
      "The copy has the keys, too: it is as confidential as the store. Whatever is erased later "
      "is\n"
      "still in it.\n\n"
      "Example:\n  tapdeck --store /srv/store store backup /srv/backup/2026-11-26");
  backup->add_option("DIRECTORY", options->directory, "Where to; must not exist")->required();
  backup->add_flag("--json", options->json, "One JSON object: destination, files, cloned, bytes");
  backup->callback([options, &context] {
    context.exit_status = back_up(context, options->directory, options->json);
  });
  CLI::App* from = command.add_subcommand("restore",
                                          "Make a store out of a backup.\n"
                                          "What its journal says is erased is erased again.");
  from->footer(
      "With --journal, what was erased and held after the backup is known, too: name the ledger\n"
      "directory of the store that the backup was made of.\n\n"
      "Example:\n  tapdeck --store /srv/new store restore /srv/backup/2026-11-26 \\\n"
      "      --journal /srv/store/ledger");
  from->add_option("DIRECTORY", options->directory, "The backup")->required();
  from->add_option("--journal", options->journal, "A newer journal of the same store");
  from->callback([options, &context] {
    context.exit_status = restore(context, options->directory, options->journal);
  });
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
  add_copies(*command, context);
  add_store_rebuild(*command, context);
}

}  // namespace tapdeck::control
