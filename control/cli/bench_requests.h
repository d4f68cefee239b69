// What the commands below `tapdeck bench` are asked for.  Their bodies are in apps/bench_*.cc, and
// what they run in bench/load/.
// Threads: plain values.  Memory: strings.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tapdeck::control {

// Every bench takes these.
struct BenchOutput {
  bool json = false;  // one object on one line, instead of the table
  bool csv = false;   // the rows
  std::string svg_file{};
  bool hugepages = true;  // take them when there are any
};

struct BenchWorkerRequest {
  BenchOutput output;
  std::vector<std::uint32_t> streams = {1'000, 10'000, 100'000, 500'000};
  double seconds = 2;  // of each worker's time, for each row
  bool floors = true;
};

// Each returns the exit status of its command and has told what went wrong on stderr.
struct BenchBodies {
  std::function<int(const BenchWorkerRequest&)> worker;
};

}  // namespace tapdeck::control
