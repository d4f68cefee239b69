// The call plane under a load that no cache holds.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "bench/load/calls_load.h"
#include "bench/micro/allocations.h"

int main(int argc, char** argv) {
  tapdeck::load::CallsOptions options;
  options.allocations = &tapdeck::bench::allocations;
  CLI::App app("The call plane alone on a core.");
  app.add_option("--open", options.open_calls, "Calls that are open all the time");
  app.add_option("--rate", options.calls_per_second, "New calls per second of simulated time");
  app.add_option("--registrations", options.registrations_per_call, "For each call");
  app.add_option("--seconds", options.seconds, "Of the call plane's time");
  app.add_option("--seed", options.seed, "Of the generator");
  CLI11_PARSE(app, argc, argv);
  const auto result = tapdeck::load::run_calls_load(options);
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    return 1;
  }
  std::printf(
      "open %llu (%llu bytes each), %.0f messages/s, %.0f calls/s, %.2f us/call, "
      "%.0f ns/message, %.1f allocations/message; reports %.2f us/call, generator %.0f ns\n",
      static_cast<unsigned long long>(result->open_calls),
      static_cast<unsigned long long>(result->bytes_per_open_call),
      result->messages_per_second,
      result->calls_per_second,
      result->us_per_call,
      result->ns_per_message,
      result->allocations_per_message,
      result->reports_us_per_call,
      result->generator_ns_per_message);
  for (const auto& stage : result->stages) {
    std::printf("  %-8s %6.0f ns/message\n", std::string(stage.name).c_str(), stage.ns_per_message);
  }
  return 0;
}
