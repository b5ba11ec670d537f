#include "models/lint/rule_checks.h"

#include <algorithm>
#include <set>

#include "core/expr/row_failures.h"
#include "models/lint/trial.h"

namespace guardrank::lint {
namespace {

constexpr std::size_t rule_contexts = 512, rule_rows = 512;
constexpr std::size_t pair_contexts = 128, pair_rows = 128, most_pairs = 400;
constexpr std::size_t reach_contexts = 4000;

std::vector<const CompiledExpression*> expressions_of(const CompiledRuleOf& rule) {
  std::vector<const CompiledExpression*> read = {&rule.expr};
  if (!rule.when.source.empty()) read.push_back(&rule.when);
  return read;
}

// Over the rows of one context: where the rule applies, and where it then holds.
struct RuleResult {
  std::vector<std::uint8_t> applies, holds;
  std::vector<EvalProblem> problems;
};

RuleResult run_rule(const CompiledRuleOf& rule, Trial* trial) {
  RuleResult out;
  out.applies.assign(trial->n_rows(), 1);
  out.holds.assign(trial->n_rows(), 0);
  if (!rule.when.source.empty()) {
    const EvaluatedColumn when = trial->evaluate(rule.when);
    for (std::uint32_t row = 0; row < out.applies.size(); ++row)
      out.applies[row] = is_true(when, row) ? 1 : 0;
  }
  const EvaluatedColumn expr = trial->evaluate(rule.expr);
  out.problems.assign(trial->n_rows(), EvalProblem::none);
  for (std::uint32_t row = 0; row < out.holds.size(); ++row) {
    out.holds[row] = is_true(expr, row) ? 1 : 0;
    if (expr.state(row) == RowState::error) out.problems[row] = expr.problems[expr.row_of(row)];
  }
  return out;
}

std::string tried(const Trial& trial) {
  return std::to_string(trial.n_contexts() * trial.n_rows()) +
         (trial.is_complete() ? " combinations of values" : " drawn combinations of values");
}

// What was never met is an error where that proves it.
Severity severity_of(const Trial& trial, Severity proven, Severity otherwise) {
  return trial.is_proof() ? proven : otherwise;
}
std::string no_proof(const Trial& trial) {
  if (trial.is_proof()) return "";
  return "; other values might do otherwise: it does more than compare, or there are too many";
}

void check_rule(const CompiledPolicy& policy, const CompiledRuleOf& rule, std::int64_t now,
                Findings* findings) {
  Trial trial(policy, critical_values(policy, expressions_of(rule), now), rule_contexts, rule_rows,
              now);
  bool applies = false, holds = false, fails = false, is_value = false;
  EvalProblem problem = EvalProblem::none;
  for (std::size_t c = 0; c < trial.n_contexts() && !(holds && fails); ++c) {
    trial.set_context(c);
    const RuleResult result = run_rule(rule, &trial);
    for (std::size_t row = 0; row < result.applies.size(); ++row) {
      if (result.applies[row] == 0) continue;
      applies = true;
      (result.holds[row] != 0 ? holds : fails) = true;
      is_value |= result.problems[row] == EvalProblem::none;
      if (problem == EvalProblem::none) problem = result.problems[row];
    }
  }
  if (!applies) {
    findings->add(severity_of(trial, Severity::warning, Severity::note), "never-applies",
                  rule.when.where,
                  "it is true on none of " + tried(trial) + ": the rule never applies" +
                      no_proof(trial));
  } else if (!holds) {
    std::string why;
    if (problem != EvalProblem::none)
      why = std::string(is_value ? ", an error on some: " : ", an error on all: ") +
            std::string(eval_problem_text(problem));
    findings->add(severity_of(trial, Severity::error, Severity::warning), "never-holds",
                  rule.expr.where,
                  "it is true on none of " + tried(trial) + why +
                      ": nobody is eligible where it applies" + no_proof(trial));
  } else if (!fails) {
    findings->add(severity_of(trial, Severity::warning, Severity::note), "never-matters",
                  rule.expr.where,
                  "it is true on all of " + tried(trial) +
                      ": only a missing fact can make it fail" + no_proof(trial));
  }
}

bool share_a_fact(const CompiledRuleOf& a, const CompiledRuleOf& b) {
  std::set<std::uint32_t> facts(a.expr.program.facts.begin(), a.expr.program.facts.end());
  return std::any_of(b.expr.program.facts.begin(), b.expr.program.facts.end(),
                     [&](std::uint32_t fact) { return facts.contains(fact); });
}

void check_pair(const CompiledPolicy& policy, const CompiledRuleOf& a, const CompiledRuleOf& b,
                std::int64_t now, Findings* findings) {
  std::vector<const CompiledExpression*> read = expressions_of(a);
  for (const CompiledExpression* expression : expressions_of(b)) read.push_back(expression);
  Trial trial(policy, critical_values(policy, read, now), pair_contexts, pair_rows, now);
  bool a_holds = false, b_holds = false, both_apply = false;
  for (std::size_t c = 0; c < trial.n_contexts(); ++c) {
    trial.set_context(c);
    const RuleResult first = run_rule(a, &trial), second = run_rule(b, &trial);
    for (std::size_t row = 0; row < first.applies.size(); ++row) {
      if (first.applies[row] == 0 || second.applies[row] == 0) continue;
      both_apply = true;
      if (first.holds[row] != 0 && second.holds[row] != 0) return;
      a_holds |= first.holds[row] != 0;
      b_holds |= second.holds[row] != 0;
    }
  }
  if (both_apply && a_holds && b_holds)
    findings->add(severity_of(trial, Severity::error, Severity::warning), "contradiction",
                  a.expr.where,
                  "it and " + b.expr.where + " are never true together, on " + tried(trial) +
                      no_proof(trial));
}

// Of one offer, over all contexts tried.
struct OfferReach {
  bool is_reached = false;
  std::vector<std::size_t> n_failed;   // by rule
};

void run_context(const CompiledPolicy& policy, std::int64_t now, Trial* trial,
                 std::vector<OfferReach>* offers) {
  std::vector<std::uint8_t> eligible(trial->n_rows(), 1);
  for (std::size_t r = 0; r < policy.rules().size(); ++r) {
    const CompiledRuleOf& rule = policy.rules()[r];
    if (now < rule.rule->from || now >= rule.rule->to) continue;
    const RuleResult result = run_rule(rule, trial);
    for (std::size_t row = 0; row < eligible.size(); ++row) {
      if (result.applies[row] == 0 || result.holds[row] != 0) continue;
      eligible[row] = 0;
      ++(*offers)[row].n_failed[r];
    }
  }
  for (std::size_t row = 0; row < eligible.size(); ++row)
    (*offers)[row].is_reached |= eligible[row] != 0;
}

// A request may bring another value of the fact than the catalog's.
bool reads_what_a_request_sets(const CompiledPolicy& policy, const Program& program) {
  return std::any_of(program.facts.begin(), program.facts.end(), [&](std::uint32_t ordinal) {
    const Fact& fact = policy.facts()[ordinal];
    return fact.space == Namespace::candidate && fact.may_override;
  });
}

void report_unreached(const CompiledPolicy& policy, std::size_t row, const OfferReach& offer,
                      std::size_t n_contexts, Findings* findings) {
  Severity severity = Severity::warning;
  std::string blame = "; no rule fails in all of them, together they do";
  for (std::size_t r = 0; r < offer.n_failed.size(); ++r) {
    if (offer.n_failed[r] != n_contexts) continue;
    blame = "; " + policy.rules()[r].expr.where + " fails in all of them";
    if (!reads_what_a_request_sets(policy, policy.rules()[r].expr.program)) break;
    severity = Severity::note;
    blame += ", on facts that a request may override";
  }
  findings->add(severity, "unreachable", "catalog." + std::string(policy.catalog().ids[row]),
                "eligible in none of " + std::to_string(n_contexts) + " contexts tried" + blame);
}

}  // namespace

void check_each_rule(const CompiledPolicy& policy, std::int64_t now, Findings* findings) {
  for (const CompiledRuleOf& rule : policy.rules())
    if (rule.is_compiled()) check_rule(policy, rule, now, findings);
}

void check_rule_pairs(const CompiledPolicy& policy, std::int64_t now,
                      const pack::Progress& progress, Findings* findings) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  const auto& rules = policy.rules();
  for (std::size_t a = 0; a < rules.size(); ++a)
    for (std::size_t b = a + 1; b < rules.size(); ++b)
      if (rules[a].is_compiled() && rules[b].is_compiled() && share_a_fact(rules[a], rules[b]))
        pairs.emplace_back(a, b);
  if (pairs.size() > most_pairs)
    findings->add(Severity::note, "contradiction", "rules",
                  std::to_string(pairs.size()) + " pairs share a fact; the first " +
                      std::to_string(most_pairs) + " were held against each other");
  for (std::size_t i = 0; i < std::min(pairs.size(), most_pairs); ++i) {
    if (progress) progress("holding rules against each other", i, pairs.size());
    check_pair(policy, rules[pairs[i].first], rules[pairs[i].second], now, findings);
  }
}

