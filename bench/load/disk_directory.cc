#include "bench/load/disk_directory.h"

#include <cerrno>
#include <filesystem>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/clock.h"
#include "control/doctor/backing.h"

namespace tapdeck::load {

Result<void> check_disk_directory(const std::string& directory) {
  struct statfs found {};

  if (::statfs(directory.c_str(), &found) != 0) {
    return make_errno_error(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                            directory + " cannot be used",
                            errno);
  }
  const control::Backing backing = control::backing_of(directory, control::HostFiles());
  if (backing.in_memory || found.f_type == TMPFS_MAGIC || found.f_type == RAMFS_MAGIC) {
    return make_error(ErrorCode::kInvalidArgument,
                      directory + " is memory (" +
                          (backing.chain.empty() ? "tmpfs" : backing.chain) +
                          "), not a disk: name a directory on one.");
  }
  return {};
}

std::uint64_t bytes_below(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, ignored)) {
    if (entry.is_regular_file(ignored)) bytes += entry.file_size(ignored);
  }
  return bytes;
}

double seconds_since(std::int64_t begin_ns) {
  return static_cast<double>(monotonic_now_ns() - begin_ns) / kNsPerSecond;
}

}  // namespace tapdeck::load
