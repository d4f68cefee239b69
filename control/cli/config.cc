#include <string>
#include <vector>

#include "config/directory_load.h"
#include "config/generate.h"
#include "config/load.h"
#include "config/problem.h"
#include "config/sizing.h"
#include "config/validate.h"
#include "control/cli/commands.h"
#include "pipelines/policy/policy_file.h"

namespace tapdeck::control {
namespace {

// A configuration and the files it names.
class ConfigCheck {
 public:
  ConfigCheck(const std::string& file, const config::Loaded& loaded)
      : file_(file), loaded_(loaded), problems_(loaded.problems) {}

  void run() {
    add(config::validate(loaded_.config, loaded_.file, loaded_.lines));
    check_policies();
    check_directory();
  }

  [[nodiscard]] const std::vector<config::Problem>& problems() const { return problems_; }

  // A line for each file that it names.
  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  void add(const std::vector<config::Problem>& more) {
    problems_.insert(problems_.end(), more.begin(), more.end());
  }

  void add(const std::string& option, const Error& error) {
    const std::uint32_t line = config::line_of(loaded_.lines, option);
    problems_.push_back({file_, line, option + ": " + error.message, true});
  }

  void check_policies() {
    const std::string path = policy::policy_path(file_, loaded_.config.policy.file);
    if (path.empty()) return;
    const auto read = policy::read_policy_file(path, config::policy_load_options(loaded_.config));
    if (!read) return add("policy.file", read.error());
    add(read->problems);
    said_ += path + ": " + std::to_string(read->policies.rules.size()) + " rules, " +
             std::to_string(read->policies.lists.size()) + " lists.\n";
  }

  void check_directory() {
    const std::string path = policy::policy_path(file_, loaded_.config.policy.directory_file);
    if (path.empty()) return;
    const auto read = config::load_directory_file(path, loaded_.config.general.timezone);
    if (!read) return add("policy.directory_file", read.error());
    add(read->problems);
    said_ += path + ":";
    for (std::size_t i = 0; i < config::kDirectoryKindCount; ++i) {
      const auto kind = static_cast<config::DirectoryKind>(i);
      said_ += (i == 0 ? " " : ", ") + std::to_string(read->directory.of(kind).size()) + " " +
               std::string(config::section_of(kind));
    }
    said_ += ".\n";
  }

  const std::string& file_;
  const config::Loaded& loaded_;
  std::vector<config::Problem> problems_;
  std::string said_;
};

int check_config(const Context& context) {
  if (context.global.config_file.empty()) {
    return report_error(make_error(ErrorCode::kInvalidArgument,
                                   "`config check` needs to know which file: --config FILE."));
  }
  const auto loaded = config::load_file(context.global.config_file);
  if (!loaded) return report_error(loaded.error());
  ConfigCheck check(context.global.config_file, *loaded);  // all mistakes are told at once
  check.run();
  for (const config::Problem& problem : check.problems()) {
    write_out(config::to_string(problem) + "\n");
  }
  if (config::any_error(check.problems())) return kExitFailed;
  const config::Streams& streams = loaded->config.streams;
  write_out(context.global.config_file + ": the configuration is valid; " +
            config::to_string(config::size_up(streams), streams) + ".\n" + check.said());
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
                                            "The policies and the directory it names, too; every "
                                            "mistake with its file and line; exit status 1 if "
                                            "there is any.");
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
