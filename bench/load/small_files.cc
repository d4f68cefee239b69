#include "bench/load/small_files.h"

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

#include "base/clock.h"
#include "bench/load/disk_directory.h"
#include "storage/files.h"

namespace tapdeck::load {
namespace {

constexpr std::uint64_t kFilesInDirectory = 10'000;

std::string directory_of(const std::string& parent, std::uint64_t file) {
  return parent + "/" + std::to_string(file / kFilesInDirectory);
}

std::string path_of(const std::string& parent, std::uint64_t file) {
  char name[32];
  std::snprintf(name, sizeof name, "/%016llx.wav", static_cast<unsigned long long>(file));
  return directory_of(parent, file) + name;
}

Result<void> make_files(const std::string& parent, std::uint64_t files, std::size_t bytes) {
  const std::vector<std::uint8_t> content(bytes, 0x5a);
  for (std::uint64_t file = 0; file < files; ++file) {
    if (file % kFilesInDirectory == 0) {
      TD_TRY(storage::make_directories(directory_of(parent, file)));
    }
    const std::string path = path_of(parent, file);
    const storage::Descriptor made(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made.valid() || !storage::write_fully(made.get(), content, 0)) {
      return make_errno_error(ErrorCode::kIo, path + " cannot be written", errno);
    }
  }
  ::sync();  // as files are that expire after weeks
  return {};
}

Result<void> unlink_files(const std::string& parent, std::uint64_t files) {
  for (std::uint64_t file = 0; file < files; ++file) {
    const std::string path = path_of(parent, file);
    if (::unlink(path.c_str()) != 0) {
      return make_errno_error(ErrorCode::kIo, path + " cannot be removed", errno);
    }
    const bool last = file + 1 == files || (file + 1) % kFilesInDirectory == 0;
    if (last) TD_TRY(storage::sync_directory(directory_of(parent, file)));
  }
  return {};
}

}  // namespace

Result<SmallFiles> measure_small_files(const std::string& directory,
                                       std::uint64_t files,
                                       std::size_t bytes) {
  SmallFiles found;
  std::int64_t begin_ns = monotonic_now_ns();
  TD_TRY(make_files(directory, files, bytes));
  found.make_seconds = seconds_since(begin_ns);
  begin_ns = monotonic_now_ns();
  const std::clock_t cpu = std::clock();
  TD_TRY(unlink_files(directory, files));
  found.unlink_cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  found.unlink_seconds = seconds_since(begin_ns);
  for (std::uint64_t file = 0; file < files; file += kFilesInDirectory) {
    ::rmdir(directory_of(directory, file).c_str());
  }
  ::rmdir(directory.c_str());
  return found;
}

}  // namespace tapdeck::load
