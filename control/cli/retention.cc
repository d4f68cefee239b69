#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "control/cli/selection.h"
#include "control/retention_access.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr const char* kPlanFooter =
    "Nothing is changed. Without --at: what is due now. A bare date means the end of that day.\n"
    "With --pressure: what retention_pressure.order of the configuration lets go before its time\n"
    "when the disk fills up, in that order.\n"
    "\n"
    "Examples:\n"
    "  tapdeck retention plan --at 2026-12-31\n"
    "  tapdeck retention plan --at 2027-01-31 --agent Anna --json";

constexpr const char* kApplyFooter =
    "What the service does by itself, done now; safe to do again, also after a crash. Expiry\n"
    "stops when the clock has moved by more than an hour; look at it, then confirm it.\n"
    "\n"
    "Examples:\n"
    "  tapdeck retention apply\n"
    "  tapdeck retention apply --confirm-clock";

constexpr const char* kExtendFooter =
    "Without --yes it says what would be and changes nothing. Times only grow: what is kept\n"
    "longer already stays as it is, and what goes beyond the class's longest time is refused\n"
    "(exit status 3). A bare date means the end of that day.\n"
    "\n"
    "Example:\n"
    "  tapdeck retention extend --client ACME --until 2031-12-31 \\\n"
    "      --reason 'new contract' --yes";

constexpr const char* kConfirmFooter =
    "Look at the clock first (`chronyc tracking`, `timedatectl`): what is overdue by it goes "
    "next.\n"
    "\n"
    "Example:\n"
    "  tapdeck retention confirm-clock";

constexpr const char* kConfirmRebuildFooter =
    "After `store rebuild` nothing expires until this. Compare `calls`, `hold list` and\n"
    "`retention plan` with what you know first: what is overdue goes next.\n"
    "\n"
    "Example:\n"
    "  tapdeck retention confirm-rebuild";

struct PlanOptions {
  SelectionWords calls;
  std::string at;
  bool pressure = false;
  bool json = false;
};

struct ExtendOptions {
  SelectionWords calls;
  std::string until;
  std::string what = "all";
  std::string reason;
  bool yes = false;
  bool json = false;
};

struct ApplyOptions {
  bool confirm_clock = false;
  bool json = false;
};

Result<std::int64_t> parse_end(const char* option, const std::string& text, std::string_view zone) {
  auto time_us = parse_time(text, zone, BareDate::kDayAfter);
  if (time_us) return time_us;
  return make_error(time_us.error().code, std::string(option) + ": " + time_us.error().message);
}

std::string plan_text(const Json& plan, std::string_view zone) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& row : field_of(plan, "rows")) {
    rows.push_back({local_time(row, "expires", zone),
                    printable(row, "fate"),
                    printable(row, "parts"),
                    printable(row, "bytes"),
                    printable(row, "class"),
                    local_time(row, "start", zone),
                    printable(row, "uid"),
                    printable(row, "legal_holds"),
                    printable(row, "basis")});
  }
  std::string text;
  if (!rows.empty()) {
    text = Table({{"EXPIRES", Align::kLeft},
                  {"FATE", Align::kLeft},
                  {"PARTS", Align::kLeft},
                  {"BYTES", Align::kRight},
                  {"CLASS", Align::kLeft},
                  {"START", Align::kLeft},
                  {"UID", Align::kLeft},
                  {"HELD BY", Align::kLeft},
                  {"BASIS", Align::kLeft}})
               .render(rows);
  }
  return text + printable(plan, "going") + " go (" + printable(plan, "bytes_going") + " bytes), " +
         printable(plan, "held") + " are held (" + printable(plan, "bytes_held") + " bytes)\n";
}

int plan(const Context& context, const PlanOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  retention::PlanRequest request;
  request.at_us = wall_now_ns() / kNsPerUs;
  if (!options.at.empty()) {
    const auto at = parse_end("--at", options.at, settings->zone);
    if (!at) return report_error(at.error());
    request.at_us = *at;
  }
  auto calls = parse_selection(options.calls, *settings);
  if (!calls) return report_error(calls.error());
  request.calls = std::move(*calls);
  request.early = options.pressure;
  const auto answer = ask_once(*settings, request);
  if (!answer) return report_error(answer.error());
  write_out(options.json ? json_line(*answer) + "\n" : plan_text(*answer, settings->zone));
  return kExitDone;
}

int confirm_clock(const Context& context, bool json) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto answer = ask_once(*settings, ConfirmClockRequest{});
  if (!answer) return report_error(answer.error());
  write_out(json ? json_line(*answer) + "\n" : "The clock is confirmed; expiry goes on.\n");
  return kExitDone;
}

int confirm_rebuild(const Context& context, bool json) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto answer = ask_once(*settings, ConfirmRebuildRequest{});
  if (!answer) return report_error(answer.error());
  const bool done = answer->value("confirmed", false);
  write_out(json   ? json_line(*answer) + "\n"
            : done ? "What was rebuilt is confirmed; expiry goes on.\n"
                   : "Nothing was to be confirmed: the call store was not rebuilt.\n");
  return kExitDone;
}

