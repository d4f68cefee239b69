#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/bench.h"
#include "apps/bench_capture_report.h"
#include "apps/bench_output.h"
#include "bench/load/capture_load.h"
#include "bench/load/capture_memory.h"
#include "bench/load/interrupt.h"
#include "bench/load/overload.h"
#include "bench/load/rate_search.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kCaptureMemoryMib = 1'024;  // for mbufs and rings; the chunks come on top
constexpr std::uint32_t kStreamsInProcess = 100'000;
constexpr std::uint32_t kStreamsOnWire = 4'000;
constexpr double kProbeSeconds = 2;  // of the trials around an overload

load::CaptureLoadOptions load_options(const control::BenchCaptureRequest& request) {
  load::CaptureLoadOptions options;
  const bool wire = !request.interfaces.empty() || !request.ports.empty();
  const std::vector<std::string>& pair = request.ports.empty() ? request.interfaces : request.ports;
  if (wire) {
    options.sender = pair[0];
    options.receiver = pair[1];
  }
  options.dpdk = !request.ports.empty();
  options.streams = request.streams != 0 ? request.streams
                    : wire               ? kStreamsOnWire
                                         : kStreamsInProcess;
  options.workers = request.workers;
  options.descriptors = request.descriptors;
  options.rules = request.rules;
  return options;
}

std::vector<std::string> simulated(const load::CaptureLoadOptions& options,
                                   const std::string& lcores,
                                   bool shared) {
  std::vector<std::string> out;
  if (options.receiver.empty()) {
    out.emplace_back(
        "No card: packets come from rings in this process; a full ring loses them, as a card does "
        "that has no descriptor left.");
    out.emplace_back(
        "Time: every stream has a packet each 20 ms of the packets' own time, which runs as fast "
        "as the rate makes it.");
  } else if (options.dpdk) {
    out.emplace_back("Cards as far as DPDK's devices " + options.sender + " and " +
                     options.receiver + " are cards; virtual ones (net_...) are not.");
  } else {
    out.emplace_back("No card: the kernel carries the packets from " + options.sender + " to " +
                     options.receiver + ", and hands them over by AF_PACKET.");
  }
  out.emplace_back("No disk: a null writer reads the chunks back and gives them home.");
  out.emplace_back("No calls: each pair of streams was bound at the start.");
  std::string cpus = "Sender and null writer share a CPU; lcores are " + lcores + ".";
  if (shared) {
    cpus += " There are fewer CPUs than threads: they take turns, and lose for it.";
  }
  out.push_back(std::move(cpus));
  return out;
}

class Bench {
 public:
  Bench(const control::BenchCaptureRequest& request, load::CaptureLoad& capture)
      : request_(request), capture_(capture) {}

  // The exit status, if nothing is wrong.
  Result<int> run(report::Report& out) {
    int status = control::kExitDone;
    switch (request_.mode) {
      case control::BenchMode::kSearch: status = search(out); break;
      case control::BenchMode::kRamp: ramp(); break;
      case control::BenchMode::kSoak: status = soak(); break;
      case control::BenchMode::kOverload: status = overload(out); break;
    }
    if (failed_) return *failed_;
    add_trials(trials_, out);
    return status;
  }

 private:
  load::TrialVerdict trial(double pps) {
    if (load::is_interrupted()) return load::TrialVerdict::kBroken;  // ends a search
    const Result<load::CaptureTrial> done = run_trial({.pps = pps, .seconds = request_.seconds});
    if (!done) {
      if (load::is_interrupted() && !trials_.empty()) return load::TrialVerdict::kBroken;
      failed_ = done.error();
      return load::TrialVerdict::kBroken;
    }
    return verdict_of(*done);
  }

  Result<load::CaptureTrial> run_trial(const load::CapturePace& pace) {
    TD_TRY(load::go_on());
    Result<load::CaptureTrial> done = capture_.run(pace);
    if (!done) return done;
    std::fprintf(stderr, "tapdeck: %s\n", trial_line(*done).c_str());
    trials_.push_back(*done);
    return done;
  }

  int search(report::Report& out) {
    const load::SearchResult found =
        load::search_rate({.least_pps = request_.least_mpps * 1e6,
                           .most_pps = request_.most_mpps * 1e6,
                           .resolution = request_.resolution_pct / 100},
                          [this](double pps) { return trial(pps); });
    if (load::is_interrupted()) return kExitInterrupted;
    add_best(found, trials_, out);
    return found.best_pps ? control::kExitDone : control::kExitFailed;
  }

