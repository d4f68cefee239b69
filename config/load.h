// Reads a configuration file: YAML to Config, every mistake at once with its file and line.
// Unknown and repeated keys, wrong types and values out of bounds are mistakes; an absent option
// has its default.  Checks between options are validate()'s (config/validate.h).
// Threads: any, off the hot path.  Memory: the document, at most kConfigFileBytesMax.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/problem.h"
#include "config/validate.h"

namespace tapdeck::config {

struct Loaded {
  Config config;  // of use only when no problem is an error
  std::string file;
  LineMap lines;
  std::vector<Problem> problems;  // by line
};

// Parses; mistakes of syntax, type, bounds and keys are in `problems`.
Loaded load_text(std::string_view text, const std::string& file_name);

// The same from a file; an error (kNotFound, kIo) when it cannot be read.
Result<Loaded> load_file(const std::string& path);

// load_file() and validate() in one: the configuration, or kCorrupt whose message holds every
// error, one per line.
Result<Config> load(const std::string& path, HostChecks host = HostChecks::kPerform);

}  // namespace tapdeck::config
