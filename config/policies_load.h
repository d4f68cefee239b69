// Reads policies.yaml and the lists of numbers it names, every mistake at once with its file and
// line.  Regular expressions are only cut out here; pipelines/policy compiles them and finds what
// is wrong with them. Threads: any, off the hot path.  Memory: the document and the policies,
// bounded by kPolicyFileBytesMax, kPolicyListFileBytesMax and kPolicyNumberCountMax.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/policies.h"
#include "config/problem.h"

namespace tapdeck::config {

struct PolicyLoadOptions {
  std::string zone = "UTC";  // of a time without one: general.timezone
  std::vector<std::string> class_names = {"default", "imported"};
  std::optional<std::vector<std::string>> trunk_names = {};  // nullopt: not known here
  bool read_files = true;  // false: lists in files are taken as empty
};

// What a configuration says of them.
PolicyLoadOptions policy_load_options(const Config& config);

struct LoadedPolicies {
  Policies policies;  // of use only when no problem is an error
  std::string file;
  std::vector<Problem> problems;  // by file and line
  // What was read from files, in this order: of policies.yaml, where it was one, and of its lists.
  std::vector<std::string> texts;
};

// Lists in files are looked for beside `file_name`.
LoadedPolicies load_policies_text(const std::string& text,
                                  const std::string& file_name,
                                  const PolicyLoadOptions& options = {});

// The same from a file; an error (kNotFound, kIo, kResources) when it cannot be read.
Result<LoadedPolicies> load_policies_file(const std::string& path,
                                          const PolicyLoadOptions& options = {});

}  // namespace tapdeck::config