  void ramp() {
    const double step = (request_.most_mpps - request_.least_mpps) / (request_.steps - 1);
    for (std::uint32_t i = 0; i < request_.steps && !failed_ && !load::is_interrupted(); ++i) {
      trial((request_.least_mpps + step * i) * 1e6);
    }
  }

  int soak() {
    capture_.observe(request_.progress_s, [](double seconds, std::uint64_t sent) {
      std::fprintf(stderr,
                   "tapdeck: %.0f s, %llu packets sent\n",
                   seconds,
                   static_cast<unsigned long long>(sent));
    });
    return trial(request_.rate_mpps * 1e6) == load::TrialVerdict::kPassed ? control::kExitDone
                                                                          : control::kExitFailed;
  }

  int overload(report::Report& out) {
    const Result<load::OverloadResult> found =
        load::run_overload({.flood_pps = request_.most_mpps * 1e6,
                            .sustained_pps = request_.rate_mpps * 1e6,
                            .factor = request_.factor,
                            .seconds = request_.seconds,
                            .probe_seconds = std::min(kProbeSeconds, request_.seconds)},
                           [this](const load::CapturePace& pace) { return run_trial(pace); });
    if (load::is_interrupted() && !trials_.empty()) return kExitInterrupted;
    if (!found) {
      failed_ = found.error();
      return control::kExitFailed;
    }
    add_overload(*found, out);
    return found->after.lost() == 0 ? control::kExitDone : control::kExitFailed;
  }

  const control::BenchCaptureRequest& request_;
  load::CaptureLoad& capture_;
  std::vector<load::CaptureTrial> trials_{};
  std::optional<Error> failed_{};
};

// Before anything is taken.
Result<void> check_options(const load::CaptureLoadOptions& options, const engine::EalOptions& eal) {
  if (options.workers > load::CaptureLoad::workers_max(options)) {
    return make_error(ErrorCode::kInvalidArgument,
                      fmt::format("--workers: such a port of DPDK has {} queues at most, and each "
                                  "worker has one.",
                                  load::CaptureLoad::workers_max(options)));
  }
  const std::uint64_t chunks = std::uint64_t{load::chunks_of_worker(options)} * options.workers;
  const std::uint64_t bytes = kBenchBaseBytes + kBenchPortBytes + chunk_bytes(chunks);
  return check_memory(bytes, eal, control::HostFiles());
}

}  // namespace

int bench_capture(const control::BenchCaptureRequest& request) {
  const load::InterruptGuard guard;
  const Result<void> writable = check_output(request.output);
  if (!writable) return bench_failed(writable.error());
  const load::CaptureLoadOptions options = load_options(request);
  const std::vector<unsigned> cpus = allowed_cpus();  // before DPDK pins this thread
  const std::string lcores =
      request.lcores.empty() ? pinned_lcores(cpus, options.workers) : request.lcores;
  engine::EalOptions eal_options =
      bench_eal(request.output,
                kCaptureMemoryMib,
                std::uint64_t{load::chunks_of_worker(options)} * options.workers);
  eal_options.worker_count = options.workers;
  eal_options.lcores = lcores;
  for (const std::string& port : request.ports) {
    if (!port.starts_with("net_")) eal_options.pci.push_back(port);
  }
  const Result<void> fits = check_options(options, eal_options);
  if (!fits) return bench_failed(fits.error());
  const auto eal = engine::Eal::start(eal_options);
  if (!eal) return bench_failed(eal.error());
  report::Report out = start_report("capture", *eal);
  out.simulated =
      simulated(options, lcores, request.lcores.empty() && cpus.size() < options.workers + 1U);
  auto capture = load::CaptureLoad::open(options);
  if (!capture) return bench_failed(capture.error());
  const Result<int> status = Bench(request, **capture).run(out);
  capture->reset();  // workers and ports end before DPDK does
  if (!status) return bench_failed(status.error());
  const int printed =
      print_report(request.output, wanted_of_host(options.workers, &eal_options, cpus), out);
  return printed == control::kExitDone ? *status : printed;
}

}  // namespace tapdeck::apps
