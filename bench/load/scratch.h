// A folder of a harness's own, removed at the end with all that was made for it.  It is marked and
// locked while it is in use: what a harness left that was killed is removed by the next one.
//
// Threads: one.  Memory: strings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace tapdeck::load {

class Scratch {
 public:
  // A new folder in `parent`, which is made where it is missing.  kInvalidArgument: it would lie in
  // memory, not on a disk.
  static Result<std::unique_ptr<Scratch>> make(const std::string& parent);
  ~Scratch();

  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // Sentences on what was found in `parent`: left-overs that have been removed, and what is not
  // known to be one, with how to remove it.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  Scratch() = default;
  Result<void> make_parents(const std::string& parent);
  void remove_left_overs(const std::string& parent);

  std::string path_{};
  int marker_ = -1;                  // locked
  std::vector<std::string> made_{};  // folders above it, the highest first; empty ones go, too
  std::vector<std::string> notes_{};
};

}  // namespace tapdeck::load
