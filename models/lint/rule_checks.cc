#include "models/lint/rule_checks.h"

#include "core/expr/row_failures.h"
#include "models/lint/condition.h"

namespace guardrank::lint {
namespace {

constexpr std::size_t rule_contexts = 512, rule_rows = 512;

// What one condition was seen to do.
struct Seen {
  bool applies = false, is_asked = false, holds = false, fails = false;
  bool is_value = false;                       // somewhere it is no error
  EvalProblem problem = EvalProblem::none;     // the first

  // "", ", an error on some: division by zero"
  std::string why() const {
    if (problem == EvalProblem::none) return "";
    return std::string(is_value ? ", an error on some: " : ", an error on all: ") +
           std::string(eval_problem_text(problem));
  }
};

Seen try_condition(const Condition& condition, Trial* trial) {
  Seen seen;
  for (std::size_t c = 0; c < trial->n_contexts() && !(seen.holds && seen.fails); ++c) {
    trial->set_context(c);
    const ConditionResult result = run_condition(condition, trial);
    for (std::size_t row = 0; row < result.applies.size(); ++row) {
      if (result.applies[row] == 0) continue;
      seen.applies = true;
      seen.is_asked |= result.is_asked[row] != 0;
      (result.holds[row] != 0 ? seen.holds : seen.fails) = true;
      seen.is_value |= result.problems[row] == EvalProblem::none;
      if (seen.problem == EvalProblem::none) seen.problem = result.problems[row];
    }
  }
  return seen;
}

bool reads_parameters(const CompiledPolicy& policy, const CompiledExpression& expression) {
  for (const std::uint32_t fact : expression.program.facts)
    if (policy.facts()[fact].space == Namespace::parameter) return true;
  return false;
}

// `what` an expression that is true on nothing tried comes to.
void tell_never_true(const Trial& trial, const CompiledExpression& expression,
                     const std::string& why, const std::string& what, Findings* findings) {
  findings->add(severity_of(trial, Severity::error, Severity::warning), "never-holds",
                expression.where,
                "it is true on none of " + tried(trial) + why + ": " + what + no_proof(trial));
}

void tell_never_applies(const Trial& trial, const CompiledExpression& expression,
                        const std::string& what, Findings* findings) {
  findings->add(severity_of(trial, Severity::warning, Severity::note), "never-applies",
                expression.where,
                "it is true on none of " + tried(trial) + ": " + what + no_proof(trial));
}

void check_condition(const CompiledPolicy& policy, const Condition& condition, std::int64_t now,
                     Findings* findings) {
  Trial trial(policy, critical_values(policy, condition.expressions(), now), rule_contexts,
              rule_rows, now);
  const Seen seen = try_condition(condition, &trial);
  if (!seen.applies) {
    tell_never_applies(trial, *condition.when, "the rule never applies", findings);
  } else if (!seen.is_asked) {
    tell_never_true(trial, *condition.when, seen.why(),
                    "nobody is eligible where it is neither true nor false", findings);
  } else if (!seen.holds) {
    tell_never_true(trial, *condition.expr, seen.why(),
                    condition.is_rule ? "nobody is eligible where it applies"
                                      : "every offer is removed",
                    findings);
  } else if (!seen.fails) {
    // A parameter is there to be moved.
    const Severity proven = reads_parameters(policy, *condition.expr) ? Severity::note
                                                                      : Severity::warning;
    findings->add(severity_of(trial, proven, Severity::note), "never-matters",
                  condition.expr->where,
                  "it is true on all of " + tried(trial) +
                      ": only a missing fact can make it fail" + no_proof(trial));
  }
}

}  // namespace

void check_each_condition(const CompiledPolicy& policy, std::int64_t now, Findings* findings) {
  for (const Condition& condition : conditions_of(policy))
    check_condition(policy, condition, now, findings);
}

void check_mandates(const CompiledPolicy& policy, std::int64_t now, Findings* findings) {
  for (const CompiledExpression& mandate : policy.mandates()) {
    if (!mandate.is_compiled) continue;   // or without a condition
    Trial trial(policy, critical_values(policy, {&mandate}, now), rule_contexts, rule_rows, now);
    if (!try_condition({&mandate}, &trial).holds)
      tell_never_applies(trial, mandate, "the offer is never mandated", findings);
  }
}

}  // namespace guardrank::lint
