#include "pipelines/policy/policy_file.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "config/directory_load.h"
#include "config/yaml_reader.h"

namespace tapdeck::policy {
namespace {

// All errors as one; nothing where there is none.
std::optional<Error> errors_of(std::vector<config::Problem> problems) {
  std::erase_if(problems, [](const config::Problem& problem) { return !problem.is_error; });
  if (problems.empty()) return std::nullopt;
  return make_error(ErrorCode::kCorrupt, config::to_string(problems));
}

}  // namespace

Result<config::LoadedPolicies> read_policy_file(const std::string& path,
                                                const config::PolicyLoadOptions& options) {
  auto loaded = config::load_policies_file(path, options);
  if (!loaded) return loaded;
  const auto more = check_expressions(loaded->policies, path);
  auto& problems = loaded->problems;
  problems.insert(problems.end(), more.begin(), more.end());
  std::ranges::stable_sort(problems, [](const config::Problem& a, const config::Problem& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  return loaded;
}

Result<std::shared_ptr<const PolicySet>> load_policy_set(const std::string& path,
                                                         const config::PolicyLoadOptions& options,
                                                         const CompileOptions& compile,
                                                         CompileReport* report) {
  auto loaded = read_policy_file(path, options);
  if (!loaded) return Error(loaded.error());
  if (auto errors = errors_of(std::move(loaded->problems))) return std::move(*errors);
  auto set = PolicySet::create(std::move(loaded->policies), compile, report);
  if (!set) return make_error(set.error().code, path + ": " + set.error().message);
  return set;
}

Result<std::unique_ptr<const DirectoryLookup>> load_directory(const std::string& path,
                                                              const std::string& zone,
                                                              std::uint64_t seed) {
  auto loaded = config::load_directory_file(path, zone);
  if (!loaded) return Error(loaded.error());
  if (auto errors = errors_of(std::move(loaded->problems))) return std::move(*errors);
  return std::make_unique<const DirectoryLookup>(std::move(loaded->directory), seed);
}

std::string policy_path(const std::string& config_file, const std::string& named) {
  return named.empty() ? named : config::beside(config_file, named);
}

}  // namespace tapdeck::policy
