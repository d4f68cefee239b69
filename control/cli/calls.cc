#include <csignal>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/clock.h"
#include "control/call_rows.h"
#include "control/cli/commands.h"
#include "control/follow.h"
#include "control/open_store.h"
#include "control/remote_store.h"

namespace tapdeck::control {
namespace {

constexpr std::int64_t kPollNs = kNsPerSecond / 2;
constexpr std::int64_t kRestFactor = 10;  // of the time a poll took: a tenth of the service at most

constexpr const char* kCallLogFooter =
    "Without --json or --csv it is a table with times in the configured zone. With --limit the\n"
    "cursor for the next page is told on stderr as `next: CURSOR`. In CSV a cell that a\n"
    "spreadsheet would run as a formula gets a leading apostrophe; numbers such as +49891234 "
    "stay.\n"
    "--follow needs a running service: it tells calls as they are answered, and again when they\n"
    "are over, until it is interrupted.\n"
    "\n"
    "Examples:\n"
    "  tapdeck calls --from 2026-11-23 --to 2026-11-23 --number '+4989*'\n"
    "  tapdeck calls --outcome answered --min-duration 5m --json\n"
    "  tapdeck calls --csv --fields start,caller.number,dialled,talk_ms > calls.csv";

struct CallsOptions {
  FilterWords filters;
  bool json = false;
  bool csv = false;
  bool follow = false;
  std::uint32_t limit = 0;
  std::string cursor;
  std::string fields;
};

// Waits until a signal asks to stop (true) or the time is over (false).
bool wait_for_stop(const sigset_t& signals, std::int64_t wait_ns) {
  const timespec wait{wait_ns / kNsPerSecond, wait_ns % kNsPerSecond};
  return sigtimedwait(&signals, nullptr, &wait) > 0;
}

int follow_calls(const Settings& settings, const CallQuery& query, RowRenderer& rows) {
  auto service = RemoteStore::connect(settings.store_directory);
  if (!service) {
    if (service.error().code != ErrorCode::kNotFound) return report_error(service.error());
    return report_error(make_error(ErrorCode::kNotFound,
                                   "No service runs on the store " + settings.store_directory +
                                       ", so there is nothing to follow."));
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Follower follower(**service, query, wall_now_ns() / kNsPerUs);
  const auto started = follower.start();
  if (!started) return report_error(started.error());
  std::int64_t took_ns = 0;
  while (!wait_for_stop(signals, std::max(kPollNs, took_ns * kRestFactor))) {
    const std::int64_t before_ns = monotonic_now_ns();
    const auto found = follower.poll(wall_now_ns() / kNsPerUs);
    if (!found) return report_error(found.error());
    took_ns = monotonic_now_ns() - before_ns;
    if (!found->empty() && (!write_out(rows.render(*found)) || std::fflush(stdout) != 0)) {
      return kExitDone;
    }
  }
  return kExitDone;
}

int list_calls(const Context& context, const CallsOptions& options) {
  if (options.json && options.csv) {
    return report_error(
        make_error(ErrorCode::kInvalidArgument, "--json and --csv exclude each other."));
  }
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto query =
      parse_filters(options.filters, settings->zone, settings->config.numbers.default_region);
  if (!query) return report_error(query.error());
  query->limit = options.limit;
  query->cursor = options.cursor;
  auto fields = parse_fields(options.fields);
  if (!fields) return report_error(fields.error());
  const RowFormat format = options.json  ? RowFormat::kJson
                           : options.csv ? RowFormat::kCsv
                                         : RowFormat::kTable;
  RowRenderer rows({format, std::move(*fields), settings->zone});
  if (options.follow) return follow_calls(*settings, *query, rows);
  auto store = open_store(*settings);
  if (!store) return report_error(store.error());
  const auto next = for_each_page(**store, std::move(*query), [&](const CallPage& page) {
    return write_out(rows.render(page.calls));
  });
  if (!next) return report_error(next.error());
  if (options.limit != 0 && !next->empty()) std::fprintf(stderr, "next: %s\n", next->c_str());
  return kExitDone;
}

}  // namespace

void add_calls_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<CallsOptions>();
  CLI::App* command = app.add_subcommand("calls",
                                         "The call log, oldest first.\n"
                                         "All filters that are given must hold.");
  command->footer(kCallLogFooter);
  command->add_flag("--json", options->json, "One JSON object per call");
  command->add_flag("--csv", options->csv, "CSV (RFC 4180) with a header line");
  command->add_option("--limit", options->limit, "At most this many calls")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--cursor", options->cursor, "Go on where an earlier --limit stopped")
      ->type_name("CURSOR");
  command->add_option("--fields", options->fields, "Only these, e.g. uid,start,caller.number")
      ->type_name("A,B");
  command->add_flag("--follow", options->follow, "New calls as they come");
  add_filter_options(*command, options->filters);
  command->callback([options, &context] { context.exit_status = list_calls(context, *options); });
}

}  // namespace tapdeck::control
