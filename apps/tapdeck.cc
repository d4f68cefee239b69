// The program: hands the commands that need the engine to the command line.
#include <sys/resource.h>

#include "apps/bench.h"
#include "apps/ingest.h"
#include "apps/run.h"
#include "control/cli/command_line.h"

namespace {

// A store keeps each of its key files open; the soft limit that programs start with is for those
// that use select().
void raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

}  // namespace

int main(int argc, char** argv) {
  raise_open_files();
  return tapdeck::control::run_command_line(argc,
                                            argv,
                                            {.ingest = tapdeck::apps::ingest,
                                             .run = tapdeck::apps::run,
                                             .bench = {.worker = tapdeck::apps::bench_worker}});
}
