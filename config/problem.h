// One mistake in a configuration file, with its place.
// Threads: any.  Memory: its strings.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tapdeck::config {

struct Problem {
  std::string file;
  std::uint32_t line = 0;  // from 1; 0: the file as a whole
  std::string message;     // a sentence without a full stop, the option's path first
  bool is_error = true;    // false: a warning, which does not stop a start
};

// "file:12: message", with "warning: " before the message of a warning.
std::string to_string(const Problem& problem);

// One per line.
std::string to_string(const std::vector<Problem>& problems);

bool any_error(const std::vector<Problem>& problems);

// Where an option stands, by its path: "streams.chunk_count", "capture.ports[0].device".
using LineMap = std::map<std::string, std::uint32_t, std::less<>>;

// The line of the option, or of the nearest thing around it that is in the file; 0 when none is.
std::uint32_t line_of(const LineMap& lines, std::string path);

}  // namespace tapdeck::config
