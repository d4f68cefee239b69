// What a recorder with one file for each recording does to be rid of them: makes so many files in
// directories of ten thousand, and unlinks them all, each directory synced once.
//
// Threads: the caller's.  Memory: none to speak of.  Errors: kIo.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace tapdeck::load {

struct SmallFiles {
  double make_seconds = 0;
  double unlink_seconds = 0;  // until it is durable
  double unlink_cpu_seconds = 0;
};

// Below `directory`, which is made and removed.
Result<SmallFiles> measure_small_files(const std::string& directory,
                                       std::uint64_t files,
                                       std::size_t bytes);

}  // namespace tapdeck::load
