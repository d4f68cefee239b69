#include "engine/capture/source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/capture/inflate.h"

namespace tapdeck::engine {
namespace {

class MemorySource final : public Source {
 public:
  explicit MemorySource(ByteView bytes) {
    window_ = bytes;
    ended_ = true;
  }

  [[nodiscard]] std::uint64_t bytes_total() const override { return window_.size(); }

 private:
  void fill(std::size_t) override {}
};

constexpr std::size_t kFileBlockBytes = 262'144;  // stays in the processor's cache

class FileSource final : public BufferedSource {
 public:
  // Owns the descriptor.
  FileSource(int file, std::uint64_t size)
      : BufferedSource(kFileBlockBytes), file_(file), size_(size), left_(size) {}

  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  ~FileSource() override { ::close(file_); }

  [[nodiscard]] std::uint64_t bytes_total() const override { return size_; }

 private:
  std::size_t read_some(MutableByteView room) override {
    if (left_ == 0) {
      ended_ = true;
      return 0;
    }
    const std::size_t wanted = std::min<std::uint64_t>(room.size(), left_);
    const ssize_t got = ::read(file_, room.data(), wanted);
    if (got > 0) {
      left_ -= static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
    if (got == 0) {
      fail("it was shortened while it was read, its rest is cut off");
    } else if (errno != EINTR) {
      fail(::strerrordesc_np(errno));
    }
    return 0;
  }

  const int file_;
  const std::uint64_t size_;
  std::uint64_t left_;
};

}  // namespace

void BufferedSource::fill(std::size_t count) {
  const std::size_t kept = window_.size() - at_;
  if (kept > 0) std::memmove(buffer_.data(), window_.data() + at_, kept);
  at_ = 0;
  const std::size_t wanted = std::max(count, block_bytes_);
  if (buffer_.size() < wanted) buffer_.resize(wanted);
  std::size_t held = kept;
  while (held < count && !ended_) {
    const std::size_t room = std::min(buffer_.size() - held, std::max(count - held, block_bytes_));
    held += read_some(MutableByteView(buffer_).subspan(held, room));
  }
  window_ = ByteView(buffer_).first(held);
}

std::unique_ptr<Source> make_memory_source(ByteView bytes) {
  return inflate_if_packed(std::make_unique<MemorySource>(bytes));
}

Result<std::unique_ptr<Source>> open_file_source(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const int saved = errno;
    const ErrorCode code = saved == ENOENT                     ? ErrorCode::kNotFound
                           : saved == EACCES || saved == EPERM ? ErrorCode::kPermission
                                                               : ErrorCode::kIo;
    return make_errno_error(code, "cannot open the capture " + path, saved);
  }

  struct stat status {};

  const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular || status.st_size == 0) {
    ::close(file);
    return make_error(ErrorCode::kInvalidArgument,
                      path + (regular ? " is empty" : " is no regular file"));
  }
  ::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
  return inflate_if_packed(
      std::make_unique<FileSource>(file, static_cast<std::uint64_t>(status.st_size)));
}

}  // namespace tapdeck::engine
