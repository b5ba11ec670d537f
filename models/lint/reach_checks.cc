#include "models/lint/reach_checks.h"

#include <algorithm>

#include "models/lint/condition.h"

namespace guardrank::lint {
namespace {

constexpr std::size_t reach_contexts = 4000, reach_rows = 512;

// Of one offer, over all contexts tried.
struct OfferReach {
  bool is_reached = false;
  std::vector<std::size_t> n_failed;   // by rule
};

void run_context(const std::vector<Condition>& rules, std::int64_t now, Trial* trial,
                 std::vector<OfferReach>* offers) {
  std::vector<std::uint8_t> eligible(trial->n_rows(), 1);
  for (std::size_t r = 0; r < rules.size(); ++r) {
    if (!rules[r].is_in_force(now)) continue;
    const ConditionResult result = run_condition(rules[r], trial);
    for (std::size_t row = 0; row < eligible.size(); ++row) {
      if (!result.fails(row)) continue;
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

bool all_hold(const std::vector<ConditionResult>& results, std::size_t row) {
  return std::none_of(results.begin(), results.end(),
                      [&](const ConditionResult& result) { return result.fails(row); });
}

bool is_somewhere_true(const std::vector<Condition>& conditions, Trial* trial) {
  for (std::size_t c = 0; c < trial->n_contexts(); ++c) {
    trial->set_context(c);
    std::vector<ConditionResult> results;
    for (const Condition& condition : conditions)
      results.push_back(run_condition(condition, trial));
    for (std::size_t row = 0; row < trial->n_rows(); ++row)
      if (all_hold(results, row)) return true;
  }
  return false;
}

}  // namespace

void check_all_together(const CompiledPolicy& policy, std::int64_t now, Findings* findings) {
  std::vector<Condition> conditions = conditions_of(policy);
  std::erase_if(conditions, [&](const Condition& one) { return !one.is_in_force(now); });
  if (conditions.size() < 3) return;   // fewer were held against each other
  Trial trial(policy, critical_values(policy, expressions_of(conditions), now), reach_contexts,
              reach_rows, now);
  if (trial.is_proof() && !is_somewhere_true(conditions, &trial))
    findings->add(Severity::error, "nobody-eligible", "rules",
                  "together with the guardrails they are true on none of " + tried(trial));
}

void check_reach_of_offers(const CompiledPolicy& policy, std::int64_t now,
                           const pack::Progress& progress, Findings* findings) {
  if (policy.catalog().n_offers == 0 || policy.rules().empty() || !policy.is_all_compiled()) return;
  const std::vector<Condition> rules = rules_of(policy);
  Trial trial = Trial::over_catalog(
      policy, critical_values(policy, expressions_of(rules), now, Breadth::narrow), reach_contexts,
      now);
  std::vector<OfferReach> offers(trial.n_rows());
  for (OfferReach& offer : offers) offer.n_failed.assign(policy.rules().size(), 0);
  const auto is_reached = [](const OfferReach& offer) { return offer.is_reached; };
  std::size_t n_tried = 0;
  for (; n_tried < trial.n_contexts(); ++n_tried) {
    if (std::all_of(offers.begin(), offers.end(), is_reached)) return;
    if (progress)
      progress("looking for contexts that reach each offer", n_tried, trial.n_contexts());
    trial.set_context(n_tried);
    run_context(rules, now, &trial, &offers);
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
