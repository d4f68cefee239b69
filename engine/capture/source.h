// The bytes under a capture reader, as a window that moves forward: a file, memory, or a
// decompressor.
// Threads: one owner.  Memory: a file and a decompressor have a buffer that grows to what was asked
// for and never holds the whole file, so that no bomb can fill the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tapdeck::engine {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // At least `count` bytes from the current position, without moving it, or fewer when the source
  // ends or fails before.  Valid until the next call.
  ByteView peek(std::size_t count) {
    if (window_.size() - at_ < count && !ended_) fill(count);
    return window_.subspan(at_);
  }

  // Precondition: the last peek() returned at least `count`.
  void skip(std::size_t count) {
    at_ += count;
    position_ += count;
  }

  // Offset in the (decompressed) file.
  [[nodiscard]] std::uint64_t position() const { return position_; }

  // Why the source ended before the end of its data; empty when it did not.
  [[nodiscard]] std::string_view failure() const { return failure_; }

  // Bytes of the underlying file consumed so far, and its size.
  [[nodiscard]] virtual std::uint64_t bytes_read() const { return position_; }

  [[nodiscard]] virtual std::uint64_t bytes_total() const = 0;

 protected:
  // Makes window_ from at_ on hold `count` bytes, or sets ended_ (and failure_).
  virtual void fill(std::size_t count) = 0;

  ByteView window_;
  std::size_t at_ = 0;
  std::uint64_t position_ = 0;
  bool ended_ = false;
  std::string_view failure_;  // a literal
};

// Holds what was read and not yet skipped.
class BufferedSource : public Source {
 protected:
  explicit BufferedSource(std::size_t block_bytes) : block_bytes_(block_bytes) {}

  // Writes into `room`; returns how much.  May set ended_ (and failure_).
  virtual std::size_t read_some(MutableByteView room) = 0;

  void fail(std::string_view why) {
    failure_ = why;
    ended_ = true;
  }

 private:
  void fill(std::size_t count) final;

  const std::size_t block_bytes_;  // read at a time, where no more is asked for
  std::vector<std::uint8_t> buffer_;
};

// Bytes that outlive the source, decompressed when they are gzip or zstd.
std::unique_ptr<Source> make_memory_source(ByteView bytes);

// A regular file, likewise: as long as it is now.  It is read, not mapped, so that one that is cut
// meanwhile fails where it ends, and no byte is taken that it does not hold.
Result<std::unique_ptr<Source>> open_file_source(const std::string& path);

}  // namespace tapdeck::engine
