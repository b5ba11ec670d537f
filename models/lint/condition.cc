#include "models/lint/condition.h"

#include "core/expr/row_failures.h"

namespace guardrank::lint {
namespace {

EvalProblem problem_of(const EvaluatedColumn& column, std::uint32_t row) {
  return column.state(row) == RowState::error ? column.problems[column.row_of(row)]
                                              : EvalProblem::none;
}

}  // namespace

std::vector<const CompiledExpression*> Condition::expressions() const {
  std::vector<const CompiledExpression*> read = {expr};
  if (when != nullptr) read.push_back(when);
  return read;
}

std::vector<Condition> rules_of(const CompiledPolicy& policy) {
  std::vector<Condition> rules;
  for (const CompiledRuleOf& rule : policy.rules()) {
    if (!rule.is_compiled()) continue;
    const CompiledExpression* when = rule.when.source.empty() ? nullptr : &rule.when;
    rules.push_back({&rule.expr, when, rule.rule->from, rule.rule->to, true});
  }
  return rules;
}

std::vector<Condition> conditions_of(const CompiledPolicy& policy) {
  std::vector<Condition> conditions = rules_of(policy);
  for (const CompiledExpression& guardrail : policy.guardrails())
    if (guardrail.is_compiled) conditions.push_back({&guardrail});
  return conditions;
}

std::vector<const CompiledExpression*> expressions_of(const std::vector<Condition>& conditions) {
  std::vector<const CompiledExpression*> read;
  for (const Condition& condition : conditions)
    for (const CompiledExpression* expression : condition.expressions()) read.push_back(expression);
  return read;
}

ConditionResult run_condition(const Condition& condition, Trial* trial) {
  const std::uint32_t n_rows = static_cast<std::uint32_t>(trial->n_rows());
  ConditionResult out;
  out.applies.assign(n_rows, 1);
  out.is_asked.assign(n_rows, 1);
  out.holds.assign(n_rows, 0);
  out.problems.assign(n_rows, EvalProblem::none);
  if (condition.when != nullptr) {
    const EvaluatedColumn when = trial->evaluate(*condition.when);
    for (std::uint32_t row = 0; row < n_rows; ++row) {
      out.applies[row] = is_false(when, row) ? 0 : 1;
      out.is_asked[row] = is_true(when, row) ? 1 : 0;
      out.problems[row] = problem_of(when, row);
    }
  }
  const EvaluatedColumn expr = trial->evaluate(*condition.expr);
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    if (out.is_asked[row] == 0) continue;
    out.holds[row] = is_true(expr, row) ? 1 : 0;
    out.problems[row] = problem_of(expr, row);
  }
  return out;
}

std::string tried(const Trial& trial) {
  return std::to_string(trial.n_contexts() * trial.n_rows()) +
         (trial.is_complete() ? " combinations of values" : " drawn combinations of values");
}

Severity severity_of(const Trial& trial, Severity proven, Severity otherwise) {
  return trial.is_proof() ? proven : otherwise;
}

std::string no_proof(const Trial& trial) {
  if (trial.is_proof()) return "";
  return "; other values might do otherwise: it does more than compare, or there are too many";
}

}  // namespace guardrank::lint
