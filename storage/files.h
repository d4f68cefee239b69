// Small helpers over POSIX files that several storage files need: an owning descriptor, whole
// reads, durable small files. Threads: any.  Memory: none.  Failing: false or Result, errno as the
// system set it.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace tapdeck::storage {

class Descriptor {
 public:
  explicit Descriptor(int file = -1) : file_(file) {}

  Descriptor(Descriptor&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      file_ = std::exchange(other.file_, -1);
    }
    return *this;
  }

  ~Descriptor() { reset(); }

  [[nodiscard]] int get() const { return file_; }

  [[nodiscard]] bool valid() const { return file_ >= 0; }

  void reset() {
    if (file_ >= 0) ::close(std::exchange(file_, -1));
  }

 private:
  int file_;
};

// All of `to` from `offset`; false at a short file (errno 0) or an error.
bool read_fully(int file, MutableByteView to, std::uint64_t offset);

// As much of `to` as the file has from `offset`.
std::size_t read_up_to(int file, MutableByteView to, std::uint64_t offset);

bool write_fully(int file, ByteView from, std::uint64_t offset);

// Writes beside `path`, syncs, renames into place, syncs the directory.  kAlreadyExists is not
// checked: the new file replaces an old one.
Result<void> write_file_durably(const std::string& path, ByteView bytes, mode_t mode);

Result<void> sync_directory(const std::string& path);

// mkdir -p with mode 0700, parents synced.
Result<void> make_directories(const std::string& path);

}  // namespace tapdeck::storage
