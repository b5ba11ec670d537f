// Hard rules: which candidates may be shown at all, and why the others may not.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/policy.h"
#include "core/expr/expression.h"
#include "core/frame/exclusion.h"

namespace guardrank {

struct CompiledRule {
  Program expr;
  Program when;
  bool has_when = false;
};

struct EligibilityPlan {
  const Policy* policy = nullptr;
  std::span<const CompiledRule> rules;       // as in the policy
  std::span<const std::uint32_t> required;   // facts that may not be missing
};

Status prepare_eligibility(const Policy& policy, const FactTable& facts, Arena* arena,
                           EligibilityPlan* plan, Error* error);

// Runs offer validity (catalog's valid_from <= now < valid_to), facts that may not be missing, and
// every rule in force at the request's time over the frame's rows, records all reasons of every
// excluded candidate, and keeps the eligible rows in the frame.
Status apply_eligibility(const EligibilityPlan& plan, Frame* frame, ExclusionList* exclusions);

}  // namespace guardrank
