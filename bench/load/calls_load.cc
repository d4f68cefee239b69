#include "bench/load/calls_load.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "bench/load/bench_policy.h"
#include "bench/load/calls_sink.h"
#include "bench/load/calls_stages.h"
#include "bench/load/calls_traffic.h"
#include "bench/load/cpu_time.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kBatch = 8'192;
constexpr std::size_t kStep = 64;      // messages that a worker's ring gives at once
constexpr int kSettleSecondsMax = 60;  // of traffic
constexpr std::int64_t kDrainNs = 60 * kNsPerSecond;

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    unsigned long long all = 0;
    unsigned long long resident = 0;
    if (std::fscanf(file, "%llu %llu", &all, &resident) == 2) pages = resident;
    std::fclose(file);
  }
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

CallsTraffic::Options traffic_options(const CallsOptions& options) {
  CallsTraffic::Options traffic;
  traffic.talking = options.open_calls;
  traffic.traffic.seed = options.seed;
  traffic.traffic.calls_per_second = options.calls_per_second;
  traffic.traffic.registrations_per_call = options.registrations_per_call;
  return traffic;
}

calls::CallPlaneOptions plane_options(bool normalise) {
  calls::CallPlaneOptions options;
  if (normalise) options.numbering.numbers.default_region = kPolicyRegion;
  options.node = "bench";
  options.port_names = {"span0"};
  options.realm_names = {"default"};
  return options;
}

