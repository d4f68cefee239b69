// Shifts the wall clock of a program that runs with this library in LD_PRELOAD: by as many
// nanoseconds as stand in the 8 bytes (little endian, signed) of the file that
// TAPDECK_CLOCK_SHIFT names.  The file is looked at with every reading, so that the clock jumps
// when it is overwritten.  Other clocks are left alone.
// Threads: any.  Memory: one page.  Failing: where there is no such file, the clock is the host's.
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

constexpr std::int64_t kNsPerS = 1'000'000'000;

using Reading = int (*)(clockid_t, timespec*);

const std::int64_t* map_shift() {
  static const std::int64_t none = 0;
  const char* path = std::getenv("TAPDECK_CLOCK_SHIFT");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return &none;
  void* page = mmap(nullptr, sizeof none, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return page == MAP_FAILED ? &none : static_cast<const std::int64_t*>(page);
}

int read_shifted(clockid_t clock, timespec* time) {
  static const auto real = reinterpret_cast<Reading>(dlsym(RTLD_NEXT, "clock_gettime"));
  static const std::int64_t* const shift = map_shift();
  const int status = real(clock, time);
  if (status != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return status;
  const std::int64_t ns = std::int64_t{time->tv_sec} * kNsPerS + time->tv_nsec +
                          __atomic_load_n(shift, __ATOMIC_RELAXED);
  time->tv_sec = ns / kNsPerS;
  time->tv_nsec = ns % kNsPerS;
  return status;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept { return read_shifted(clock, time); }

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  if (read_shifted(CLOCK_REALTIME, &now) != 0) return -1;
  *time = {now.tv_sec, now.tv_nsec / 1'000};
  return 0;
}

std::time_t time(std::time_t* to) noexcept {
  timespec now{};
  read_shifted(CLOCK_REALTIME, &now);
  if (to != nullptr) *to = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
