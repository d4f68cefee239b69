// From policies.yaml and directory.yaml to what can be asked, in one step each: what a start, a
// reload and the commands do. Threads: any, off the hot path.  Memory: as config/policies_load.h
// and PolicySet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/policies_load.h"
#include "config/problem.h"
#include "pipelines/policy/directory_lookup.h"
#include "pipelines/policy/policy_set.h"

namespace tapdeck::policy {

// load_policies_file() with what is wrong with its regular expressions.
Result<config::LoadedPolicies> read_policy_file(const std::string& path,
                                                const config::PolicyLoadOptions& options);

// kCorrupt: the file has mistakes, and the message has all of them, one a line; kNotFound, kIo,
// kResources.  Warnings stop nothing.
Result<std::shared_ptr<const PolicySet>> load_policy_set(const std::string& path,
                                                         const config::PolicyLoadOptions& options,
                                                         const CompileOptions& compile = {},
                                                         CompileReport* report = nullptr);

// The same errors.  zone: of its dates.  `digest`, where given, becomes that of the file.
Result<std::unique_ptr<const DirectoryLookup>> load_directory(const std::string& path,
                                                              const std::string& zone,
                                                              std::uint64_t seed = 0,
                                                              storage::Hash* digest = nullptr);

// Of all that decides: of rules with their lists (CompileReport), of the directory, and the zone in
// which times are meant.
storage::Hash digest_of_all(const storage::Hash& rules,
                            const std::optional<storage::Hash>& directory,
                            const std::string& zone);

// Where policy.file or policy.directory_file of the configuration `config_file` is; empty stays
// empty.
std::string policy_path(const std::string& config_file, const std::string& named);

}  // namespace tapdeck::policy
