#include "engine/eal.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

namespace tapdeck::engine {
namespace {

constexpr std::string_view kDefaultPrefix = "tapdeck-";  // then the process id

// Free hugepages of all sizes, in MiB.
std::uint64_t free_hugepage_mib() {
  std::uint64_t total_kib = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", error)) {
    const std::string name = entry.path().filename().string();  // hugepages-2048kB
    const std::size_t dash = name.find('-');
    if (dash == std::string::npos) continue;
    const std::uint64_t kib = std::strtoull(name.c_str() + dash + 1, nullptr, 10);
    std::ifstream file(entry.path() / "free_hugepages");
    std::uint64_t count = 0;
    if (file >> count) total_kib += count * kib;
  }
  return total_kib / 1'024;
}

// "(0,1,2)@(0,3)": the lcores share all allowed CPUs, so that nothing is pinned.
std::string floating_lcores(std::uint16_t worker_count) {
  std::string ids = "0";
  for (unsigned i = 1; i <= worker_count; ++i) ids += ',' + std::to_string(i);
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::string cpus;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) cpus += (cpus.empty() ? "" : ",") + std::to_string(cpu);
    }
  }
  if (cpus.empty()) cpus = "0";
  return '(' + ids + ")@(" + cpus + ')';
}

std::vector<std::string> build_arguments(const EalOptions& options,
                                         const std::string& file_prefix,
                                         bool hugepages) {
  std::vector<std::string> arguments = {"tapdeck",
                                        "--no-telemetry",
                                        "--file-prefix=" + file_prefix,
                                        "--log-level=" + std::to_string(options.log_level),
                                        "--lcores"};
  arguments.push_back(options.lcores.empty() ? floating_lcores(options.worker_count)
                                             : options.lcores);
  if (hugepages) {
    arguments.emplace_back("--in-memory");
  } else {
    const std::uint32_t heap_mib = options.heap_mib == 0 ? options.memory_mib : options.heap_mib;
    arguments.insert(arguments.end(), {"--no-huge", "-m", std::to_string(heap_mib)});
  }
  if (options.pci.empty()) arguments.emplace_back("--no-pci");
  for (const std::string& address : options.pci) {
    arguments.insert(arguments.end(), {"-a", address});
  }
  for (const std::string& vdev : options.vdevs) arguments.push_back("--vdev=" + vdev);
  return arguments;
}

// DPDK prints its usage on stdout when it dislikes an argument; stdout is for results.
int start_with_stdout_on_stderr(std::vector<char*>& argv) {
  std::fflush(stdout);
  const int kept = dup(STDOUT_FILENO);
  if (kept >= 0) dup2(STDERR_FILENO, STDOUT_FILENO);
  const int code = rte_eal_init(static_cast<int>(argv.size()) - 1, argv.data());
  const int reason = rte_errno;
  std::fflush(stdout);
  if (kept >= 0) {
    dup2(kept, STDOUT_FILENO);
    close(kept);
  }
  rte_errno = reason;
  return code;
}

// Where DPDK may have put its runtime directories.
std::vector<std::string> runtime_bases() {
  std::vector<std::string> bases = {"/var/run/dpdk", "/tmp/dpdk"};
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR")) {
    bases.push_back(std::string(runtime) + "/dpdk");
  }
  return bases;
}

// A directory whose owner no longer runs: no such process, and nobody holds DPDK's lock (the
// process may be one of another PID namespace).
bool is_abandoned(const std::filesystem::path& directory) {
  const std::string name = directory.filename().string();
  if (name.rfind(kDefaultPrefix, 0) != 0) return false;
  char* end = nullptr;
  const long pid = std::strtol(name.c_str() + kDefaultPrefix.size(), &end, 10);
  if (pid <= 0 || *end != '\0' || kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH) {
    return false;
  }
  const int file = open((directory / "config").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return false;

  struct flock lock {};

  lock.l_type = F_WRLCK;
  const bool is_free = fcntl(file, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
  close(file);
  return is_free;
}

// What killed processes could not remove themselves: some MiB of memory each.
void remove_abandoned_runtime_files() {
  for (const std::string& base : runtime_bases()) {
    std::error_code error;
    std::vector<std::filesystem::path> abandoned;
    for (const auto& entry : std::filesystem::directory_iterator(base, error)) {
      if (is_abandoned(entry.path())) abandoned.push_back(entry.path());
    }
    for (const auto& path : abandoned) std::filesystem::remove_all(path, error);
  }
}

void remove_runtime_files(const std::string& file_prefix) {
  for (const std::string& base : runtime_bases()) {
    std::error_code error;
    // Not `base` itself, empty or not: another process may be about to make its own in it.
    std::filesystem::remove_all(base + '/' + file_prefix, error);
  }
}

}  // namespace

Result<Eal> Eal::start(const EalOptions& options) {
  Eal eal;
  const std::uint64_t free_mib = free_hugepage_mib();
  const std::string found = std::to_string(free_mib) + " MiB of hugepages are free";
  const std::string needed = std::to_string(options.memory_mib) + " MiB are needed";
  if (options.hugepages == HugepageUse::kNo) {
    eal.explanation_ = "no hugepages, as configured";
  } else if (options.hugepages == HugepageUse::kYes || free_mib >= options.memory_mib) {
    if (free_mib == 0) {
      return make_error(ErrorCode::kResources,
                        "Hugepages are configured, but none are free; reserve some with "
                        "`sysctl vm.nr_hugepages=N`, or set hugepages to auto or no.");
    }
    eal.hugepages_ = true;
    eal.explanation_ = "hugepages: " + found;
  } else {
    eal.explanation_ = "no hugepages: " + found + ", " + needed;
  }
  eal.file_prefix_ = options.file_prefix.empty()
                         ? std::string(kDefaultPrefix) + std::to_string(getpid())
                         : options.file_prefix;
  remove_abandoned_runtime_files();

  rte_openlog_stream(stderr);
  const std::vector<std::string> arguments =
      build_arguments(options, eal.file_prefix_, eal.hugepages_);
  std::vector<std::string> copies = arguments;  // rte_eal_init() wants them writable
  std::vector<char*> argv;
  for (std::string& copy : copies) argv.push_back(copy.data());
  argv.push_back(nullptr);
  if (start_with_stdout_on_stderr(argv) < 0) {
    const int code = rte_errno;
    remove_runtime_files(eal.file_prefix_);
    Error error = make_errno_error(
        ErrorCode::kResources, "DPDK did not start (" + eal.explanation_ + ")", code);
    return error;
  }
  eal.started_ = true;
  return eal;
}

Eal::Eal(Eal&& other) noexcept
    : started_(std::exchange(other.started_, false)),
      hugepages_(other.hugepages_),
      file_prefix_(std::move(other.file_prefix_)),
      explanation_(std::move(other.explanation_)) {}

Eal::~Eal() { stop(); }

void Eal::stop() {
  if (!std::exchange(started_, false)) return;
  rte_eal_cleanup();
  remove_runtime_files(file_prefix_);
}

}  // namespace tapdeck::engine
