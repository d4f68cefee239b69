// `tapdeck bench`: runs what stands in bench/load, and prints what it found (bench/report).  One
// function and one file for each bench: bench_capture.cc, bench_worker.cc, bench_calls.cc.
// Threads: the caller's, and those of the harness.  Memory: the harness's.  Errors: told on stderr;
// the exit status is 1 when something failed or what was recorded is not what was sent.
#pragma once

#include "control/cli/command_line.h"

namespace tapdeck::apps {

int bench_capture(const control::BenchCaptureRequest& request);
int bench_worker(const control::BenchWorkerRequest& request);
int bench_calls(const control::BenchCallsRequest& request);
int bench_record(const control::BenchRecordRequest& request);
int bench_store(const control::BenchStoreRequest& request);

}  // namespace tapdeck::apps
