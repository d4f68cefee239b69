#include <algorithm>
#include <optional>
#include <utility>

#include "control/assurance_rows.h"
#include "control/cli/commands.h"
#include "control/open_store.h"
#include "control/zone.h"

namespace tapdeck::control {
namespace {

constexpr const char* kAssuranceFooter =
    "Each call is in one column, so that the columns add up to the calls: where they do not, the\n"
    "last one says NO and the exit status is 1. Reasons are those of calls with gaps (there may "
    "be\n"
    "several) and of calls that were not recorded.\n"
    "\n"
    "Examples:\n"
    "  tapdeck report assurance --from 2026-11-23 --to 2026-11-23\n"
    "  tapdeck report assurance --by trunk --outcome answered --csv";

struct ReportOptions {
  FilterWords filters;
  std::string by = "day,trunk";
  bool json = false;
  bool csv = false;
};

int report_assurance(const Context& context, const ReportOptions& options) {
  if (options.json && options.csv) {
    return report_error(
        make_error(ErrorCode::kInvalidArgument, "--json and --csv exclude each other."));
  }
  const auto grouping = parse_assurance_grouping(options.by);
  if (!grouping) return report_error(grouping.error());
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto query =
      parse_filters(options.filters, settings->zone, settings->config.numbers.default_region);
  if (!query) return report_error(query.error());
  auto store = open_store(*settings);
  if (!store) return report_error(store.error());
  reports::Assurance assurance;
  DayOf day_of(settings->zone);
  const auto next = for_each_page(**store, std::move(*query), [&](const CallPage& page) {
    for (const CallRecord& call : page.calls) {
      assurance.add(grouping->by_day ? day_of(call.key_time_us()) : std::string_view(),
                    call,
                    grouping->by_trunk);
    }
    return true;
  });
  if (!next) return report_error(next.error());
  const RowFormat format = options.json  ? RowFormat::kJson
                           : options.csv ? RowFormat::kCsv
                                         : RowFormat::kTable;
  write_out(render_assurance(assurance, format));
  return assurance.total().adds_up() ? kExitDone : kExitFailed;
}

}  // namespace

void add_report_command(CLI::App& app, Context& context) {
  CLI::App* report = app.add_subcommand("report", "What the calls add up to.");
  report->require_subcommand(1);
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command =
      report->add_subcommand("assurance",
                             "Calls by recording state, and why calls have gaps or no recording.\n"
                             "All filters that are given must hold.");
  command->footer(kAssuranceFooter);
  command->add_option("--by", options->by, "day, trunk, day,trunk (usual) or none")
      ->type_name("A,B");
  command->add_flag("--json", options->json, "One JSON object per row; the last is the sum");
  command->add_flag("--csv", options->csv, "CSV (RFC 4180) with a header line");
  add_filter_options(*command, options->filters);
  command->callback(
      [options, &context] { context.exit_status = report_assurance(context, *options); });
}

}  // namespace tapdeck::control
