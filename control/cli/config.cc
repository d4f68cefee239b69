#include <string>
#include <vector>

#include "config/generate.h"
#include "config/load.h"
#include "config/problem.h"
#include "config/sizing.h"
#include "config/validate.h"
#include "control/cli/commands.h"

namespace tapdeck::control {
namespace {

int check_config(const Context& context) {
  if (context.global.config_file.empty()) {
    return report_error(make_error(ErrorCode::kInvalidArgument,
                                   "`config check` needs to know which file: --config FILE."));
  }
  auto loaded = config::load_file(context.global.config_file);
  if (!loaded) return report_error(loaded.error());
  std::vector<config::Problem>& problems = loaded->problems;
  // Also when there are mistakes already: they are all told at once.
  const auto more = config::validate(loaded->config, loaded->file, loaded->lines);
  problems.insert(problems.end(), more.begin(), more.end());
  for (const config::Problem& problem : problems) write_out(config::to_string(problem) + "\n");
  if (config::any_error(problems)) return kExitFailed;
  const config::Streams& streams = loaded->config.streams;
  write_out(context.global.config_file + ": the configuration is valid; " +
            config::to_string(config::size_up(streams), streams) + ".\n");
  return kExitDone;
}

int print_config(const Context& context) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  config::Config effective = settings->config;
  effective.general.store = settings->store_directory;
  write_out(config::render(effective));
  return kExitDone;
}

}  // namespace

void add_config_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("config",
                                         "The configuration.\n"
                                         "Checked, as it takes effect, and explained.");
  command->require_subcommand(1);
  CLI::App* check = command->add_subcommand("check",
                                            "Check all of the file at once.\n"
                                            "Every mistake with its file and line; exit status 1 "
                                            "if there is any.");
  check->footer("Example:\n  tapdeck --config /etc/tapdeck/tapdeck.yaml config check");
  check->callback([&context] { context.exit_status = check_config(context); });
  CLI::App* print = command->add_subcommand("print",
                                            "The configuration that takes effect, as YAML.\n"
                                            "Defaults are filled in.");
  print->footer("Example:\n  tapdeck --config /etc/tapdeck/tapdeck.yaml config print");
  print->callback([&context] { context.exit_status = print_config(context); });
  CLI::App* docs = command->add_subcommand("docs",
                                           "Every option with its bounds, as Markdown.\n"
                                           "The same as docs/config.md.");
  docs->footer("Example:\n  tapdeck config docs | less");
  docs->callback([&context] {
    context.exit_status = write_out(config::render_docs()) ? kExitDone : kExitFailed;
  });
}

}  // namespace tapdeck::control
