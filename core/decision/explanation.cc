#include "core/decision/explanation.h"

#include <algorithm>
#include <new>

#include "core/base/math.h"
#include "core/decision/reason_text.h"

namespace guardrank {
namespace {

// What an applicant would be told.
std::string_view told(const Decision& decision, const Reason& reason) {
  const ReasonText text = describe(*decision.pipeline, reason);
  return text.adverse_action.empty() ? text.code : text.adverse_action;
}

}  // namespace

std::uint32_t PrincipalReasons::rank_of(std::uint32_t reason) const {
  for (std::uint32_t i = 0; i < count; ++i)
    if (reasons[i] == reason) return i + 1;
  return 0;
}

PrincipalReasons principal_reasons(const Decision& decision, const Exclusion& exclusion) {
  const std::span<const Reason> reasons = decision.exclusions->reasons(exclusion);
  PrincipalReasons chosen;
  for (const bool is_plain : {true, false}) {
    for (std::uint32_t i = 0; i < reasons.size() && chosen.count < max_principal_reasons; ++i) {
      if ((reasons[i].value == ReasonValue::is_false) != is_plain) continue;
      if (reasons[i].kind == ReasonKind::retrieval) continue;
      bool is_new = true;
      for (std::uint32_t j = 0; j < chosen.count; ++j)
        is_new &= told(decision, reasons[i]) != told(decision, reasons[chosen.reasons[j]]);
      if (is_new) chosen.reasons[chosen.count++] = i;
    }
  }
  return chosen;
}

Status Explanation::open_rules() {
  if (rules_.is_open) return Status::ok;
  GUARDRANK_TRY(rules_.frame.open(*decision_->request, arena_));
  GUARDRANK_TRY(arena_->make(decision_->pipeline->policy->rules.size(), &rules_.columns));
  rules_.is_open = true;
  return Status::ok;
}

Status Explanation::open_guardrails() {
  if (guardrails_.is_open) return Status::ok;
  const Pipeline& pipeline = *decision_->pipeline;
  const GuardrailInputs& inputs = decision_->guarded;
  GUARDRANK_TRY(guardrails_.frame.open(*decision_->request, arena_));
  GUARDRANK_TRY(guardrails_.frame.keep(inputs.candidates));   // at first a row is its candidate
  set_outcomes(pipeline.calibration, inputs.heads, &guardrails_.frame);
  GUARDRANK_TRY(arena_->make(pipeline.policy->guardrails.size(), &guardrails_.columns));
  guardrails_.is_open = true;
  return Status::ok;
}

Status Explanation::find_columns(Stage* stage, std::uint32_t index, std::string_view source,
                                 NamespaceSet allowed, const ThresholdColumns** columns) {
  if (stage->columns[index] == nullptr) {
    void* memory = arena_->allocate(sizeof(ThresholdColumns), alignof(ThresholdColumns));
    if (memory == nullptr) return Status::memory;
    auto* made = ::new (memory) ThresholdColumns;
    Thresholds thresholds;
    GUARDRANK_TRY(find_thresholds(source, *decision_->pipeline->facts, allowed, arena_,
                                  &thresholds));
    GUARDRANK_TRY(made->open(thresholds, &stage->frame));
    stage->columns[index] = made;
  }
  *columns = stage->columns[index];
  return Status::ok;
}

Status Explanation::change_at(std::uint32_t candidate, std::uint32_t guardrail,
                              ThresholdChange* change) {
  const FloatingPointEnvironment environment;
  const Policy& policy = *decision_->pipeline->policy;
  if (guardrail >= policy.guardrails.size()) return Status::argument;
  GUARDRANK_TRY(open_guardrails());
  const std::span<const std::uint32_t> rows = guardrails_.frame.rows();
  const auto found = std::lower_bound(rows.begin(), rows.end(), candidate);
  if (found == rows.end() || *found != candidate) return Status::internal;
  const ThresholdColumns* columns;
  GUARDRANK_TRY(find_columns(&guardrails_, guardrail, policy.guardrails[guardrail].expr,
                             facts_and_outcomes, &columns));
  *change = columns->nearest(static_cast<std::uint32_t>(found - rows.begin()));
  return Status::ok;
}

Status Explanation::change_of(const Exclusion& exclusion, const Reason& reason,
                              ThresholdChange* change) {
  *change = {};
  if (reason.value != ReasonValue::is_false) return Status::ok;
  if (reason.kind == ReasonKind::guardrail)
    return change_at(exclusion.candidate, reason.index, change);
  if (reason.kind != ReasonKind::rule) return Status::ok;
  const FloatingPointEnvironment environment;
  GUARDRANK_TRY(open_rules());
  const ThresholdColumns* columns;
  GUARDRANK_TRY(find_columns(&rules_, reason.index,
                             decision_->pipeline->policy->rules[reason.index].expr, facts_only,
                             &columns));
  *change = columns->nearest(exclusion.candidate);
  return Status::ok;
}

Status Explanation::change_of_guardrail(std::uint32_t row, std::uint32_t guardrail,
                                        ThresholdChange* change) {
  *change = {};
  return change_at(decision_->candidates[row], guardrail, change);
}

}  // namespace guardrank
