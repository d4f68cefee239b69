#include "pipelines/policy/policy_file.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "base/bytes.h"
#include "config/directory_load.h"
#include "config/yaml_reader.h"
#include "storage/crypto.h"

namespace tapdeck::policy {
namespace {

// All errors as one; nothing where there is none.
std::optional<Error> errors_of(std::vector<config::Problem> problems) {
  std::erase_if(problems, [](const config::Problem& problem) { return !problem.is_error; });
  if (problems.empty()) return std::nullopt;
  return make_error(ErrorCode::kCorrupt, config::to_string(problems));
}

storage::Hash digest_of(const std::vector<std::string>& texts) {
  std::vector<std::array<std::uint8_t, 8>> lengths(texts.size());
  std::vector<ByteView> pieces;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    store_le<std::uint64_t>(lengths[i].data(), texts[i].size());
    pieces.emplace_back(lengths[i]);
    pieces.push_back(as_bytes(texts[i]));
  }
  storage::Hasher hasher;
  return hasher.sha256(pieces);
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
  if (report != nullptr) report->digest = digest_of(loaded->texts);
  return set;
}

Result<std::unique_ptr<const DirectoryLookup>> load_directory(const std::string& path,
                                                              const std::string& zone,
                                                              std::uint64_t seed,
                                                              storage::Hash* digest) {
  auto loaded = config::load_directory_file(path, zone);
  if (!loaded) return Error(loaded.error());
  if (auto errors = errors_of(std::move(loaded->problems))) return std::move(*errors);
  if (digest != nullptr) *digest = digest_of({loaded->text});
  return std::make_unique<const DirectoryLookup>(std::move(loaded->directory), seed);
}

storage::Hash digest_of_all(const storage::Hash& rules,
                            const std::optional<storage::Hash>& directory,
                            const std::string& zone) {
  const auto text_of = [](const storage::Hash& hash) {
    return std::string(hash.begin(), hash.end());
  };
  return digest_of({text_of(rules), directory ? text_of(*directory) : std::string(), zone});
}

std::string policy_path(const std::string& config_file, const std::string& named) {
  return named.empty() ? named : config::beside(config_file, named);
}

}  // namespace tapdeck::policy
