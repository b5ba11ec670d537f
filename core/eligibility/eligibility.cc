#include "core/eligibility/eligibility.h"

#include "core/expr/row_failures.h"

namespace guardrank {
namespace {

Status compile_rule(const Rule& rule, const FactTable& facts, Arena* arena, CompiledRule* compiled,
                    Error* error) {
  const Text<Error::max_part_bytes> where({"rules.", rule.id});
  GUARDRANK_TRY(compile_expression(rule.expr, where, facts, facts_only, ExprType::boolean, arena,
                                   &compiled->expr, error));
  compiled->has_when = !rule.when.empty();
  if (!compiled->has_when) return Status::ok;
  const Text<Error::max_part_bytes> where_when({"rules.", rule.id, ".when"});
  return compile_expression(rule.when, where_when, facts, facts_only, ExprType::boolean, arena,
                            &compiled->when, error);
}

Status check_validity(const Frame& frame, RowFailures* failures) {
  const Catalog* catalog = frame.request().catalog();
  if (catalog == nullptr) return Status::ok;
  const std::int64_t now = frame.request().time();
  for (std::uint32_t row = 0; row < frame.n_rows(); ++row) {
    const std::uint32_t offer = frame.request().catalog_row(frame.rows()[row]);
    if (offer == no_offer) continue;   // an unlisted offer has no dates
    const bool has_begun = catalog->valid_from.empty() || catalog->valid_from[offer] <= now;
    const bool has_ended = !catalog->valid_to.empty() && catalog->valid_to[offer] <= now;
    if (has_begun && !has_ended) continue;
    GUARDRANK_TRY(failures->add(row, {ReasonKind::validity, ReasonValue::is_false, 0}));
  }
  return Status::ok;
}

Status check_required(std::span<const std::uint32_t> required, Frame* frame,
                      RowFailures* failures) {
  for (const std::uint32_t fact : required) {
    Column column;
    GUARDRANK_TRY(frame->column(fact, &column));
    for (std::uint32_t row = 0; row < frame->n_rows(); ++row) {
      if (column.n_rows != 0 && column.is_present(column.row_of(row))) continue;
      GUARDRANK_TRY(failures->add(row, {ReasonKind::fact, ReasonValue::unknown, fact, fact}));
    }
  }
  return Status::ok;
}

Status find_required(const FactTable& facts, Arena* arena, std::span<const std::uint32_t>* found) {
  std::span<std::uint32_t> required;
  std::size_t n_required = 0;
  for (const Fact& fact : facts.facts()) n_required += fact.may_be_missing ? 0 : 1;
  GUARDRANK_TRY(arena->make(n_required, &required));
  *found = required;
  for (std::uint32_t i = facts.size(); n_required > 0; )
    if (!facts[--i].may_be_missing) required[--n_required] = i;
  return Status::ok;
}

// Memory for a rule's two results, shared by all rules.
struct RuleMemory {
  EvaluationMemory expr, when;
};

Status check_rule(const CompiledRule& rule, std::uint32_t ordinal, Frame* frame,
                  RuleMemory* memory, RowFailures* failures) {
  EvaluatedColumn when, holds;
  if (rule.has_when) {
    GUARDRANK_TRY(evaluate(rule.when, frame, &memory->when, &when));
    if (when.n_rows == 1 && is_false(when, 0)) return Status::ok;   // applies to nobody
  }
  GUARDRANK_TRY(evaluate(rule.expr, frame, &memory->expr, &holds));
  if (!rule.has_when && holds.n_rows == 1 && is_true(holds, 0)) return Status::ok;
  for (std::uint32_t row = 0; row < frame->n_rows(); ++row) {
    if (rule.has_when && is_false(when, row)) continue;
    if (rule.has_when && !is_true(when, row)) {
      GUARDRANK_TRY(failures->add(row, reason_of(ReasonKind::rule, ordinal, when, row)));
      continue;
    }
    if (!is_true(holds, row))
      GUARDRANK_TRY(failures->add(row, reason_of(ReasonKind::rule, ordinal, holds, row)));
  }
  return Status::ok;
}

}  // namespace

Status prepare_eligibility(const Policy& policy, const FactTable& facts, Arena* arena,
                           EligibilityPlan* plan, Error* error) {
  std::span<CompiledRule> rules;
  GUARDRANK_TRY(arena->make(policy.rules.size(), &rules));
  for (std::size_t i = 0; i < rules.size(); ++i)
    GUARDRANK_TRY(compile_rule(policy.rules[i], facts, arena, &rules[i], error));
  plan->policy = &policy;
  plan->rules = rules;
  return find_required(facts, arena, &plan->required);
}

Status apply_eligibility(const EligibilityPlan& plan, Frame* frame, ExclusionList* exclusions) {
  if (frame->n_rows() == 0) return Status::ok;
  RowFailures failures(frame);
  GUARDRANK_TRY(failures.open());
  GUARDRANK_TRY(check_validity(*frame, &failures));
  GUARDRANK_TRY(check_required(plan.required, frame, &failures));
  const std::int64_t now = frame->request().time();
  RuleMemory memory;
  for (std::uint32_t i = 0; i < plan.rules.size(); ++i) {
    const Rule& rule = plan.policy->rules[i];
    if (now < rule.from || now >= rule.to) continue;   // not in force
    frame->evaluated = {"rules.", rule.id};
    GUARDRANK_TRY(check_rule(plan.rules[i], i, frame, &memory, &failures));
  }
  std::span<const std::uint32_t> kept;
  return failures.apply(ExclusionStage::eligibility, exclusions, &kept);
}

}  // namespace guardrank
