// The command line: parses `tapdeck [--config FILE] [--store DIR] COMMAND [options]`, runs the
// command and returns the exit status of INTERFACES: 0 done, 1 failed, 2 wrong usage, 3 done but
// something asked for was skipped.  Results go to stdout, logs and progress to stderr.
// Bodies that need the engine (`ingest`, `run`, `bench`) are injected by apps/.
// Threads: the main thread.  Memory: whatever the command takes; never called on a worker.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "control/cli/bench_requests.h"

namespace tapdeck::control {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitSkipped = 3;

// The options that every command takes.
struct GlobalOptions {
  std::string config_file;      // --config; empty: defaults, without a file
  std::string store_directory;  // --store; empty: what the configuration says
};

struct IngestRequest {
  GlobalOptions global;
  std::vector<std::string> files;  // as given, at least one
  std::uint32_t queue_count = 1;   // 1..16
  std::string retention_class = "imported";
  bool json = false;     // summary as one JSON object
  bool streams = false;  // the summary lists every RTP stream seen
};

struct RunRequest {
  GlobalOptions global;
};

// Each returns the exit status of its command and has told what went wrong on stderr.
struct CommandBodies {
  std::function<int(const IngestRequest&)> ingest;
  std::function<int(const RunRequest&)> run;
  BenchBodies bench;
  // What `run` would want of hugepages, in MiB.
  std::function<std::uint32_t(const config::Config&)> memory_mib;
};

int run_command_line(int argc, char** argv, const CommandBodies& bodies);

}  // namespace tapdeck::control