void check_reach_of_offers(const CompiledPolicy& policy, std::int64_t now,
                           const pack::Progress& progress, Findings* findings) {
  if (policy.catalog().n_offers == 0 || policy.rules().empty() || !policy.is_all_compiled()) return;
  std::vector<const CompiledExpression*> read;
  for (const CompiledRuleOf& rule : policy.rules())
    for (const CompiledExpression* expression : expressions_of(rule)) read.push_back(expression);
  Trial trial = Trial::over_catalog(
      policy, critical_values(policy, read, now, Breadth::narrow), reach_contexts, now);
  std::vector<OfferReach> offers(trial.n_rows());
  for (OfferReach& offer : offers) offer.n_failed.assign(policy.rules().size(), 0);
  const auto is_reached = [](const OfferReach& offer) { return offer.is_reached; };
  std::size_t n_tried = 0;
  for (; n_tried < trial.n_contexts(); ++n_tried) {
    if (std::all_of(offers.begin(), offers.end(), is_reached)) return;
    if (progress)
      progress("looking for contexts that reach each offer", n_tried, trial.n_contexts());
    trial.set_context(n_tried);
    run_context(policy, now, &trial, &offers);
  }
  if (std::none_of(offers.begin(), offers.end(), is_reached)) {
    findings->add(severity_of(trial, Severity::error, Severity::warning), "nobody-eligible", "rules",
                  "no offer is eligible in any of " + std::to_string(n_tried) + " contexts tried" +
                      no_proof(trial));
    return;
  }
  for (std::size_t row = 0; row < offers.size(); ++row)
    if (!offers[row].is_reached)
      report_unreached(policy, row, offers[row], n_tried, findings);
}

}  // namespace guardrank::lint