// Both are asked of one desk: nothing comes between.
int apply(const Context& context, const ApplyOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto access = open_retention(*settings);
  if (!access) return report_error(access.error());
  if (options.confirm_clock) {
    const auto confirmed = (*access)->ask(ConfirmClockRequest{});
    if (!confirmed) return report_error(confirmed.error());
  }
  const auto text = (*access)->ask(ApplyRequest{});
  if (!text) return report_error(text.error());
  const auto answer = parse_answer(*text);
  if (!answer) return report_error(answer.error());
  if (options.json) {
    write_out(json_line(*answer) + "\n");
    return kExitDone;
  }
  write_out("expired " + printable(*answer, "expired") + ", held " + printable(*answer, "held") +
            "; segments removed " + printable(*answer, "segments_removed") + " (" +
            printable(*answer, "bytes_removed") + " bytes), bytes punched " +
            printable(*answer, "bytes_punched") + "\n");
  return kExitDone;
}

int extend(const Context& context, const ExtendOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto calls = need_selection(options.calls, *settings, "retention extend");
  if (!calls) return report_error(calls.error());
  const auto until = parse_end("--until", options.until, settings->zone);
  if (!until) return report_error(until.error());
  const auto parts = parse_parts(options.what);
  if (!parts) return report_error(parts.error());
  const auto answer = ask_once(
      *settings,
      retention::ExtendRequest{std::move(*calls), *until, *parts, options.reason, options.yes});
  if (!answer) return report_error(answer.error());
  if (options.json) {
    write_out(json_line(*answer) + "\n");
  } else {
    const bool done = answer->value("done", false);
    const char* undone =
        options.yes ? "\nNothing was changed.\n" : "\nNothing was changed; --yes does it.\n";
    write_out(std::string(done ? "lengthened " : "would lengthen ") +
              printable(*answer, "changed.count") + ", as long already " +
              printable(*answer, "unchanged.count") + ", refused " +
              printable(*answer, "refused.count") + ", gone " + printable(*answer, "gone.count") +
              (done ? "\n" : undone));
  }
  const bool refused = tell_skipped(
      *answer, "refused", "refused: it is not over, or its class does not allow that time");
  const bool gone = tell_skipped(*answer, "gone", "gone: there is nothing to keep");
  return refused || gone ? kExitSkipped : kExitDone;
}

void add_plan(CLI::App& retention, Context& context) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App* command = retention.add_subcommand("plan",
                                               "What goes by a date, when, why, how many bytes.\n"
                                               "And what would, were it not held.");
  command->footer(kPlanFooter);
  CLI::Option* at = command->add_option("--at", options->at, "By when: RFC 3339, or YYYY-MM-DD");
  at->type_name("DATE");
  command->add_flag("--pressure", options->pressure, "What would go early if the disk filled up")
      ->excludes(at);
  command->add_flag("--json", options->json, "One JSON object");
  add_selection_options(*command, options->calls);
  command->callback([options, &context] { context.exit_status = plan(context, *options); });
}

void add_apply(CLI::App& retention, Context& context) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App* command = retention.add_subcommand("apply", "Expire now what is due.");
  command->footer(kApplyFooter);
  command->add_flag("--confirm-clock", options->confirm_clock, "The clock is right: go on by it");
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &context] { context.exit_status = apply(context, *options); });
}

void add_extend(CLI::App& retention, Context& context) {
  auto options = std::make_shared<ExtendOptions>();
  CLI::App* command =
      retention.add_subcommand("extend", "Keep calls longer than their class does.");
  command->footer(kExtendFooter);
  command->add_option("--until", options->until, "Until when: RFC 3339, or YYYY-MM-DD")
      ->required()
      ->type_name("DATE");
  command->add_option("--what", options->what, "media, sip, cdr (commas between), or all")
      ->type_name("PARTS");
  command->add_option("--reason", options->reason, "Why; goes into the journal")
      ->required()
      ->type_name("TEXT");
  command->add_flag("--yes", options->yes, "Do it");
  command->add_flag("--json", options->json, "One JSON object");
  add_selection_options(*command, options->calls);
  command->callback([options, &context] { context.exit_status = extend(context, *options); });
}

void add_confirm_clock(CLI::App& retention, Context& context) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      retention.add_subcommand("confirm-clock", "The clock is right, and expiry goes on by it.");
  command->footer(kConfirmFooter);
  command->add_flag("--json", *json, "One JSON object");
  command->callback([json, &context] { context.exit_status = confirm_clock(context, *json); });
}

void add_confirm_rebuild(CLI::App& retention, Context& context) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = retention.add_subcommand(
      "confirm-rebuild", "What `store rebuild` found is what there should be; expiry goes on.");
  command->footer(kConfirmRebuildFooter);
  command->add_flag("--json", *json, "One JSON object");
  command->callback([json, &context] { context.exit_status = confirm_rebuild(context, *json); });
}

}  // namespace

void add_retention_command(CLI::App& app, Context& context) {
  CLI::App* retention = app.add_subcommand("retention",
                                           "How long recordings live.\n"
                                           "Classes and their times are in the configuration.");
  retention->require_subcommand(1);
  add_plan(*retention, context);
  add_apply(*retention, context);
  add_extend(*retention, context);
  add_confirm_clock(*retention, context);
  add_confirm_rebuild(*retention, context);
}

}  // namespace tapdeck::control
