#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "control/cli/selection.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr const char* kAddFooter =
    "What is held neither expires nor can be erased, until every matter that holds it is\n"
    "released: media, SIP, all versions of the record, annotations. Calls that match once stay\n"
    "held, whatever becomes of the facts by which they matched. Exit status 3 when some of them\n"
    "have no recording (any more); each is told on stderr.\n"
    "\n"
    "Example:\n"
    "  tapdeck hold add --number +49891234 --from 2026-01-01 --future \\\n"
    "      --matter 2026-17 --reason 'letter of counsel, 4 March'";

constexpr const char* kListFooter =
    "Example:\n"
    "  tapdeck hold list --matter 2026-17 --json";

constexpr const char* kReleaseFooter =
    "Without filters the whole matter is released, calls to come included; with filters these\n"
    "calls alone, and calls to come are still held.\n"
    "\n"
    "Example:\n"
    "  tapdeck hold release --matter 2026-17 --reason 'settled'";

struct HoldOptions {
  SelectionWords calls;
  std::string matter;
  std::string reason;
  bool future = false;
  bool json = false;
};

int add_hold(const Context& context, const HoldOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto calls = need_selection(options.calls, *settings, "hold add");
  if (!calls) return report_error(calls.error());
  if (options.future && !calls->query) {
    return report_error(make_error(
        ErrorCode::kInvalidArgument,
        "--future needs filters: a uid is that of a call which has been there already."));
  }
  const auto answer = ask_once(
      *settings,
      retention::HoldRequest{std::move(*calls), options.future, options.matter, options.reason});
  if (!answer) return report_error(answer.error());
  if (options.json) {
    write_out(json_line(*answer) + "\n");
  } else {
    write_out("matter " + to_printable(options.matter) + " holds " +
              printable(*answer, "held.count") + " calls by this (entry " +
              printable(*answer, "sequence") + " of the journal), and " +
              printable(*answer, "already_held.count") + " before" +
              (options.future ? "; calls to come, too\n" : "\n"));
  }
  const bool bare = tell_skipped(*answer, "not_recorded", "held, but it has no recording");
  const bool gone = tell_skipped(*answer, "gone", "held, but its recording is gone");
  return bare || gone ? kExitSkipped : kExitDone;
}

int release_hold(const Context& context, const HoldOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto calls = parse_selection(options.calls, *settings);
  if (!calls) return report_error(calls.error());
  const auto answer = ask_once(
      *settings, retention::ReleaseRequest{options.matter, options.reason, std::move(*calls)});
  if (!answer) return report_error(answer.error());
  if (options.json) {
    write_out(json_line(*answer) + "\n");
    return kExitDone;
  }
  write_out("released " + printable(*answer, "released") + " calls of matter " +
            to_printable(options.matter) + " (entry " + printable(*answer, "sequence") +
            " of the journal); " + printable(*answer, "still_held") +
            " of them are still held by another matter\n");
  return kExitDone;
}

void add_rows_of(const Json& matter,
                 std::string_view zone,
                 std::vector<std::vector<std::string>>& rows) {
  for (const Json& order : field_of(matter, "orders")) {
    const Json future = field_of(order, "future");
    rows.push_back({printable(matter, "matter"),
                    printable(matter, "held"),
                    printable(order, "sequence"),
                    local_time(order, "time", zone),
                    printable(order, "who"),
                    future.is_null() ? "" : to_printable(json_line(future)),
                    printable(order, "reason")});
  }
}

int list_holds(const Context& context, const HoldOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto answer = ask_once(*settings, ListHoldsRequest{});
  if (!answer) return report_error(answer.error());
  std::vector<std::vector<std::string>> rows;
  for (const Json& matter : field_of(*answer, "holds")) {
    if (!options.matter.empty() && field_of(matter, "matter") != Json(options.matter)) continue;
    if (options.json) {
      write_out(json_line(matter) + "\n");
    } else {
      add_rows_of(matter, settings->zone, rows);
    }
  }
  if (options.json) return kExitDone;
  write_out(Table({{"MATTER", Align::kLeft},
                   {"HELD", Align::kRight},
                   {"ENTRY", Align::kRight},
                   {"SINCE", Align::kLeft},
                   {"WHO", Align::kLeft},
                   {"CALLS TO COME", Align::kLeft},
                   {"REASON", Align::kLeft}})
                .render(rows));
  return kExitDone;
}

void add_order_options(CLI::App& command, HoldOptions& options) {
  command.add_option("--matter", options.matter, "The matter for which it is held")
      ->required()
      ->type_name("ID");
  command.add_option("--reason", options.reason, "Why; goes into the journal")
      ->required()
      ->type_name("TEXT");
  command.add_flag("--json", options.json, "One JSON object");
  add_selection_options(command, options.calls);
}

}  // namespace

void add_hold_command(CLI::App& app, Context& context) {
  CLI::App* hold = app.add_subcommand("hold",
                                      "Legal holds: what survives everything.\n"
                                      "Each order is in the journal before it is acknowledged.");
  hold->require_subcommand(1);
  auto add_options = std::make_shared<HoldOptions>();
  CLI::App* add = hold->add_subcommand("add", "Hold calls for a matter.");
  add->footer(kAddFooter);
  add_order_options(*add, *add_options);
  add->add_flag("--future", add_options->future, "Calls to come that the filters match, too");
  add->callback([add_options, &context] { context.exit_status = add_hold(context, *add_options); });

  auto list_options = std::make_shared<HoldOptions>();
  CLI::App* list = hold->add_subcommand("list", "The matters, and who holds what why since when.");
  list->footer(kListFooter);
  list->add_option("--matter", list_options->matter, "This one only")->type_name("ID");
  list->add_flag("--json", list_options->json, "One JSON object per matter");
  list->callback(
      [list_options, &context] { context.exit_status = list_holds(context, *list_options); });

  auto release_options = std::make_shared<HoldOptions>();
  CLI::App* release = hold->add_subcommand("release", "End what a matter holds, or part of it.");
  release->footer(kReleaseFooter);
  add_order_options(*release, *release_options);
  release->callback([release_options, &context] {
    context.exit_status = release_hold(context, *release_options);
  });
}

}  // namespace tapdeck::control
