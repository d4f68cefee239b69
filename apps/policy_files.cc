#include "apps/policy_files.h"

#include <array>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "config/policies_load.h"
#include "pipelines/policy/policy_file.h"
#include "storage/crypto.h"

namespace tapdeck::apps {
namespace {

// Of tables that who chooses numbers must not aim at.
std::uint64_t random_seed() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  storage::random_bytes(bytes);
  return load_le<std::uint64_t>(bytes.data());
}

Result<void> load_rules(const std::string& path,
                        const control::Settings& settings,
                        calls::PolicySources& sources) {
  policy::CompileReport report;
  auto set = policy::load_policy_set(
      path,
      config::policy_load_options(settings.config),
      {.cache_file = settings.store_directory + "/policy.cache", .seed = random_seed()},
      &report);
  if (!set) return Error(set.error());
  auto evaluator = policy::Evaluator::create(*set);
  if (!evaluator) return Error(evaluator.error());
  sources.set = std::move(*set);
  sources.evaluator = std::make_shared<policy::Evaluator>(std::move(*evaluator));
  log_info("policy: " + std::to_string(sources.set->policies().rules.size()) + " rules of " + path +
           ", " + std::to_string(report.expression_count) + " expressions" +
           (report.from_cache ? " (from the cache)" : ""));
  if (!report.cache_trouble.empty()) log_warning("policy: " + report.cache_trouble);
  return {};
}

}  // namespace

Result<calls::PolicySources> load_policy_sources(const control::GlobalOptions& global,
                                                 const control::Settings& settings) {
  const config::Policy& named = settings.config.policy;
  calls::PolicySources sources;
  if (!named.file.empty()) {
    TD_TRY(load_rules(policy::policy_path(global.config_file, named.file), settings, sources));
  }
  if (named.directory_file.empty()) return sources;
  const std::string path = policy::policy_path(global.config_file, named.directory_file);
  auto directory = policy::load_directory(path, settings.zone, random_seed());
  if (!directory) return Error(directory.error());
  sources.directory = std::move(*directory);
  log_info("directory: " + path);
  return sources;
}

}  // namespace tapdeck::apps
