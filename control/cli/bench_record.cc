#include <memory>

#include "control/cli/commands.h"

namespace tapdeck::control {
namespace {

constexpr std::uint32_t kRecordStreamsMax = 400'000;  // 10 GiB of chunks

constexpr const char* kBenchRecordFooter =
    "Records into a store in a new folder `bench-record` below --store, which must lie on a disk,\n"
    "encrypted as ever, reads all of it back, and removes it. The worker and its generator take "
    "one\n"
    "CPU, the writer and the thread that keeps rows the other. `of limit` is what the writer made "
    "of\n"
    "the lower of two limits that are measured before: `fio` (1 MiB, O_DIRECT, a sync each 16 "
    "MiB),\n"
    "and `openssl speed` for encryption and hash, one after the other on one core.\n"
    "A stream takes 28 KiB of memory, with --writer-only 35.\n"
    "\n"
    "Examples:\n"
    "  tapdeck --store /srv/tapdeck bench record\n"
    "  tapdeck --store /srv/tapdeck bench record --writer-only\n"
    "  tapdeck --store /srv/tapdeck bench record --rate 5 --stall 1";

}  // namespace

void add_record_bench(CLI::App& bench, Context& context) {
  auto request = std::make_shared<BenchRecordRequest>();
  CLI::App* command =
      bench.add_subcommand("record", "Media recorded to encrypted segments on disk.");
  command->footer(kBenchRecordFooter);
  command->add_option("--streams", request->streams, "How many at once; one row for each")
      ->delimiter(',')
      ->check(CLI::Range(std::uint32_t{1'000}, kRecordStreamsMax))
      ->type_name("N,...")
      ->capture_default_str();
  command->add_option("--seconds", request->seconds, "How long, for each row")
      ->check(number_within(0.1, 3'600.0))
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--rate", request->mpps, "Million packets a second; 0: as many as are taken")
      ->check(number_within(0.0, 100.0))
      ->type_name("MPPS")
      ->capture_default_str();
  command
      ->add_option("--stall",
                   request->stall_s,
                   "Seconds for which the disk stands still after a third of the time")
      ->check(number_within(0.0, 60.0))
      ->type_name("S")
      ->needs("--rate");
  command->add_flag("--writer-only", request->writer_only, "Chunks made beforehand, no worker");
  command->add_flag("!--no-limits", request->limits, "Do not run fio and openssl");
  add_bench_output(*command, request->output);
  add_hugepages(*command, request->output);
  command->callback([request, &context] {
    if (context.global.store_directory.empty()) {
      context.exit_status = report_error(make_error(
          ErrorCode::kInvalidArgument, "Name a folder on the disk to be measured: --store DIR."));
      return;
    }
    request->directory = context.global.store_directory + "/bench-record";
    context.exit_status = context.bodies.bench.record(*request);
  });
}

}  // namespace tapdeck::control
