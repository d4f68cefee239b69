// What `policy explain` shows: which rule decides about a call, what follows, and why the others do
// not.
// Threads: any.  Memory: returns values.
#pragma once

#include <string>
#include <vector>

#include "control/call_json.h"
#include "pipelines/policy/call_facts.h"
#include "pipelines/policy/evaluator.h"

namespace tapdeck::control {

struct PolicyReport {
  std::string file;  // policies.yaml
  policy::CallFacts facts;
  policy::Explanation explanation;
  const policy::PolicySet* set = nullptr;
  std::vector<std::string> class_names;  // of retention, by index
};

// {file, rule {index, name, line}, actions {...}, sampled_out, call {...}, rules [{index, name,
// line, fits, key, reason}]}; `rule` has index null for the default.
Json policy_report_to_json(const PolicyReport& report);

enum class RulesShown { kToTheDecision, kAll };

// The decision, the call as it was taken, a table of rules; times in `zone`.
std::string policy_report_to_text(const PolicyReport& report,
                                  const std::string& zone,
                                  RulesShown shown);

// {record, log, class, keep, early_media, unbound, sample, mask_dtmf, pause}
Json actions_to_json(const config::PolicyActions& actions,
                     const std::vector<std::string>& class_names);

}  // namespace tapdeck::control
