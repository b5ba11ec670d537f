#include "core/placement/placement.h"

#include "core/base/math.h"
#include "core/expr/row_failures.h"
#include "core/placement/value_groups.h"

namespace guardrank {
namespace {

using Where = Text<Error::max_part_bytes>;

Status compile_guardrails(const Policy& policy, const FactTable& facts, Arena* arena,
                          PlacementPlan* plan, Error* error) {
  std::span<Program> guardrails;
  GUARDRANK_TRY(arena->make(policy.guardrails.size(), &guardrails));
  for (std::size_t i = 0; i < guardrails.size(); ++i) {
    const Where where({"guardrails.", policy.guardrails[i].id});
    GUARDRANK_TRY(compile_expression(policy.guardrails[i].expr, where, facts, facts_and_outcomes,
                                     ExprType::boolean, arena, &guardrails[i], error));
  }
  plan->guardrails = guardrails;
  return Status::ok;
}

Status compile_mandates(const Policy& policy, const FactTable& facts, Arena* arena,
                        PlacementPlan* plan, Error* error) {
  std::span<CompiledMandate> mandated;
  GUARDRANK_TRY(arena->make(policy.mandated.size(), &mandated));
  for (std::size_t i = 0; i < mandated.size(); ++i) {
    mandated[i].has_when = !policy.mandated[i].when.empty();
    if (!mandated[i].has_when) continue;
    const Where where({"placement.mandated[", i, "].when"});
    GUARDRANK_TRY(compile_expression(policy.mandated[i].when, where, facts, facts_and_outcomes,
                                     ExprType::boolean, arena, &mandated[i].when, error));
  }
  plan->mandated = mandated;
  return Status::ok;
}

Status resolve_facts(const Policy& policy, const FactTable& facts, Arena* arena,
                     PlacementPlan* plan, Error* error) {
  std::span<std::uint32_t> caps, diversity;
  GUARDRANK_TRY(arena->make(policy.caps.size(), &caps));
  for (std::size_t i = 0; i < caps.size(); ++i)
    GUARDRANK_TRY(find_group(policy.caps[i].fact, Where({"placement.caps[", i, "].fact"}), facts,
                             &caps[i], error));
  GUARDRANK_TRY(arena->make(policy.diversity.facts.size(), &diversity));
  for (std::size_t i = 0; i < diversity.size(); ++i)
    GUARDRANK_TRY(find_group(policy.diversity.facts[i],
                             Where({"placement.diversity.facts[", i, "]"}), facts, &diversity[i],
                             error));
  plan->cap_facts = caps;
  plan->diversity_facts = diversity;
  return Status::ok;
}

// Written so that NaN is refused.
Status check_figures(const Policy& policy, Error* error) {
  const double lambda = policy.diversity.lambda;
  if (!(lambda >= 0 && lambda <= 1))
    return error->wanted(Status::verify, "placement.diversity.lambda", {"0 to 1"}, {lambda});
  const Exploration& exploration = policy.exploration;
  if (exploration.kind == ExplorationKind::epsilon &&
      !(exploration.epsilon >= 0 && exploration.epsilon <= 1))
    return error->wanted(Status::verify, "placement.exploration.epsilon", {"0 to 1"},
                         {exploration.epsilon});
  if (exploration.kind == ExplorationKind::plackett_luce &&
      !(exploration.temperature > 0 && is_finite(exploration.temperature)))
    return error->wanted(Status::verify, "placement.exploration.temperature", {"more than 0"},
                         {exploration.temperature});
  return Status::ok;
}

}  // namespace

Status find_group(std::string_view name, std::string_view where, const FactTable& facts,
                  std::uint32_t* ordinal, Error* error) {
  *ordinal = facts.find(Namespace::candidate, name);
  if (*ordinal == no_fact)
    return error->set(Status::name, where, {"no fact is called 'offer.", name, "'"});
  if (facts[*ordinal].is_protected)
    return error->set(Status::protected_fact, where,
                      {"'offer.", name, "' is protected: placement may not read it"});
  if (!can_group(facts[*ordinal].type))
    return error->wanted(Status::typecheck, where, {"a single value in 'offer.", name, "'"},
                         {fact_type_name(facts[*ordinal].type)});
  return Status::ok;
}

Status prepare_placement(const Policy& policy, const FactTable& facts, Arena* arena,
                         PlacementPlan* plan, Error* error) {
  plan->policy = &policy;
  GUARDRANK_TRY(check_figures(policy, error));
  GUARDRANK_TRY(compile_guardrails(policy, facts, arena, plan, error));
  GUARDRANK_TRY(compile_mandates(policy, facts, arena, plan, error));
  return resolve_facts(policy, facts, arena, plan, error);
}

Status apply_guardrails(const PlacementPlan& plan, Frame* frame, ExclusionList* exclusions,
                        std::span<const std::uint32_t>* kept) {
  RowFailures failures(frame);
  GUARDRANK_TRY(failures.open());
  EvaluationMemory memory;
  for (std::uint32_t i = 0; i < plan.guardrails.size() && frame->n_rows() > 0; ++i) {
    EvaluatedColumn holds;
    frame->evaluated = {"guardrails.", plan.policy->guardrails[i].id};
    GUARDRANK_TRY(evaluate(plan.guardrails[i], frame, &memory, &holds));
    if (holds.n_rows == 1 && is_true(holds, 0)) continue;
    for (std::uint32_t row = 0; row < frame->n_rows(); ++row)
      if (!is_true(holds, row))
        GUARDRANK_TRY(failures.add(row, reason_of(ReasonKind::guardrail, i, holds, row)));
  }
  return failures.apply(ExclusionStage::guardrail, exclusions, kept);
}

}  // namespace guardrank
