// The bytes under a capture reader, as a window that moves forward: a mapped file, memory, or a
// decompressor.
// Threads: one owner.  Memory: mapped files and memory need none; a decompressor has a buffer that
// grows to what was asked for and never holds the whole file, so that no bomb can fill the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

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

  // What peek() returned stays where it is for as long as the source lives.
  [[nodiscard]] bool is_lasting() const { return lasting_; }

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
  bool lasting_ = false;
  std::string_view failure_;  // a literal
};

// Bytes that outlive the source, decompressed when they are gzip or zstd.
std::unique_ptr<Source> make_memory_source(ByteView bytes);

// A file, likewise.  Regular files are mapped; one that shrinks meanwhile ends the process
// (SIGBUS), as with every reader that maps.  Pipes are not supported.
Result<std::unique_ptr<Source>> open_file_source(const std::string& path);

}  // namespace tapdeck::engine
