#include "apps/policy_files.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "apps/random_seed.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/policies_load.h"
#include "control/actor.h"
#include "pipelines/policy/policy_file.h"
#include "storage/crypto.h"

namespace tapdeck::apps {
namespace {

constexpr std::string_view kDigestValue = "policy/digest";

Result<void> load_rules(const std::string& path,
                        const control::Settings& settings,
                        PolicyFiles& files) {
  calls::PolicySources& sources = files.sources;
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
  files.notes.push_back("policy: " + std::to_string(sources.set->policies().rules.size()) +
                        " rules of " + path + ", " + std::to_string(report.expression_count) +
                        " expressions" + (report.from_cache ? " (from the cache)" : ""));
  files.digest = report.digest;
  files.rules = static_cast<std::uint32_t>(sources.set->policies().rules.size());
  if (!report.cache_trouble.empty()) log_warning("policy: " + report.cache_trouble);
  return {};
}

}  // namespace

Result<PolicyFiles> load_policy_files(const control::GlobalOptions& global,
                                      const control::Settings& settings) {
  const config::Policy& named = settings.config.policy;
  PolicyFiles files;
  if (!named.file.empty()) {
    TD_TRY(load_rules(policy::policy_path(global.config_file, named.file), settings, files));
  }
  std::optional<storage::Hash> of_directory;
  if (!named.directory_file.empty()) {
    const std::string path = policy::policy_path(global.config_file, named.directory_file);
    storage::Hash digest{};
    auto directory = policy::load_directory(path, settings.zone, random_seed(), &digest);
    if (!directory) return Error(directory.error());
    files.sources.directory = std::move(*directory);
    files.notes.push_back("directory: " + path);
    of_directory = digest;
  }
  // Whose number is whose, and what time it is, decide with the rules.
  if (files.digest)
    files.digest = policy::digest_of_all(*files.digest, of_directory, settings.zone);
  return files;
}

void log_policy(const PolicyFiles& files) {
  for (const std::string& note : files.notes) log_info(note);
}

Result<void> journal_policy(const PolicyFiles& files,
                            const std::string& reason,
                            storage::RetentionStore& store) {
  auto stored = store.get_value(kDigestValue);
  if (!stored) return Error(stored.error());
  PolicyChange change;
  change.actor = control::own_actor();
  change.after = files.digest;
  change.rules = files.rules;
  change.reason = reason;
  LedgerDigest before{};
  if (*stored && (*stored)->size() == before.size()) {
    std::ranges::copy(as_bytes(**stored), before.begin());
    change.before = before;
  }
  if (change.before == change.after) return {};
  const std::string after =
      files.digest ? std::string(files.digest->begin(), files.digest->end()) : std::string();
  const auto written =
      store.journal().commit({.time_us = wall_now_ns() / kNsPerUs, .content = std::move(change)});
  if (!written) return Error(written.error());
  return store.put_value(kDigestValue, after);
}

}  // namespace tapdeck::apps
