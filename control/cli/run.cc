#include "control/cli/commands.h"

namespace tapdeck::control {
namespace {

constexpr const char* kRunFooter =
    "Ports, workers and the store are named in the configuration; check it first with\n"
    "`tapdeck --config FILE config check`. SIGTERM and SIGINT stop it cleanly. While it runs,\n"
    "every other command works through STORE/control.sock.\n"
    "\n"
    "Example:\n"
    "  tapdeck --config /etc/tapdeck/tapdeck.yaml run";

}  // namespace

void add_run_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("run",
                                         "Capture and record from the configured ports.\n"
                                         "Runs until it is told to stop.");
  command->footer(kRunFooter);
  command->callback(
      [&context] { context.exit_status = context.bodies.run(RunRequest{context.global}); });
}

}  // namespace tapdeck::control
