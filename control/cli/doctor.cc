#include <string>
#include <vector>

#include "config/sizing.h"
#include "control/call_json.h"
#include "control/cli/commands.h"
#include "control/doctor/disk_check.h"
#include "control/doctor/host_checks.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr std::uint64_t kMib = 1 << 20;

Json to_json(const Findings& findings) {
  Json checks = Json::array();
  for (const Finding& finding : findings) {
    checks.push_back({{"check", finding.check},
                      {"health", health_name(finding.health)},
                      {"found", to_valid_utf8(finding.found)},
                      {"remedy", finding.remedy.empty() ? Json() : Json(finding.remedy)}});
  }
  return checks;
}

void print_findings(const Findings& findings) {
  std::vector<std::vector<std::string>> rows;
  for (const Finding& finding : findings) {
    rows.push_back(
        {finding.check, std::string(health_name(finding.health)), to_printable(finding.found)});
    if (!finding.remedy.empty()) rows.push_back({"", "", "-> " + finding.remedy});
  }
  write_out(Table({{"CHECK"}, {"HEALTH"}, {"FOUND"}}).render(rows));
}

int examine(const Context& context, std::uint32_t disk_mib, bool as_json) {
  auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  settings->config.eal.memory_mib = context.bodies.memory_mib(settings->config);
  Findings findings = check_host(HostFiles(), settings->config, allowed_cpus(HostFiles()));
  if (disk_mib > 0) {
    findings.push_back(judge_disk(measure_disk(settings->store_directory, disk_mib * kMib),
                                  config::size_up(settings->config.streams)));
  }
  bool ready = true;
  for (const Finding& finding : findings) ready = ready && finding.health != Health::kBlocked;
  if (as_json) {
    write_out(json_line({{"ready", ready}, {"checks", to_json(findings)}}) + "\n");
  } else {
    print_findings(findings);
  }
  return ready ? kExitDone : kExitFailed;
}

}  // namespace

void add_doctor_command(CLI::App& app, Context& context) {
  struct Options {
    std::uint32_t disk_mib = 256;
    bool json = false;
  };

  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("doctor",
                         "Is this host ready to record?\n"
                         "Says what holds it back and what would mend it. Changes nothing.");
  command
      ->add_option("--disk-mib",
                   options->disk_mib,
                   "Written beside the store to see how fast its disk is; 0: not at all")
      ->check(CLI::Range(0, 65'536))
      ->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object");
  command->footer(
      "Health is good, note (a fact), slow (works below what the host could do) or blocked.\n"
      "Exit status 1 when something is blocked.\n"
      "\n"
      "Example:\n"
      "  tapdeck --config /etc/tapdeck/tapdeck.yaml doctor");
  command->callback([options, &context] {
    context.exit_status = examine(context, options->disk_mib, options->json);
  });
}

}  // namespace tapdeck::control
