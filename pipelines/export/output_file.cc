#include "pipelines/export/output_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "base/assert.h"
#include "storage/crypto.h"

namespace tapdeck::exports {

Result<OutputFile> OutputFile::create(const std::string& path, std::size_t size) {
  TD_ASSERT(size > 0);
  OutputFile file;
  file.path_ = path;
  std::string name = path + ".part-XXXXXX";
  file.file_ = ::mkostemp(name.data(), O_CLOEXEC);  // mode 0600
  if (file.file_ < 0) return make_errno_error(ErrorCode::kIo, "Making " + name, errno);
  file.temporary_ = name;
  const int failed = ::posix_fallocate(file.file_, 0, static_cast<off_t>(size));
  if (failed != 0) {
    return make_errno_error(ErrorCode::kResources, "Allocating space for " + path, failed);
  }
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.file_, 0);
  if (at == MAP_FAILED) return make_errno_error(ErrorCode::kResources, "Mapping " + path, errno);
  file.bytes_ = {static_cast<std::uint8_t*>(at), size};
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::exchange(other.file_, -1)),
      bytes_(std::exchange(other.bytes_, {})) {}

OutputFile::~OutputFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<ExportedFile> OutputFile::publish() {
  ExportedFile exported;
  exported.path = path_;
  exported.bytes = bytes_.size();
  exported.sha256 = storage::to_hex(storage::sha256(bytes_));
  if (::msync(bytes_.data(), bytes_.size(), MS_SYNC) != 0 || ::fsync(file_) != 0) {
    return make_errno_error(ErrorCode::kIo, "Writing " + path_, errno);
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return make_errno_error(ErrorCode::kIo, "Naming " + path_, errno);
  }
  temporary_.clear();
  return exported;
}

}  // namespace tapdeck::exports
