#include <bit>
#include <map>
#include <memory>
#include <string>

#include "control/cli/commands.h"

namespace tapdeck::control {
namespace {

constexpr std::uint32_t kCaptureStreamsMax = 4'000'000;
constexpr std::uint16_t kCaptureWorkersMax = 64;
constexpr std::uint32_t kDescriptorsMin = 64;
constexpr std::uint32_t kDescriptorsMax = 32'768;
constexpr std::uint32_t kCaptureRulesMax = 60'000;
constexpr double kMppsMax = 200;

constexpr const char* kBenchCaptureFooter =
    "A sender at a set pace on one CPU, workers on others, a null writer that reads all back. "
    "Every\n"
    "packet that is not read back must stand in a counter, and all others must be what was sent:\n"
    "else the figures are worth nothing, and the exit status is 1.\n"
    "\n"
    "  --mode search  the highest rate without loss (RFC 2544, section 26.1), which must hold "
    "twice\n"
    "  --mode ramp    steps from --least to --most: loss versus load\n"
    "  --mode soak    --rate for a long time, with a line on stderr every --progress seconds\n"
    "  --mode overload  how much --most leaves of itself, or --rate, is what the capture takes; "
    "for\n"
    "                 --seconds it is offered --factor times that; before and behind it half of "
    "--rate\n"
    "\n"
    "A stream takes 17 KiB of memory, over interfaces and ports up to twice 28.\n"
    "Without --interface-pair and --ports packets go through a ring in this process. Exit status "
    "1\n"
    "also when a soak lost something, when even --least did, or half of --rate behind an "
    "overload.\n"
    "\n"
    "Examples:\n"
    "  tapdeck bench capture --svg loss.svg\n"
    "  tapdeck bench capture --interface-pair veth0,veth1 --seconds 10 --most 1\n"
    "  tapdeck bench capture --ports 0000:3b:00.0 0000:3b:00.1 --workers 4 --most 14.9\n"
    "  tapdeck bench capture --mode soak --rate 2 --seconds 3600\n"
    "  tapdeck bench capture --mode overload --seconds 60";

void add_path_options(CLI::App& command, BenchCaptureRequest& request) {
  CLI::Option* interfaces =
      command
          .add_option("--interface-pair",
                      request.interfaces,
                      "Send on one interface of the kernel, capture on the other")
          ->delimiter(',')
          ->expected(2)
          ->type_name("TX,RX");
  command
      .add_option(
          "--ports",
          request.ports,
          "Send on one port of DPDK, capture on the other: PCI addresses or virtual devices")
      ->expected(2)
      ->allow_extra_args()
      ->excludes(interfaces)
      ->type_name("A B");
  command
      .add_option("--streams",
                  request.streams,
                  "At once; 100000 in process, 4000 over interfaces and ports")
      ->check(CLI::Range(std::uint32_t{1}, kCaptureStreamsMax))
      ->type_name("N");
  command.add_option("--workers", request.workers, "One receive queue each")
      ->check(CLI::Range(std::uint16_t{1}, kCaptureWorkersMax))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--descriptors", request.descriptors, "Packets that may wait in a receive queue")
      ->check(CLI::Range(kDescriptorsMin, kDescriptorsMax))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--lcores",
                  request.lcores,
                  "CPUs as DPDK's --lcores has it (0@2,1@3); the first one sends")
      ->type_name("MAP");
}

void add_rate_options(CLI::App& command, BenchCaptureRequest& request) {
  const std::map<std::string, BenchMode> modes = {{"search", BenchMode::kSearch},
                                                  {"ramp", BenchMode::kRamp},
                                                  {"soak", BenchMode::kSoak},
                                                  {"overload", BenchMode::kOverload}};
  command.add_option("--mode", request.mode, "search, ramp, soak or overload")
      ->transform(CLI::Transformer(modes))
      ->type_name("NAME");
  const auto number = [&](const char* name, double& to, const char* type, const char* help) {
    return command.add_option(name, to, help)->type_name(type)->capture_default_str();
  };
  number("--seconds", request.seconds, "S", "Of each trial")->check(number_within(0.05, 1e6));
  number("--least", request.least_mpps, "MPPS", "Lowest rate")
      ->check(number_within(1e-4, kMppsMax));
  number("--most", request.most_mpps, "MPPS", "Highest rate")->check(number_within(1e-4, kMppsMax));
  number("--resolution", request.resolution_pct, "PCT", "How near the search goes")
      ->check(number_within(0.01, 50.0));
  number("--rate",
         request.rate_mpps,
         "MPPS",
         "Of the soak; of an overload: a rate that is known to pass")
      ->check(number_within(1e-4, kMppsMax));
  number("--factor", request.factor, "N", "Of the overload, of what the capture takes")
      ->check(number_within(1.0, 100.0));
  number("--progress", request.progress_s, "S", "Between two lines of a soak")
      ->check(number_within(0.1, 1e6));
  command
      .add_option("--rules",
                  request.rules,
                  "Of a policy that decides what the workers are told of each call")
      ->check(CLI::Range(std::uint32_t{0}, kCaptureRulesMax))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--steps", request.steps, "Of the ramp")
      ->check(CLI::Range(2U, 1'000U))
      ->type_name("N")
      ->capture_default_str();
}

// What the options cannot check one by one; empty: nothing is wrong.
std::string contradiction(const BenchCaptureRequest& request, const GlobalOptions& global) {
  if (request.least_mpps >= request.most_mpps) return "--least must be below --most.";
  if (!std::has_single_bit(request.descriptors)) return "--descriptors must be a power of two.";
  if (request.mode == BenchMode::kSoak && request.rate_mpps == 0) return "A soak needs --rate.";
  if (!global.store_directory.empty()) {
    return "--store: this bench writes to no disk; see `tapdeck bench --help` for one that does.";
  }
  return "";
}

}  // namespace

void add_capture_bench(CLI::App& bench, Context& context) {
  auto request = std::make_shared<BenchCaptureRequest>();
  CLI::App* command =
      bench.add_subcommand("capture", "The highest rate that is captured without loss.");
  command->footer(kBenchCaptureFooter);
  add_path_options(*command, *request);
  add_rate_options(*command, *request);
  add_bench_output(*command, request->output);
  add_hugepages(*command, request->output);
  command->add_option("--svg", request->output.svg_file, "Plot loss versus load into this file")
      ->type_name("FILE");
  command->callback([request, &context] {
    const std::string wrong = contradiction(*request, context.global);
    context.exit_status = wrong.empty()
                              ? context.bodies.bench.capture(*request)
                              : report_error(make_error(ErrorCode::kInvalidArgument, wrong));
  });
}

}  // namespace tapdeck::control
