// Rules for the calls of a Scenario, from the text of a policies.yaml.
// Threads: one.  Memory: plain values.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "config/policies_load.h"
#include "tests/unit/pipelines_calls/call_scenario.h"

namespace tapdeck::calls {

inline PolicySources sources_of(const std::string& text) {
  auto loaded = config::load_policies_text(text, "p");
  EXPECT_EQ(config::to_string(loaded.problems), "");
  PolicySources sources;
  auto set = policy::PolicySet::create(std::move(loaded.policies));
  EXPECT_TRUE(set);
  auto evaluator = policy::Evaluator::create(*set);
  EXPECT_TRUE(evaluator);
  sources.set = std::move(*set);
  sources.evaluator = std::make_shared<policy::Evaluator>(std::move(*evaluator));
  return sources;
}

inline CallPlaneOptions with(const std::string& text) {
  CallPlaneOptions options;
  options.policy = sources_of(text);
  options.class_by_policy = true;
  options.retention_classes = {{"default", 1'000}, {"imported", 0}};
  return options;
}

}  // namespace tapdeck::calls
