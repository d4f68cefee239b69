#include "control/cli/command_line.h"

#include <cstdio>
#include <exception>

#include "control/cli/commands.h"

namespace tapdeck::control {
namespace {

constexpr const char* kDescription =
    "Tapdeck taps the wire, records calls and keeps a log of every one of them.\n"
    "Results go to stdout, logs and progress to stderr. --json prints one JSON object per line.";

constexpr const char* kCommandLineFooter =
    "A first look:\n"
    "  tapdeck --store /tmp/store ingest capture.pcap     record the calls of a capture file\n"
    "  tapdeck --store /tmp/store calls                   list them\n"
    "  tapdeck --store /tmp/store show UID                one call in full\n"
    "  tapdeck --store /tmp/store export --format wav --output /tmp/audio\n"
    "\n"
    "Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but something asked for was skipped.\n"
    "`tapdeck COMMAND --help` teaches each command.";

int parse_and_run(CLI::App& app, int argc, char** argv, const Context& context) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    app.exit(asked);
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "tapdeck: %s\nTry `tapdeck --help`.\n", error.what());
    return kExitUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tapdeck: %s\n", error.what());
    return kExitFailed;
  }
  return context.exit_status;
}

}  // namespace

int run_command_line(int argc, char** argv, const CommandBodies& bodies) {
  Context context;
  context.bodies = bodies;
  CLI::App app(kDescription, "tapdeck");
  app.footer(kCommandLineFooter);
  app.set_version_flag("--version", "tapdeck " TAPDECK_VERSION);
  app.set_help_all_flag("--help-all", "Print the help of every command");
  app.require_subcommand(1);
  app.fallthrough();  // inherited: --config and --store are taken after the command, too
  app.add_option("--config", context.global.config_file, "Configuration file (YAML)")
      ->type_name("FILE");
  app.add_option(
         "--store", context.global.store_directory, "Store directory; overrides the configuration")
      ->type_name("DIR");
  add_ingest_command(app, context);
  add_run_command(app, context);
  add_calls_command(app, context);
  add_show_command(app, context);
  add_events_command(app, context);
  add_export_command(app, context);
  add_report_command(app, context);
  add_store_command(app, context);
  add_service_commands(app, context);
  add_policy_command(app, context);
  add_pause_commands(app, context);
  add_hold_command(app, context);
  add_retention_command(app, context);
  add_erase_command(app, context);
  add_annotate_command(app, context);
  add_audit_command(app, context);
  add_config_command(app, context);
  add_doctor_command(app, context);
  add_bench_command(app, context);
  const int status = parse_and_run(app, argc, argv, context);
  if (std::fflush(stdout) != 0 && status == kExitDone) return kExitFailed;
  return status;
}

}  // namespace tapdeck::control
