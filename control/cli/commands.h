// What the commands of the command line share: the context they run in, and how each is added to
// the parser.  A command parses in CLI11 and runs in its callback, which leaves its exit status in
// the context.  Threads: the main thread.  Memory: options live as long as the parser.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "control/cli/command_line.h"
#include "control/filters.h"
#include "control/settings.h"
#include "model/call_query.h"
#include "storage/store_access.h"

namespace tapdeck::control {

struct Context {
  GlobalOptions global;
  CommandBodies bodies;
  int exit_status = kExitDone;
};

// Tells an error on stderr and gives the exit status for it: 2 for the caller's words, else 1.
int report_error(const Error& error);

// Writes to stdout; false when nobody reads it any more.
bool write_out(std::string_view text);

// As CLI::Range, which lets a NaN pass.
CLI::Validator number_within(double least, double most);

// Every bench takes these.
void add_bench_output(CLI::App& command, BenchOutput& output);

// For those whose packets stand in DPDK's memory.
void add_hugepages(CLI::App& command, BenchOutput& output);

// `calls` and `export` take the same filters.
void add_filter_options(CLI::App& command, FilterWords& words);

// Asks page by page and hands each page to `take`, which returns false to stop; the result is the
// cursor behind the last page, empty at the end.  query.limit 0: all.
using PageSink = std::function<bool(const CallPage& page)>;
Result<std::string> for_each_page(storage::StoreAccess& store,
                                  CallQuery query,
                                  const PageSink& take);

void add_ingest_command(CLI::App& app, Context& context);
void add_run_command(CLI::App& app, Context& context);
void add_calls_command(CLI::App& app, Context& context);
void add_show_command(CLI::App& app, Context& context);
void add_events_command(CLI::App& app, Context& context);
void add_export_command(CLI::App& app, Context& context);
void add_report_command(CLI::App& app, Context& context);
void add_store_command(CLI::App& app, Context& context);
void add_store_rebuild(CLI::App& store, Context& context);
void add_service_commands(CLI::App& app, Context& context);  // stats, status
void add_policy_command(CLI::App& app, Context& context);
void add_pause_commands(CLI::App& app, Context& context);  // pause, resume
void add_hold_command(CLI::App& app, Context& context);
void add_retention_command(CLI::App& app, Context& context);
void add_erase_command(CLI::App& app, Context& context);
void add_annotate_command(CLI::App& app, Context& context);
void add_audit_command(CLI::App& app, Context& context);
void add_certificate_commands(CLI::App& audit, Context& context);  // certificate, key
void add_config_command(CLI::App& app, Context& context);
void add_doctor_command(CLI::App& app, Context& context);
void add_bench_command(CLI::App& app, Context& context);
void add_capture_bench(CLI::App& bench, Context& context);
void add_record_bench(CLI::App& bench, Context& context);
void add_store_bench(CLI::App& bench, Context& context);

}  // namespace tapdeck::control
