#include <optional>
#include <string>
#include <vector>

#include "apps/bench.h"
#include "apps/bench_output.h"
#include "bench/load/calls_load.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kCallsMemoryMib = 64;  // DPDK's own; nothing else is taken from it

std::vector<report::Column> columns(const load::CallsResult& like) {
  std::vector<report::Column> out = {{"talking", "talking"},
                                     {"rules", "rules"},
                                     {"open_calls", "open"},
                                     {"messages_per_s", "messages/s", 0},
                                     {"calls_per_s", "calls/s", 0},
                                     {"us_per_call", "us a call", 2},
                                     {"message_ns", "message ns", 0},
                                     {"reports_us_per_call", "reports us", 2},
                                     {"open_call_bytes", "bytes open"},
                                     {"generator_ns", "generator ns", 0}};
  for (const load::CallsStage& stage : like.stages) {
    out.push_back({std::string(stage.name) + "_ns", std::string(stage.name) + " ns", 0});
  }
  return out;
}

constexpr std::size_t kBytesColumn = 8;

std::vector<report::Value> row(std::uint32_t talking,
                               const std::optional<std::uint32_t>& rules,
                               const load::CallsResult& found,
                               bool is_first) {
  std::vector<report::Value> out = {std::uint64_t{talking},
                                    report::Value{},
                                    found.open_calls,
                                    found.messages_per_second,
                                    found.calls_per_second,
                                    found.us_per_call,
                                    found.ns_per_message,
                                    found.reports_us_per_call,
                                    report::Value{},
                                    found.generator_ns_per_message};
  if (rules) out[1] = std::uint64_t{*rules};
  // Later loads use the memory of earlier ones again.
  if (is_first) out[kBytesColumn] = found.bytes_per_open_call;
  for (const load::CallsStage& stage : found.stages) out.emplace_back(stage.ns_per_message);
  return out;
}

}  // namespace

int bench_calls(const control::BenchCallsRequest& request) {
  const auto eal =
      engine::Eal::start({.hugepages = engine::HugepageUse::kNo, .memory_mib = kCallsMemoryMib});
  if (!eal) return bench_failed(eal.error());
  report::Report out = start_report("calls", *eal);
  out.simulated = {
      "No workers: messages come in batches of 64 and each release is answered at once.",
      "No disk: records and messages to keep are checked and thrown away.",
      "Time runs at the given rate of calls, however fast the call plane is."};
  std::vector<std::optional<std::uint32_t>> policies(request.rules.begin(), request.rules.end());
  if (policies.empty()) policies.emplace_back();
  RulesRatio ratio;
  for (const std::uint32_t talking : request.open_calls) {
    for (const std::optional<std::uint32_t>& rules : policies) {
      const Result<load::CallsResult> found =
          load::run_calls_load({.open_calls = talking,
                                .calls_per_second = request.calls_per_second,
                                .seconds = request.seconds,
                                .rules = rules});
      if (!found) return bench_failed(found.error());
      if (out.columns.empty()) out.columns = columns(*found);
      out.rows.push_back(row(talking, rules, *found, out.rows.empty()));
      if (rules) ratio.add(talking, *rules, found->us_per_call);
    }
  }
  ratio.tell("us a call with most rules / with fewest", out);
  return print_report(request.output, wanted_of_host(1, nullptr), out);
}

}  // namespace tapdeck::apps
