#include "storage/files.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace tapdeck::storage {

std::size_t read_up_to(int file, MutableByteView to, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < to.size()) {
    errno = 0;
    const ssize_t got =
        pread(file, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

bool read_fully(int file, MutableByteView to, std::uint64_t offset) {
  return read_up_to(file, to, offset) == to.size();
}

bool write_fully(int file, ByteView from, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < from.size()) {
    const ssize_t put =
        pwrite(file, from.data() + done, from.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    done += static_cast<std::size_t>(put);
  }
  return true;
}

Result<void> sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || fsync(directory.get()) != 0) {
    return make_errno_error(ErrorCode::kIo, "The directory " + path + " cannot be synced", errno);
  }
  return {};
}

Result<void> write_file_durably(const std::string& path, ByteView bytes, mode_t mode) {
  const std::string beside = path + ".new";
  const Descriptor file(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file.valid() || fchmod(file.get(), mode) != 0 || !write_fully(file.get(), bytes, 0) ||
      fsync(file.get()) != 0 || rename(beside.c_str(), path.c_str()) != 0) {
    const int cause = errno;
    unlink(beside.c_str());
    return make_errno_error(ErrorCode::kIo, "The file " + path + " cannot be written", cause);
  }
  const std::size_t slash = path.rfind('/');
  return sync_directory(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

Result<void> make_directories(const std::string& path) {
  std::size_t at = 0;
  while (at != std::string::npos) {
    at = path.find('/', at + 1);
    const std::string part = path.substr(0, at);
    if (mkdir(part.c_str(), 0700) == 0) {
      const std::size_t slash = part.rfind('/');
      TD_TRY(sync_directory(slash == std::string::npos ? "." : part.substr(0, slash + 1)));
    } else if (errno != EEXIST) {
      return make_errno_error(ErrorCode::kIo, "The directory " + part + " cannot be made", errno);
    }
  }
  return {};
}

}  // namespace tapdeck::storage
