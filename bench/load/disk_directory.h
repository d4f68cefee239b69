// What harnesses that write to a disk ask of their directory.
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace tapdeck::load {

// kInvalidArgument: it is memory, be it behind an overlay or a loop device, and figures of that say
// nothing of a disk; kNotFound.
Result<void> check_disk_directory(const std::string& directory);

// Of all files in it, by their lengths.
std::uint64_t bytes_below(const std::string& directory);

double seconds_since(std::int64_t begin_ns);  // by monotonic_now_ns()

}  // namespace tapdeck::load
