#include "pipelines/policy/policy_set.h"

#include <utility>

#include "pipelines/policy/pattern_cache.h"
#include "pipelines/policy/policy_tables.h"

namespace tapdeck::policy {
namespace {

Result<PatternDatabase> make_patterns(const std::vector<Expression>& expressions,
                                      const std::string& cache_file,
                                      CompileReport& report) {
  if (cache_file.empty()) return PatternDatabase::compile(expressions);
  const storage::Hash hash = pattern_hash(expressions);
  auto cached = load_patterns(cache_file, hash);
  if (cached) {
    report.from_cache = true;
    return cached;
  }
  if (cached.error().code != ErrorCode::kNotFound) report.cache_trouble = cached.error().message;
  auto compiled = PatternDatabase::compile(expressions);
  if (!compiled) return compiled;
  const Result<void> stored = store_patterns(cache_file, hash, *compiled);
  if (!stored) report.cache_trouble = stored.error().message;
  return compiled;
}

// Calls take(expression, line) for each regular expression of the block.
template <typename Take>
void for_each_expression(const config::MatchBlock& block, Take&& take) {
  for (const auto& values : block.numbers) {
    for (const config::NumberPattern& value : values) {
      if (value.form == config::NumberForm::kRegex) {
        take(Expression{value.text, value.caseless}, value.line);
      }
    }
  }
  for (const config::HeaderMatch& header : block.headers) {
    for (const config::TextPattern& value : header.values) {
      if (value.form == config::TextForm::kRegex) {
        take(Expression{value.text, value.caseless}, value.line);
      }
    }
  }
}

}  // namespace

PolicySet::PolicySet(config::Policies policies, std::unique_ptr<PolicyTables> tables)
    : policies_(std::move(policies)), tables_(std::move(tables)) {}

PolicySet::~PolicySet() = default;

Result<std::shared_ptr<const PolicySet>> PolicySet::create(config::Policies policies,
                                                           const CompileOptions& options,
                                                           CompileReport* report) {
  CompileReport unread;
  CompileReport& told = report == nullptr ? unread : *report;
  told = {};
  auto tables = std::make_unique<PolicyTables>(options.seed);
  TD_TRY(fill_tables(policies, *tables));
  told.expression_count = static_cast<std::uint32_t>(tables->expressions.size());
  if (!tables->expressions.empty()) {
    auto patterns = make_patterns(tables->expressions, options.cache_file, told);
    if (!patterns) return Error(patterns.error());
    told.database_bytes = patterns->bytes();
    tables->patterns.emplace(std::move(*patterns));
  }
  return std::shared_ptr<const PolicySet>(new PolicySet(std::move(policies), std::move(tables)));
}

std::span<const std::string> PolicySet::header_names() const { return tables_->header_names; }

std::vector<config::Problem> check_expressions(const config::Policies& policies,
                                               const std::string& file) {
  std::vector<config::Problem> problems;
  const auto check = [&](const Expression& expression, std::uint32_t line) {
    const std::string mistake = expression_mistake(expression);
    if (mistake.empty()) return;
    problems.push_back({file, line, "/" + expression.text + "/: " + mistake, true});
  };
  for (const config::PolicyRule& rule : policies.rules) {
    for_each_expression(rule.match, check);
    for (const config::MatchBlock& block : rule.none_of) for_each_expression(block, check);
  }
  return problems;
}

}  // namespace tapdeck::policy
