#include <algorithm>
#include <cstdio>
#include <utility>

#include "control/cli/commands.h"
#include "control/event_filters.h"
#include "control/event_json.h"
#include "control/event_rows.h"
#include "control/open_store.h"
#include "control/protocol.h"

namespace tapdeck::control {
namespace {

constexpr const char* kEventsFooter =
    "What is kept says `events.keep` in the configuration; by default nothing is. `stats` counts\n"
    "all of them. A request and its final response are one event; without a code none was seen.\n"
    "With --limit the cursor for the next page is told on stderr as `next: CURSOR`.\n"
    "\n"
    "Examples:\n"
    "  tapdeck events --method REGISTER --number 1001\n"
    "  tapdeck events --ip 203.0.113.9 --from 2026-11-23 --json";

struct EventsOptions {
  EventWords words;
  bool json = false;
  std::uint32_t limit = 0;
  std::string cursor;
};

std::string json_lines(const std::vector<EventRecord>& events) {
  std::string lines;
  for (const EventRecord& event : events) lines += json_line(event_to_json(event)) + "\n";
  return lines;
}

// Page by page; the result is the cursor behind the last one, empty at the end.
Result<std::string> print_events(storage::StoreAccess& store,
                                 EventQuery query,
                                 bool json,
                                 EventTable& table) {
  const bool limited = query.limit != 0;
  std::uint32_t left = query.limit;
  while (true) {
    query.limit = limited ? std::min(left, kPageCallsMax) : kPageCallsMax;
    auto page = store.find_events(query);
    if (!page) return Error(page.error());
    const auto found = static_cast<std::uint32_t>(page->events.size());
    left -= std::min(left, found);
    const bool written = write_out(json ? json_lines(page->events) : table.render(page->events));
    query.cursor = std::move(page->next_cursor);
    if (!written || query.cursor.empty() || (limited && left == 0)) return query.cursor;
  }
}

int list_events(const Context& context, const EventsOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto query =
      parse_event_filters(options.words, settings->zone, settings->config.numbers.default_region);
  if (!query) return report_error(query.error());
  query->limit = options.limit;
  query->cursor = options.cursor;
  auto store = open_store(*settings);
  if (!store) return report_error(store.error());
  EventTable table(settings->zone);
  const auto next = print_events(**store, std::move(*query), options.json, table);
  if (!next) return report_error(next.error());
  if (!next->empty()) std::fprintf(stderr, "next: %s\n", next->c_str());
  return kExitDone;
}

}  // namespace

void add_events_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<EventsOptions>();
  CLI::App* command = app.add_subcommand(
      "events",
      "SIP transactions beside calls, oldest first: registrations and the like.\n"
      "All filters that are given must hold.");
  command->footer(kEventsFooter);
  command->add_flag("--json", options->json, "One JSON object per event");
  command->add_option("--limit", options->limit, "At most this many events")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--cursor", options->cursor, "Go on where an earlier --limit stopped")
      ->type_name("CURSOR");
  const auto filter = [&](const char* name, std::string& to, const char* type, const char* help) {
    command->add_option(name, to, help)->type_name(type)->group("Filters");
  };
  EventWords& words = options->words;
  filter("--number",
         words.number,
         "N",
         "Number of who asked or was asked: E.164, local form, or a prefix with '*'");
  filter("--from", words.from, "T", "At or after T: RFC 3339, or YYYY-MM-DD");
  filter("--to", words.to, "T", "Before T; a bare date covers that whole day");
  filter("--ip", words.ip, "IP", "Address it came from or went to");
  filter(
      "--method", words.method, "NAME", "REGISTER, OPTIONS, SUBSCRIBE, NOTIFY, MESSAGE or PUBLISH");
  filter("--status-code", words.status_code, "CODE", "Status of the final response");
  command->callback([options, &context] { context.exit_status = list_events(context, *options); });
}

}  // namespace tapdeck::control