std::uint32_t sum_of(const FlatMap<std::string, std::uint32_t>& counts) {
  std::uint32_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

class CallsRun {
 public:
  explicit CallsRun(const CallsOptions& options)
      : options_(options),
        traffic_(traffic_options(options)),
        plane_(calls::CallPlane::create(plane_options(options.rules.has_value()), sink_)) {}

  Result<CallsResult> run() {
    if (options_.rules.value_or(0) > 0) {
      auto sources = load_bench_policy(*options_.rules, options_.seed);
      if (!sources) return Error(std::move(sources.error()));
      plane_->swap_policy(*sources);
    }
    const std::uint64_t memory_before = resident_bytes();
    while (!traffic_.ramped_up()) TD_TRY(take(traffic_.next(kBatch)));
    TD_TRY(settle());
    out_.open_calls = plane_->open_call_count();
    const std::uint64_t memory = resident_bytes();
    if (memory > memory_before) {
      out_.bytes_per_open_call = (memory - memory_before) / out_.open_calls;
    }
    TD_TRY(measure());
    out_.stages = measure_stages(traffic_.next(kBatch));
    TD_TRY(take(last_batch()));
    TD_TRY(drain());
    return out_;
  }

 private:
  // Until as many calls are done with as begin, in a second of traffic: some ring for long, and
  // those that have ended linger.  Otherwise messages are measured of calls that are not.
  Result<void> settle() {
    for (int second = 0; second < kSettleSecondsMax; ++second) {
      const std::uint64_t begun = plane_->figures().calls_started;
      const std::uint64_t done = finals_;
      const std::int64_t until_ns = now_ns_ + kNsPerSecond;
      while (now_ns_ < until_ns) TD_TRY(take(traffic_.next(kBatch)));
      const std::uint64_t begun_now = plane_->figures().calls_started - begun;
      if ((finals_ - done) * 20 >= begun_now * 19) return {};
    }
    return {};
  }

  // The batch that next() gave last.
  [[nodiscard]] const std::vector<SignalMessage>& last_batch() const { return traffic_.batch(); }

  Result<void> measure() {
    const std::uint64_t finals = finals_;
    plane_ns_ = report_ns_ = 0;
    std::uint64_t allocated = 0;
    std::int64_t generator_ns = 0;
    while (static_cast<double>(plane_ns_) < options_.seconds * 1e9) {
      const std::int64_t begin_ns = thread_cpu_ns();
      const std::vector<SignalMessage>& batch = traffic_.next(kBatch);
      generator_ns += thread_cpu_ns() - begin_ns;
      const std::uint64_t before = options_.allocations == nullptr ? 0 : *options_.allocations;
      feed(batch);
      if (options_.allocations != nullptr) allocated += *options_.allocations - before;
      TD_TRY(check());
      out_.messages += batch.size();
    }
    out_.calls = finals_ - finals;
    const auto messages = static_cast<double>(out_.messages);
    const auto calls = static_cast<double>(out_.calls);
    const auto ns = static_cast<double>(plane_ns_);
    out_.ns_per_message = ns / messages;
    out_.messages_per_second = messages / ns * 1e9;
    out_.calls_per_second = calls / ns * 1e9;
    out_.us_per_call = ns / calls * 1e-3;
    out_.reports_us_per_call = static_cast<double>(report_ns_) / calls * 1e-3;
    out_.generator_ns_per_message = static_cast<double>(generator_ns) / messages;
    if (options_.allocations != nullptr) {
      out_.allocations_per_message = static_cast<double>(allocated) / messages;
    }
    return {};
  }

  Result<void> take(const std::vector<SignalMessage>& batch) {
    feed(batch);
    return check();
  }

  void feed(const std::vector<SignalMessage>& batch) {
    const std::int64_t begin_ns = thread_cpu_ns();
    for (std::size_t at = 0; at < batch.size(); at += kStep) {
      const std::size_t end = std::min(at + kStep, batch.size());
      now_ns_ = batch[at].time_ns;
      answer();
      plane_->advance(now_ns_);
      for (std::size_t i = at; i < end; ++i) plane_->on_message(batch[i]);
      plane_->advance(now_ns_);
    }
    plane_ns_ += thread_cpu_ns() - begin_ns;
  }

  void answer() {
    if (!sink_.has_answers()) return;
    const std::int64_t begin_ns = thread_cpu_ns();
    sink_.make_reports(now_ns_);  // workers do that, not the call plane
    const std::int64_t made_ns = thread_cpu_ns();
    sink_.report(*plane_);
    plane_ns_ -= made_ns - begin_ns;
    report_ns_ += thread_cpu_ns() - made_ns;
  }

  Result<void> check() {
    seen_.resize(traffic_.truth().size());
    for (const CallRecord& record : sink_.records()) {
      if (record.final) TD_TRY(check(record));
    }
    sink_.clear();
    return {};
  }

  Result<void> check(const CallRecord& record) {
    std::uint32_t number = 0;
    std::from_chars(record.call_id.data(), record.call_id.data() + 8, number, 16);
    if (number >= seen_.size() || seen_[number]) return wrong(record, "came twice or from nowhere");
    seen_[number] = true;
    ++finals_;
    const CallsTraffic::Truth& truth = traffic_.truth()[number];
    if (call_outcome_name(record.outcome) != traffic::outcome_name(truth.outcome)) {
      return wrong(record, "has another outcome than was sent");
    }
    if (sum_of(record.sip_methods) + sum_of(record.sip_responses) != truth.messages) {
      return wrong(record, "has not all of its messages");
    }
    const std::size_t streams = truth.outcome == traffic::Outcome::kAnswered ? 2 : 0;
    if (record.media.size() != streams) return wrong(record, "has not its streams");
    return {};
  }

  static Result<void> wrong(const CallRecord& record, const char* why) {
    return make_error(ErrorCode::kCorrupt, "Call " + record.call_id + " " + why + ".");
  }

  Result<void> drain() {
    traffic_.drain();
    for (bool more = true; more;) {
      const std::vector<SignalMessage>& batch = traffic_.next(kBatch);
      more = !batch.empty();
      TD_TRY(take(batch));
    }
    for (const std::int64_t end_ns = now_ns_ + kDrainNs; now_ns_ < end_ns;) {
      now_ns_ += kNsPerSecond;
      answer();
      plane_->advance(now_ns_);
    }
    TD_TRY(check());
    if (finals_ != traffic_.truth().size() || plane_->open_call_count() != 0) {
      return make_error(ErrorCode::kCorrupt,
                        std::to_string(traffic_.truth().size() - finals_) + " calls never ended.");
    }
    const calls::CallPlaneFigures figures = plane_->figures();
    for (const auto& [reason, count] : figures.rejected) {
      if (count == 0) continue;
      return make_error(
          ErrorCode::kCorrupt,
          std::to_string(count) + " messages were rejected as " + std::string(reason) + ".");
    }
    std::uint64_t registrations = 0;
    for (const auto& [name, count] : figures.events) {
      if (name == "register" || name == "responses") registrations += count;
    }
    if (registrations == traffic_.registration_messages()) return {};
    return make_error(ErrorCode::kCorrupt,
                      std::to_string(registrations) + " messages of registrations were seen, " +
                          std::to_string(traffic_.registration_messages()) + " were sent.");
  }

  CallsOptions options_;
  CallsTraffic traffic_;
  CallsSink sink_;
  std::unique_ptr<calls::CallPlane> plane_;
  CallsResult out_;
  std::vector<bool> seen_;
  std::uint64_t finals_ = 0;
  std::int64_t now_ns_ = 0;
  std::int64_t plane_ns_ = 0;
  std::int64_t report_ns_ = 0;
};

}  // namespace

Result<CallsResult> run_calls_load(const CallsOptions& options) { return CallsRun(options).run(); }

}  // namespace tapdeck::load
