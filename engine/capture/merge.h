// Several capture files as one sequence by time: the earliest of the readers' next packets goes
// first, and of equal times that of the earlier file.  A file's own order is never changed, even
// where its times run backwards; wild time stamps are left out of it (engine/capture/lookahead.h).
// Threads: one owner.  Memory: a heap with one entry per file, made in the constructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/capture/lookahead.h"

namespace tapdeck::engine {

class CaptureMerge {
 public:
  explicit CaptureMerge(std::vector<std::unique_ptr<CaptureReader>> readers);

  // The next packet, valid until the next call.  kEnd when every file has stopped; how each one
  // stopped is in verdict_of().
  ReadVerdict next(CapturedPacket& packet);

  // The earliest time with which a file begins, for timers; known after the first next(),
  // INT64_MAX when no file tells one.
  [[nodiscard]] std::int64_t clock_start_ns() const;

  // The file of the packet that next() returned last.
  [[nodiscard]] std::size_t current_file() const { return current_; }

  [[nodiscard]] std::size_t file_count() const { return files_.size(); }

  [[nodiscard]] const CaptureReader& reader(std::size_t file) const {
    return files_[file].ahead.reader();
  }

  // kPacket while the file goes on.
  [[nodiscard]] ReadVerdict verdict_of(std::size_t file) const { return files_[file].verdict; }

  [[nodiscard]] std::uint64_t packets_of(std::size_t file) const { return files_[file].packets; }

  // As Lookahead says.
  [[nodiscard]] std::uint64_t late_packets_of(std::size_t file) const {
    return files_[file].ahead.late_packets();
  }

  // Of all files together: for progress.
  [[nodiscard]] std::uint64_t bytes_read() const;
  [[nodiscard]] std::uint64_t bytes_total() const;

 private:
  struct File {
    Lookahead ahead;
    CapturedPacket head;
    ReadVerdict verdict = ReadVerdict::kPacket;
    std::uint64_t packets = 0;  // delivered
  };

  void advance(std::size_t file);
  void push(std::size_t file);
  bool pop();
  bool choose();
  [[nodiscard]] bool later(std::size_t a, std::size_t b) const;

  std::vector<File> files_;
  std::vector<std::size_t> heap_;  // files with a head but the current one, the earliest on top
  std::size_t current_ = 0;
  bool started_ = false;
};

}  // namespace tapdeck::engine
