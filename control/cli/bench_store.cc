#include <memory>

#include "control/cli/commands.h"

namespace tapdeck::control {
namespace {

constexpr const char* kBenchStoreFooter =
    "Makes a store in a new folder `bench-calls` below --store, which must lie on a disk, puts "
    "the\n"
    "call records of a network into it as the recorder would (the version of the answer, then the\n"
    "final one; all indexes; synced groups), waits for compaction, compares what is there with "
    "what\n"
    "was made, searches it warm and, as root, cold, and removes it. A call takes 0.8 KiB of disk, "
    "and\n"
    "as much again while it works.\n"
    "\n"
    "Example:\n"
    "  tapdeck --store /srv/tapdeck bench store --calls 10000000";

}  // namespace

void add_store_bench(CLI::App& bench, Context& context) {
  auto request = std::make_shared<BenchStoreRequest>();
  CLI::App* command = bench.add_subcommand("store", "Call records put and searched on disk.");
  command->footer(kBenchStoreFooter);
  command->add_option("--calls", request->calls, "How many")
      ->check(CLI::Range(std::uint64_t{1'000}, std::uint64_t{1'000'000'000}))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--days", request->days, "Over which they begin")
      ->check(number_within(0.001, 36'500.0))
      ->type_name("D")
      ->capture_default_str();
  command->add_option("--page", request->page_calls, "Calls a search wants at most")
      ->check(CLI::Range(1U, 1'000U))
      ->type_name("N")
      ->capture_default_str();
  add_bench_output(*command, request->output);
  command->callback([request, &context] {
    if (context.global.store_directory.empty()) {
      context.exit_status = report_error(make_error(
          ErrorCode::kInvalidArgument, "Name a folder on the disk to be measured: --store DIR."));
      return;
    }
    request->directory = context.global.store_directory + "/bench-calls";
    context.exit_status = context.bodies.bench.store(*request);
  });
}

}  // namespace tapdeck::control
