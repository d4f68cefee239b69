// Reads a configuration file: YAML to Config, every mistake at once with its file and line.
// Unknown and repeated keys, wrong types and values out of bounds are mistakes; an absent option
// has its default.  Checks between options are validate()'s (config/validate.h). Threads: any, off
// the hot path.  Memory: the document, at most kConfigFileBytesMax.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

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

// Where an option stands, by its path: "streams.chunk_count", "capture.ports[0].device".
using LineMap = std::map<std::string, std::uint32_t, std::less<>>;

struct Loaded {
  Config config;  // of use only when no problem is an error
  std::string file;
  LineMap lines;
  std::vector<Problem> problems;

  [[nodiscard]] bool ok() const;
};

// Reads and parses; mistakes of syntax, type, bounds and keys are in `problems`.
Loaded load_text(std::string_view text, const std::string& file_name);
Loaded load_file(const std::string& path);

// load_file() and validate() in one: the configuration, or kInvalidArgument (kNotFound, kIo when
// the file cannot be read) whose message holds every error, one per line.
Result<Config> load(const std::string& path);

}  // namespace tapdeck::config
