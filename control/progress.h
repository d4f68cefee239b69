// A progress bar on stderr, drawn only when stderr is a terminal and at most ten times a second.
// Threads: one at a time.  Memory: none.
#pragma once

#include <cstdint>
#include <string>

namespace tapdeck::control {

class Progress {
 public:
  // `total` 0: unknown, the bar shows a count only.
  Progress(std::string label, std::uint64_t total);
  ~Progress();  // finish()
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done);
  void finish();  // clears the line, so that what follows starts on an empty one

 private:
  std::string label_;
  std::uint64_t total_;
  std::int64_t drawn_ns_ = 0;
  bool terminal_;
  bool visible_ = false;
};

// The line without its control characters; separate so that it can be tested.
std::string render_progress(const std::string& label, std::uint64_t done, std::uint64_t total);

}  // namespace tapdeck::control
