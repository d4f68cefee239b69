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
  std::uint16_t workers = 1;               // at once
  double seconds = 2;                      // of each worker's time, for each row
  std::vector<std::uint32_t> rules = {0};  // of a policy that decides; one row for each
  bool floors = true;
};

struct BenchCallsRequest {
  BenchOutput output;
  std::vector<std::uint32_t> open_calls = {1'000, 10'000, 100'000};
  double calls_per_second = 20'000;    // of simulated time
  double seconds = 3;                  // of the call plane's time, for each row
  std::vector<std::uint32_t> rules{};  // of a policy; one row for each; none: no normalisation
};

enum class BenchMode { kSearch, kRamp, kSoak, kOverload };

struct BenchCaptureRequest {
  BenchOutput output;
  BenchMode mode = BenchMode::kSearch;
  std::vector<std::string> interfaces{};  // sender and receiver, or none
  std::vector<std::string> ports{};       // likewise, of DPDK's
  std::uint32_t streams = 0;              // 0: as many as suit the way of the packets
  std::uint16_t workers = 1;
  std::uint32_t descriptors = 4'096;  // a power of two
  std::string lcores{};
  double seconds = 5;  // of a trial
  double least_mpps = 0.02;
  double most_mpps = 12;
  double rate_mpps = 0;  // of the soak; of an overload: known to pass, 0: nothing is known
  double factor = 3;     // of the overload, of what the capture takes
  double resolution_pct = 1;
  std::uint32_t steps = 10;  // of the ramp
  std::uint32_t rules = 0;   // of a policy that decides
  double progress_s = 10;    // of the soak
};

struct BenchRecordRequest {
  BenchOutput output;
  std::string directory{};  // for a store that is made and removed
  std::vector<std::uint32_t> streams = {100'000};
  double seconds = 8;        // for each row
  double mpps = 0;           // 0: as many as are taken
  double stall_s = 0;        // the writer stands still so long; with a rate
  bool writer_only = false;  // chunks made beforehand
  bool limits = true;        // fio and openssl, too
};

struct BenchStoreRequest {
  BenchOutput output;
  std::string directory{};  // for a store that is made and removed
  std::uint64_t calls = 1'000'000;
  double days = 3;
  std::uint32_t page_calls = 50;
};

// Each returns the exit status of its command and has told what went wrong on stderr.
struct BenchBodies {
  std::function<int(const BenchWorkerRequest&)> worker;
  std::function<int(const BenchCaptureRequest&)> capture;
  std::function<int(const BenchCallsRequest&)> calls;
  std::function<int(const BenchRecordRequest&)> record;
  std::function<int(const BenchStoreRequest&)> store;
};

}  // namespace tapdeck::control
