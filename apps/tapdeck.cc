// The program: hands the commands that need the engine to the command line.
#include <sys/resource.h>
#include <unistd.h>

#include "apps/bench.h"
#include "apps/ingest.h"
#include "apps/options.h"
#include "apps/run.h"
#include "control/cli/command_line.h"

// What jemalloc reads when it begins, before MALLOC_CONF:
// docs/adr/0012-jemalloc-for-the-program.md.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always";
}

namespace {

#ifdef __AVX2__
// Built for x86-64-v3.  On an older processor this says so before anything uses an instruction that
// it lacks: before the initialisers of shared libraries, too, for they use the templates that they
// share with this program as they were compiled here.
void require_processor() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("fma")) {
    return;
  }
  constexpr char kText[] =
      "tapdeck: this processor is too old: the program was built for x86-64-v3 (AVX2, BMI2, FMA;\n"
      "Intel since Haswell, AMD since Excavator). Build it with `meson setup -Dcpu=x86-64-v2`.\n";
  static_cast<void>(!::write(STDERR_FILENO, kText, sizeof kText - 1));
  ::_exit(1);
}

using Check = void (*)();
[[gnu::section(".preinit_array"), gnu::used]] const Check g_check = require_processor;
#endif

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
                                             .bench = {.worker = tapdeck::apps::bench_worker,
                                                       .capture = tapdeck::apps::bench_capture,
                                                       .calls = tapdeck::apps::bench_calls,
                                                       .record = tapdeck::apps::bench_record,
                                                       .store = tapdeck::apps::bench_store},
                                             .memory_mib = tapdeck::apps::live_memory_mib});
}
