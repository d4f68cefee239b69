#include "engine/capture/source.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "engine/capture/inflate.h"

namespace tapdeck::engine {
namespace {

class MemorySource final : public Source {
 public:
  explicit MemorySource(ByteView bytes) {
    window_ = bytes;
    ended_ = true;
    lasting_ = true;
  }

  [[nodiscard]] std::uint64_t bytes_total() const override { return window_.size(); }

 private:
  void fill(std::size_t) override {}
};

// Keeps the mapping of a file alive beneath the source that reads it.
class MappedFile {
 public:
  MappedFile(void* at, std::size_t size) : at_(at), size_(size) {}

  MappedFile(MappedFile&& other) noexcept
      : at_(std::exchange(other.at_, nullptr)), size_(std::exchange(other.size_, 0)) {}

  MappedFile& operator=(MappedFile&&) = delete;

  ~MappedFile() {
    if (at_ != nullptr) ::munmap(at_, size_);
  }

  [[nodiscard]] ByteView view() const { return {static_cast<const std::uint8_t*>(at_), size_}; }

 private:
  void* at_;
  std::size_t size_;
};

class MappedSource final : public Source {
 public:
  explicit MappedSource(MappedFile file)
      : file_(std::move(file)), inner_(make_memory_source(file_.view())) {
    lasting_ = inner_->is_lasting();
    refresh(0);
  }

  [[nodiscard]] std::uint64_t bytes_read() const override { return inner_->bytes_read(); }

  [[nodiscard]] std::uint64_t bytes_total() const override { return inner_->bytes_total(); }

 private:
  void fill(std::size_t count) override {
    inner_->skip(at_);
    refresh(count);
    ended_ = window_.size() < count;
  }

  // The inner source's window is this one's: peek() then costs no virtual call.
  void refresh(std::size_t count) {
    window_ = inner_->peek(count);
    at_ = 0;
    failure_ = inner_->failure();
  }

  MappedFile file_;
  std::unique_ptr<Source> inner_;
};

}  // namespace

std::unique_ptr<Source> make_memory_source(ByteView bytes) {
  std::unique_ptr<Source> source = make_inflating_source(bytes);
  if (source == nullptr) source = std::make_unique<MemorySource>(bytes);
  return source;
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
  const auto size = static_cast<std::size_t>(status.st_size);
  void* at = nullptr;
  int map_errno = 0;
  if (regular && size > 0) {
    at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    map_errno = errno;
  }
  ::close(file);
  if (!regular) {
    return make_error(ErrorCode::kInvalidArgument, path + " is no regular file");
  }
  if (size == 0) return make_error(ErrorCode::kInvalidArgument, path + " is empty");
  if (at == MAP_FAILED) {
    return make_errno_error(ErrorCode::kIo, "cannot map the capture " + path, map_errno);
  }
  ::madvise(at, size, MADV_SEQUENTIAL);
  return std::unique_ptr<Source>(std::make_unique<MappedSource>(MappedFile(at, size)));
}

}  // namespace tapdeck::engine
