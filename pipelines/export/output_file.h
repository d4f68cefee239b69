// A file of known size that is filled through memory and appears under its name only when it is
// complete: temporary name, mode 0600, synced, renamed.  Unpublished, it vanishes with the object.
// Threads: one.  Memory: the mapping, paged by the kernel; the space is allocated beforehand, so
// that a full disk is an Error here (kResources) and never a fault while writing.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "pipelines/export/export.h"

namespace tapdeck::exports {

class OutputFile {
 public:
  static Result<OutputFile> create(const std::string& path, std::size_t size);  // zeroes; size > 0
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  OutputFile& operator=(OutputFile&&) = delete;

  [[nodiscard]] MutableByteView bytes() const { return bytes_; }

  // Sets path, bytes and sha256.
  Result<ExportedFile> publish();

 private:
  OutputFile() = default;

  std::string path_;
  std::string temporary_;  // empty: published or moved from
  int file_ = -1;
  MutableByteView bytes_;
};

}  // namespace tapdeck::exports
