#include <memory>
#include <utility>

#include "control/cli/commands.h"

namespace tapdeck::control {
namespace {

constexpr std::uint32_t kWorkerStreamsMax = 4'000'000;
constexpr std::uint16_t kWorkerThreadsMax = 64;
constexpr std::uint32_t kWorkerRulesMax = 60'000;  // a policy takes 65 536, expressions included
constexpr std::uint32_t kOpenCallsMax = 400'000;   // the call plane takes 600 000 in all

constexpr const char* kBenchFooter =
    "Each runs the real part under a load that it makes itself, compares all that was recorded "
    "with\n"
    "what was sent, and says what was simulated and what on this host kept the figures down.\n"
    "Stop `run` before: a measurement wants the machine for itself.\n"
    "\n"
    "Examples:\n"
    "  tapdeck bench worker --streams 1000,100000\n"
    "  tapdeck bench capture --svg loss.svg";

constexpr const char* kWorkerFooter =
    "Columns are nanoseconds a packet: `worker` is all it does, the median of its batches; "
    "`patch`\n"
    "the generator, not in it; the others are the least that each stage costs on this machine\n"
    "(floors), and `ratio` is the worker over their sum.\n"
    "\n"
    "A stream takes 17 KiB of memory in each worker, and as much again while floors are measured.\n"
    "\n"
    "Example:\n"
    "  tapdeck bench worker --streams 1000,100000 --json";

constexpr const char* kBenchCallsFooter =
    "Columns: `us a call` is all that a call costs the call plane, its share of registrations and "
    "of\n"
    "what workers say of its streams included; `generator` is not in it.  The stages behind are "
    "measured\n"
    "alone on the same messages, in the cache, in nanoseconds a message.\n"
    "\n"
    "Example:\n"
    "  tapdeck bench calls --open 100000 --json";

}  // namespace

CLI::Validator number_within(double least, double most) {
  return {[least, most](const std::string& text) {
            double value = 0;
            const bool is_number = CLI::detail::lexical_cast(text, value);
            if (is_number && value >= least && value <= most) return std::string();
            return "Value " + text + " not in range [" + CLI::detail::to_string(least) + " - " +
                   CLI::detail::to_string(most) + "]";
          },
          "in [" + CLI::detail::to_string(least) + " - " + CLI::detail::to_string(most) + "]"};
}

void add_bench_output(CLI::App& command, BenchOutput& output) {
  CLI::Option* json = command.add_flag("--json", output.json, "One JSON object");
  command
      .add_flag("--csv",
                output.csv,
                "The rows as CSV (RFC 4180) with a header line, below lines that begin with # and "
                "say what "
                "was measured on what")
      ->excludes(json);
}

void add_hugepages(CLI::App& command, BenchOutput& output) {
  command.add_flag("!--no-hugepages", output.hugepages, "Take none even if there are some");
}

namespace {

void add_worker_bench(CLI::App& bench, Context& context) {
  auto request = std::make_shared<BenchWorkerRequest>();
  CLI::App* command = bench.add_subcommand(
      "worker", "What a packet costs a worker, and what each stage costs at least.");
  command->footer(kWorkerFooter);
  command->add_option("--streams", request->streams, "How many at once; one row for each")
      ->delimiter(',')
      ->check(CLI::Range(std::uint32_t{1}, kWorkerStreamsMax))
      ->type_name("N,...")
      ->capture_default_str();
  command->add_option("--workers", request->workers, "At once, each with so many streams")
      ->check(CLI::Range(std::uint16_t{1}, kWorkerThreadsMax))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seconds", request->seconds, "Of the worker's time, for each row")
      ->check(number_within(0.0, 3'600.0))
      ->type_name("S")
      ->capture_default_str();
  command
      ->add_option("--rules",
                   request->rules,
                   "Of a policy that decides what the workers are told of each call; one row for "
                   "each")
      ->delimiter(',')
      ->check(CLI::Range(std::uint32_t{0}, kWorkerRulesMax))
      ->type_name("N,...")
      ->capture_default_str();
  command->add_flag("!--no-floors", request->floors, "Measure the worker only");
  add_bench_output(*command, request->output);
  add_hugepages(*command, request->output);
  command->callback(
      [request, &context] { context.exit_status = context.bodies.bench.worker(*request); });
}

void add_calls_bench(CLI::App& bench, Context& context) {
  auto request = std::make_shared<BenchCallsRequest>();
  CLI::App* command = bench.add_subcommand(
      "calls", "What SIP costs the call plane while many calls are open; each call is checked.");
  command->footer(kBenchCallsFooter);
  command->add_option("--open", request->open_calls, "Answered calls at once; one row for each")
      ->delimiter(',')
      ->check(CLI::Range(std::uint32_t{1}, kOpenCallsMax))
      ->type_name("N,...")
      ->capture_default_str();
  command
      ->add_option("--rate",
                   request->calls_per_second,
                   "New calls per second of simulated time: so many set-ups and late packets are "
                   "waited for beside them")
      ->check(number_within(1.0, 100'000.0))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seconds", request->seconds, "Of the call plane's time, for each row")
      ->check(number_within(0.0, 3'600.0))
      ->type_name("S")
      ->capture_default_str();
  command
      ->add_option("--rules",
                   request->rules,
                   "Of a policy that decides each call, whose numbers are made E.164 then; one row "
                   "for each; 0: the numbers alone")
      ->delimiter(',')
      ->check(CLI::Range(std::uint32_t{0}, kWorkerRulesMax))
      ->type_name("N,...");
  add_bench_output(*command, request->output);
  command->callback(
      [request, &context] { context.exit_status = context.bodies.bench.calls(*request); });
}

}  // namespace

void add_bench_command(CLI::App& app, Context& context) {
  CLI::App* bench = app.add_subcommand("bench",
                                       "What this machine can do, measured.\n"
                                       "Prints a table, CSV or JSON.");
  bench->footer(kBenchFooter);
  bench->require_subcommand(1);
  add_worker_bench(*bench, context);
  add_calls_bench(*bench, context);
  add_capture_bench(*bench, context);
  add_record_bench(*bench, context);
  add_store_bench(*bench, context);
}

}  // namespace tapdeck::control
