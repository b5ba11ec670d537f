// What must hold for an offer to be shown: a rule or a guardrail, tried on values.
#pragma once

#include "models/lint/trial.h"

namespace guardrank::lint {

// Views the policy.
struct Condition {
  const CompiledExpression* expr = nullptr;
  const CompiledExpression* when = nullptr;   // null: always applies
  std::int64_t from = INT64_MIN, to = INT64_MAX;   // micros
  bool is_rule = false;

  std::vector<const CompiledExpression*> expressions() const;
  bool is_in_force(std::int64_t now) const { return from <= now && now < to; }
};

// Rules, in the policy's order; those that compile.
std::vector<Condition> rules_of(const CompiledPolicy& policy);
// The same, then guardrails.
std::vector<Condition> conditions_of(const CompiledPolicy& policy);
std::vector<const CompiledExpression*> expressions_of(const std::vector<Condition>& conditions);

// Over the rows of one context. As in core/eligibility: a condition applies to nobody where `when` is
// false, and holds for nobody where `when` is neither true nor false.
struct ConditionResult {
  std::vector<std::uint8_t> applies, is_asked, holds;   // is_asked: `when` is true
  std::vector<EvalProblem> problems;

  bool fails(std::size_t row) const { return applies[row] != 0 && holds[row] == 0; }
};
ConditionResult run_condition(const Condition& condition, Trial* trial);

// "1200 combinations of values"
std::string tried(const Trial& trial);
// What was never met is an error where that proves it.
Severity severity_of(const Trial& trial, Severity proven, Severity otherwise);
// What to add to a message where it does not; else empty.
std::string no_proof(const Trial& trial);

}  // namespace guardrank::lint
