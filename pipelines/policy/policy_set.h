// A whole policy, ready to decide: made off the hot path from what policies.yaml says, shared by
// those who evaluate it (pipelines/policy/evaluator.h), replaced as a whole by the next one.
// Threads: immutable, any.  Memory: the policies and their tables, some 700 bytes a rule with one
// number and 90 to 140 a number of a list, and the database of expressions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/policies.h"
#include "config/problem.h"
#include "storage/crypto.h"

namespace tapdeck::policy {

struct PolicyTables;

struct CompileOptions {
  std::string cache_file;  // of the expressions' database; empty: none
  std::uint64_t seed = 0;  // of tables that a sender must not aim at
};

// How it went, for the log.
struct CompileReport {
  std::uint32_t expression_count = 0;
  std::size_t database_bytes = 0;
  bool from_cache = false;
  // SHA-256 of the rules' file and its lists, each after its length (8 bytes, little endian); nil
  // where they were no files.
  storage::Hash digest{};
  std::string cache_trouble;  // why the cache was not read or not written; empty: no trouble
};

class PolicySet {
 public:
  // kInvalidArgument: an expression that is not possible (check_expressions() finds them all) or a
  // zone that does not exist; kResources.
  static Result<std::shared_ptr<const PolicySet>> create(config::Policies policies,
                                                         const CompileOptions& options = {},
                                                         CompileReport* report = nullptr);

  ~PolicySet();
  PolicySet(const PolicySet&) = delete;
  PolicySet& operator=(const PolicySet&) = delete;

  [[nodiscard]] const config::Policies& policies() const { return policies_; }

  // The header fields that rules ask for, each once, in long form: what CallFacts needs of a
  // message.
  [[nodiscard]] std::span<const std::string> header_names() const;

  [[nodiscard]] const PolicyTables& tables() const { return *tables_; }

 private:
  PolicySet(config::Policies policies, std::unique_ptr<PolicyTables> tables);

  config::Policies policies_;
  std::unique_ptr<const PolicyTables> tables_;
};

// What is wrong with the regular expressions of the file, all of it.
std::vector<config::Problem> check_expressions(const config::Policies& policies,
                                               const std::string& file);

}  // namespace tapdeck::policy
